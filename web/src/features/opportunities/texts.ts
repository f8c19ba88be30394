import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['销售机会', 'Opportunities'],
  view_open: ['进行中', 'Open'],
  view_won: ['已赢单', 'Won'],
  view_lost: ['已输单', 'Lost'],
  plan: ['开发计划', 'Development plan'],
  plan_empty: ['还没有待办，添加第一步。', 'No steps yet: add the first one.'],
  plan_due: ['日期', 'Due'],
  plan_todo: ['要做什么', 'What to do'],
  plan_result: ['结果', 'Result'],
  plan_add: ['添加', 'Add'],
  plan_result_of: ['“{todo}”的结果', 'Result of “{todo}”'],
  plan_remove: ['删除“{todo}”', 'Remove “{todo}”'],
  win_ask: ['恭喜！赢单后金额计入业绩。', 'Well done! The amount counts towards the results.'],
})
