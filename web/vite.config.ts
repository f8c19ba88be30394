import vue from '@vitejs/plugin-vue'
import { ElementPlusResolver } from 'unplugin-vue-components/resolvers'
import Components from 'unplugin-vue-components/vite'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath, URL } from 'node:url'
import type { Plugin } from 'vite'
import { defineConfig } from 'vitest/config'

const backend = process.env.BANYAN_API ?? 'http://127.0.0.1:8080'

/** `release.json` lists the pieces of a build, for the service worker to keep them: those that were written, because
 *  vite takes out the scripts that would only load a style sheet. */
const release: Plugin = {
  name: 'release',
  writeBundle({ dir }, bundle) {
    const pieces = Object.keys(bundle).filter((name) => name.startsWith('assets/')).map((name) => `/${name}`).sort()
    writeFileSync(join(dir ?? '.', 'release.json'), JSON.stringify(pieces))
  },
}

export default defineConfig({
  // Several servers on one checkout must not invalidate each other's.
  cacheDir: process.env.BANYAN_VITE_CACHE,
  plugins: [
    vue(),
    release,
    Components({ dirs: [], dts: 'src/components.d.ts', resolvers: [ElementPlusResolver({ importStyle: 'css' })] }),
  ],
  resolve: { alias: { '@': fileURLToPath(new URL('./src', import.meta.url)) } },
  define: { __VUE_I18N_LEGACY_API__: false, __VUE_I18N_FULL_INSTALL__: false, __INTLIFY_PROD_DEVTOOLS__: false },
  build: {
    outDir: 'crm_web/dist', emptyOutDir: true, target: 'es2022', sourcemap: false, chunkSizeWarningLimit: 700,
    // What every page needs is one piece, and so is what every list needs: dozens of small ones would each cost a round trip.
    rolldownOptions: { output: { codeSplitting: { groups: [
      { name: 'shell', tags: ['$initial'], priority: 2 },
      { name: 'records', test: /[\\/]shell[\\/]CollectionPage\.vue$/, priority: 1 },
    ] } } },
  },
  preview: { host: '127.0.0.1', proxy: { '/api/': { target: backend, changeOrigin: false } } },
  server: { host: '127.0.0.1', port: 5173, proxy: { '/api/': { target: backend, changeOrigin: false } } },
  test: {
    environment: 'happy-dom', include: ['src/**/*.test.ts'],
    // Node does not read the style sheets that come with Element Plus's parts.
    alias: [{ find: /^element-plus\/es\/components\/.+\/style\/css$/, replacement: fileURLToPath(new URL('./src/no-styles.ts', import.meta.url)) }],
  },
})
