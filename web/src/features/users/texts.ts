import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['用户', 'Users'],
  view_active: ['在用', 'Active'],
  view_never: ['从未登录', 'Never signed in'],
  view_gone: ['已停用', 'Deactivated'],
  deactivate_ask: ['停用后立即退出所有登录，不能再登录。名下未完成的工作请先用“交接”转给同事。', 'All sessions end at once and nobody can sign in with this name. Hand over what is open to a colleague first.'],
  handover_ask: ['此人名下未完成的客户、商机、订单、请求、事务都转给接手人；历史记录不变。', 'Every open customer, deal, order, request and activity of this person goes to the successor; the past stays as it is.'],
  reset_hint: ['留空则由系统生成一个密码，只显示一次。对方的所有登录立即退出，下次登录时须改密码。', 'Leave it empty and one is made up, shown only once. Every session ends now, and the password must be changed at the next sign-in.'],
  reset_new: ['新密码（可留空）', 'New password (may be empty)'],
  reset: ['重置密码', 'Reset the password'],
  second_factor_ask: ['手机遗失或更换时使用。对方的所有登录立即退出，此后仅凭密码即可登录，直到本人重新设置两步验证。请先确认是本人提出的。', 'For a lost or changed phone. Every session ends now, and the password alone opens the door until the user sets up a new second step. Make sure first that it is they who ask.'],
  password_once: ['只显示这一次，请现在交给本人。首次登录时须修改。', 'Shown this once only: pass it on now. It must be changed at the first sign-in.'],
})
