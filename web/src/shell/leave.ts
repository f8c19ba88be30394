import { t } from '../i18n'
import { flush, waiting } from '../session/outbox'
import { useSession } from '../session/session'
import { complain, confirmed } from '../ui/message'
import { giveUpAll, holdAgain } from '../ui/unsaved'

/** Sign out, after what waits on this device was sent or given up knowingly, and what is typed was given up too. */
export async function leave(): Promise<void> {
  try {
    await flush()
    const left = waiting.value.length
    if (left && !(await confirmed(t('shell.outbox_leave_ask', { n: left }), t('shell.sign_out'), { danger: true }))) return
    if (await giveUpAll()) await useSession().signOut()
  } catch (error) {
    holdAgain()
    complain(error)
  }
}
