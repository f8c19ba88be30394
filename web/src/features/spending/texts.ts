import { defineTexts } from '../../i18n/define'

export default defineTexts({
  categories: ['费用类别', 'Expense categories'],
  policies: ['费用标准', 'Expense policies'],
  view_active: ['启用的', 'Active'],
  hint: ['离报销人最近的组织的标准优先；同一组织内，写明城市级别和角色的优先。没有填的表示不限。', 'The policy of the nearest unit holds; within a unit, the one that names city tier and role. An empty field means any.'],
  grade_keys: ['角色的标识：', 'Keys of the roles:'],
})
