import { expect, test } from 'vitest'
import { mounted } from '../../test/mounted'
import DeskBlock from './DeskBlock.vue'

async function shown(of: { total?: number; pending?: boolean }): Promise<string> {
  const page = await mounted(DeskBlock, { title: '客户', none: '没有', to: '/customers', ...of })
  return [...page.querySelectorAll('h2, header > span, a')].map((one) => one.textContent?.trim()).filter(Boolean).join(' | ')
}

test.each([
  ['how many there are, and all of them', { total: 34 }, '客户 34 | 全部'],
  ['all of them, however many there are', {}, '客户 | 全部'],
  ['that there is nothing', { total: 0 }, '客户 | ✓ 没有'],
  ['nothing yet while it is being asked', { pending: true }, '客户'],
])('a block says %s', async (_what, of, words) => expect(await shown(of)).toBe(words))
