import { expect, test } from 'vitest'
import { mounted } from '../../test/mounted'
import { WORKDAYS } from './week'
import WorkingTime from './WorkingTime.vue'

const YEAR = new Date().getFullYear()
const RECORD = {
  timezone: 'Asia/Shanghai',
  hours: WORKDAYS.map((weekday) => ({ weekday, opens: '09:00', closes: '18:00' })),
  special_days: [
    { first_on: `${YEAR - 1}-01-01`, last_on: `${YEAR - 1}-01-01`, name: '去年元旦', as_weekday: null },
    { first_on: `${YEAR - 1}-12-31`, last_on: `${YEAR}-01-02`, name: '元旦', as_weekday: null },
  ],
}

test('a calendar says when its week is worked, in which time zone, and which days differ', async () => {
  const page = await mounted(WorkingTime, { record: RECORD })
  expect([...page.querySelectorAll('dt, dd')].map((one) => one.textContent)).toEqual(['周一至周五', '09:00–18:00', '周六至周日', '休息'])
  expect(page.textContent).toContain('Asia/Shanghai')
  expect(page.querySelector('ul')?.textContent).toContain('元旦')
  expect(page.querySelector('ul')?.textContent).not.toContain('去年元旦')
  expect(page.querySelector('details')?.textContent).toContain('往年的日期（1）')
  expect(page.querySelector('details')?.textContent).toContain('去年元旦')
})

test('a calendar whose weeks are all the same says so', async () => {
  const page = await mounted(WorkingTime, { record: { ...RECORD, special_days: [] } })
  expect(page.textContent).toContain('每周的工作时间都一样')
  expect(page.querySelector('details')).toBeNull()
})
