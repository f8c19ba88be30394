import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['收款', 'Payments'],
  view_month: ['本月', 'This month'],
  allocation: ['核销', 'Allocation'],
  allocate_to: ['核销到应收', 'What it pays for'],
  pick_customer: ['选择客户后显示其未收的应收。', 'Choose the customer to see what is owed.'],
  nothing_owed: ['此客户没有{currency}未收款项，收款先挂账，之后可再核销。', 'Nothing is owed in {currency}: the payment is kept and can be allocated later.'],
  oldest_first: ['从最早到期的开始', 'Oldest first'],
  none: ['暂不核销', 'Allocate nothing'],
  order: ['订单号', 'Order'],
  due_on: ['到期日', 'Due'],
  outstanding: ['未收余额', 'Outstanding'],
  amount: ['本次核销', 'Allocate'],
  amount_of: ['核销到 {order} 的金额', 'Amount for {order}'],
  allocated: ['已核销', 'Allocated'],
  left: ['剩余挂账', 'Left to allocate'],
  too_much: ['超出收款金额 {amount}', '{amount} more than the payment'],
  over_owed: ['超出未收余额', 'More than is owed'],
  nothing_chosen: ['至少填写一笔金额', 'Enter an amount for one receivable at least'],
  not_allocated: ['尚未核销到任何应收。', 'Not allocated to any receivable yet.'],
  hidden: ['（无权查看）', '(out of sight)'],
})
