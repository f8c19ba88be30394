import { expect, test, vi } from 'vitest'
import { mounted } from '../test/mounted'
import NotLoaded from './NotLoaded.vue'

const pages = import.meta.glob<string>('../**/*.vue', { eager: true, query: '?raw', import: 'default' })

test('what did not come is asked for again by a button beside the reason', async () => {
  const retried = vi.fn()
  const page = await mounted(NotLoaded, { error: new Error('没有连上'), onRetry: retried })
  expect(page.textContent).toBe('没有连上 重试')
  page.querySelector('button')?.click()
  expect(retried).toHaveBeenCalledOnce()
})

test('a page that says why something did not come offers to ask for it again', () => {
  const dead = Object.entries(pages).filter(([, text]) => text.includes('{{ sentenceOf(') && !text.includes('records.retry'))
  expect(dead.map(([path]) => path)).toEqual([])
})
