import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['我的工作台', 'My desk'],
  hello: ['{name}，{date}', '{name}, {date}'],
  activities: ['我的事务', 'My activities'],
  approvals: ['待我审批', 'Waiting for my approval'],
  requests: ['我的服务请求', 'My requests'],
  churn_cases: ['需要关怀的客户', 'Customers that need care'],
  receivables: ['应收', 'Receivables'],
  funnel: ['我的漏斗', 'My funnel'],
  customers: ['最近的客户', 'Recent customers'],
  overdue: ['{n} 项超期', '{n} overdue'],
  none: ['都处理完了', 'All done'],
  none_customers: ['新建客户后显示在这里', 'Customers you create appear here'],
  due: ['{when} 到期', 'due {when}'],
  deals: ['{n} 个商机', '{n} deals'],
})
