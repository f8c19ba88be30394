import { createPinia, setActivePinia } from 'pinia'
import { expect, test, vi } from 'vitest'
import { createApp } from 'vue'
import { i18n, setLocale } from '../i18n'
import NotLoaded from './NotLoaded.vue'

const pages = import.meta.glob<string>('../**/*.vue', { eager: true, query: '?raw', import: 'default' })

test('what did not come is asked for again by a button beside the reason', () => {
  setLocale('zh-CN')
  setActivePinia(createPinia())
  const retried = vi.fn()
  const page = document.createElement('main')
  const app = createApp(NotLoaded, { error: new Error('没有连上'), onRetry: retried })
  app.use(i18n).mount(page)
  expect(page.textContent).toBe('没有连上 重试')
  page.querySelector('button')?.click()
  expect(retried).toHaveBeenCalledOnce()
  app.unmount()
})

test('a page that says why something did not come offers to ask for it again', () => {
  const dead = Object.entries(pages).filter(([, text]) => text.includes('{{ sentenceOf(') && !text.includes('records.retry'))
  expect(dead.map(([path]) => path)).toEqual([])
})
