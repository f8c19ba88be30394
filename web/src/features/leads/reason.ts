import { ElMessageBox } from 'element-plus/es/components/message-box/index.mjs'
import { t } from '../../i18n'
import { ask } from '../../ui/unsaved'

/** Ask why a lead is given up. Raises when the person thinks better of it. */
export async function askReason(name: string): Promise<string> {
  try {
    const answer = await ElMessageBox.prompt(t('leads.reason_ask', { name }), {
      confirmButtonText: t('records.verb_discard'),
      cancelButtonText: t('records.cancel'),
      inputValidator: (value) => Boolean(value?.trim()) || t('leads.reason_needed'),
      beforeClose: (action, box, done) => {
        if (action === 'confirm' || !box.inputValue?.trim()) return done()
        void ask().then((agreed) => { if (agreed) done() })
      },
    })
    return (answer as unknown as { value: string }).value.trim()
  } catch {
    throw new Error(t('leads.not_discarded'))
  }
}
