import { QueryClient, VueQueryPlugin } from '@tanstack/vue-query'
import { createPinia } from 'pinia'
import { createApp } from 'vue'
import 'element-plus/theme-chalk/dark/css-vars.css'
import './style/base.css'
import { ApiError } from './api/errors'
import { setDoorway } from './api/client'
import App from './App.vue'
import { i18n, locale } from './i18n'
import { router } from './router'
import './session/appearance'
import { asOf, installShell } from './session/offline'
import { useSession } from './session/session'

const client = new QueryClient({
  defaultOptions: {
    queries: {
      staleTime: 15_000,
      // Without a line the service worker answers with what is known; the request must be made for that.
      networkMode: 'always',
      refetchOnReconnect: true,
      // The client has already repeated what is worth repeating.
      retry: (count, error) => count < 1 && error instanceof ApiError && error.status === 0,
    },
  },
})

const app = createApp(App).use(createPinia()).use(i18n)
const session = useSession()
setDoorway({ csrf: () => session.csrf, locale: () => locale.value, signInAgain: session.signInAgain })
app.use(VueQueryPlugin, { queryClient: client }).use(router)
// After a new release the old pieces are gone: one fresh load fetches the new ones.
window.addEventListener('vite:preloadError', () => { if (navigator.onLine && !asOf.value) location.reload() })
app.mount('#app')
installShell()
