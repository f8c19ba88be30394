import { createPinia, setActivePinia } from 'pinia'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { setLocale } from '../../i18n'
import { displayOf } from '../../records/registry'
import { learn } from '../../records/references'
import type { Schema } from '../../records/types'
import { linesOf } from './detail'
import { word } from './words'

const HEIR = '01900000-0000-7000-8000-000000000001'
const UNIT = '01900000-0000-7000-8000-000000000002'
const lines = (detail: Record<string, unknown>, schema?: Schema): [string, string][] => linesOf(detail, schema).map(({ label, value }) => [label, value])
beforeEach(() => {
  setActivePinia(createPinia())
  setLocale('zh-CN')
  learn('user', [{ id: HEIR, display_name: '李娜' }])
  learn('org_unit', [{ id: UNIT, name: '销售一部' }])
})
afterEach(() => vi.unstubAllGlobals())

test('a handover says to whom, in words and names', () => {
  expect(lines({ to_user_id: HEIR, to_unit_id: UNIT, units: [UNIT] })).toEqual([['交接给', '李娜'], ['接手人的组织', '销售一部'], ['组织', '销售一部']])
})

test('reasons and ticks are words; what nobody has a word for stays as it is', () => {
  expect(lines({ reason: 'totp_wrong', must_change: true, prefix: 'bk_12', novel: 'x.y' })).toEqual([['原因', '验证码不对'], ['下次登录须改密码', '是'], ['密钥开头', 'bk_12'], ['novel', 'x.y']])
})

test('an export says which records were taken along, and by which fields', () => {
  const schema = { fields: [{ name: 'name', label: { zh: '名称', en: 'Name' }, type: 'text' }, { name: 'level', label: { zh: '级别', en: 'Level' }, type: 'choice', options: [{ value: 'A', label: { zh: '重点', en: 'Key' } }] }] } as unknown as Schema
  expect(lines({ format: 'xlsx', filter: { level__in: 'A', name__isnull: 'false' }, fields: ['name', 'level'], rows: 12 }, schema)).toEqual([['文件格式', 'XLSX'], ['条件', '级别 是 重点；名称 不为空'], ['字段', '名称、级别'], ['行数', '12']])
  expect(lines({ filter: {}, fields: ['name'] })).toEqual([['条件', '—'], ['字段', 'name']])
  expect(lines({ filter: { to: '2026-11-01', unit_id: UNIT, q: '榕' } })).toEqual([['条件', '截止月 等于 2026-11-01；组织 等于 销售一部；“榕”']])
})

test('an entry about an export names the action, and the list that was exported', () => {
  const entry = { action: 'export.finished', subject_type: 'export', subject_name: 'customers' }
  expect(['action', 'subject_type', 'subject_name'].map((name) => displayOf('audit-entries', entry, name))).toEqual(['导出记录', '导出', '客户'])
  expect(displayOf('audit-entries', { ...entry, subject_name: 'reports/funnel' }, 'subject_name')).toBe('报表 · funnel')
  expect(displayOf('audit-entries', { subject_type: 'user', subject_name: 'customers' }, 'subject_name')).toBeUndefined()
})

test('every action of the log has its word', () => {
  for (const action of ['sign_in.failed', 'user.handed_over', 'export.finished', 'dead_event.dropped']) expect(word('action', action)).toBeTruthy()
})
