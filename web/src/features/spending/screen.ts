import { Collection, Odometer } from '@element-plus/icons-vue'
import { get } from '../../api/client'
import { shallowReactive } from 'vue'
import { defineScreen } from '../../records/screen'
import { useSession } from '../../session/session'
import { locale } from '../../i18n'

interface Role { key: string; name: string; name_en: string | null }

/** Role names by key; asked once, and only by people who may read roles. */
const roles = shallowReactive(new Map<string, Role>())
let asked = false

function roleName(value: unknown): string | undefined {
  if (!asked && useSession().may('role:read')) {
    asked = true
    void get<{ items: Role[] }>('/roles', { limit: 200 }).then((page) => page.items.forEach((role) => roles.set(role.key, role)), () => (asked = false))
  }
  const role = roles.get(String(value))
  return role && (locale.value === 'en' ? role.name_en || role.name : role.name)
}

export default [
  defineScreen({
    collection: 'expense-categories', resource: 'expense_category', area: 'expenses', icon: Collection, title: 'spending.categories', order: 80,
    columns: ['code', 'name', 'name_en', 'active', 'unit_id'],
    keyFields: ['code', 'name_en', 'active', 'unit_id'],
    views: [{ name: 'active', title: 'spending.view_active', query: { active: 'true' } }],
    tabs: [{ collection: 'expense-policies', by: 'category_id', columns: ['city_tier', 'grade', 'limit_per_day', 'unit_id'] }],
    form: { first: ['code', 'name', 'name_en', 'active'], start: () => ({ active: true }) },
  }),
  defineScreen({
    collection: 'expense-policies', resource: 'expense_policy', area: 'expenses', icon: Odometer, title: 'spending.policies', order: 90,
    columns: ['category_id', 'city_tier', 'grade', 'limit_per_day', 'unit_id', 'updated_at'],
    keyFields: ['category_id', 'city_tier', 'grade', 'limit_per_day', 'unit_id'],
    display: { grade: roleName },
    form: { first: ['category_id', 'city_tier', 'grade', 'limit_per_day', 'unit_id'], beside: () => import('./PolicyHint.vue') },
  }),
]
