import { defineTexts } from '../../i18n/define'

export default defineTexts({
  title: ['邮件投递', 'Deliveries'],
  view_failed: ['失败与未知', 'Failed or unknown'],
  view_pending: ['待发送', 'Waiting'],
  retry_ask: ['马上再发一次。状态“未知”的邮件可能已经送达过。', 'It is sent again now. One whose state is unknown may have arrived already.'],
})
