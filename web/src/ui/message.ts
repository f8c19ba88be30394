import { ElMessage } from 'element-plus/es/components/message/index.mjs'
import { ElMessageBox } from 'element-plus/es/components/message-box/index.mjs'
import 'element-plus/theme-chalk/base.css'
import 'element-plus/theme-chalk/el-message.css'
import 'element-plus/theme-chalk/el-message-box.css'
import 'element-plus/theme-chalk/el-button.css'
import 'element-plus/theme-chalk/el-input.css'
import 'element-plus/theme-chalk/el-overlay.css'
import { h } from 'vue'
import { ApiError } from '../api/errors'
import { t } from '../i18n'

/** What an error means to the person, and what to do. */
export function sentenceOf(error: unknown): string {
  if (!(error instanceof ApiError)) return error instanceof Error ? error.message : String(error)
  if (error.code === 'queued') return t('records.queued')
  if (error.status === 0) return t('records.error_unreachable')
  if (error.status === 503) return t('records.error_busy', { n: error.retryAfter ?? 5 })
  const first = error.errors.map((one) => one.message).join(' ')
  const said = first && error.status === 422 ? first : error.message
  return error.status >= 500 && error.requestId ? `${said} ${t('records.error_request', { id: error.requestId })}` : said
}

export function complain(error: unknown): void {
  ElMessage({ type: 'error', message: sentenceOf(error), duration: 7000, showClose: true, grouping: true })
}

export function tell(message: string): void {
  ElMessage({ type: 'success', message, duration: 2500, grouping: true })
}

/** Say what was done and offer to take it back. */
export function tellWithUndo(message: string, undo: () => void): void {
  const shown = ElMessage({
    type: 'success',
    duration: 8000,
    showClose: true,
    message: h('span', [message, ' ', h('button', { class: 'link-button', onClick: () => { shown.close(); undo() } }, t('records.undo'))]),
  })
}

interface Asking {
  /** Yes loses something. */
  danger?: boolean
  /** The words of the other button. */
  no?: string
}

/**
 * Ask; true for yes. Where yes loses something, the other button has the focus, so that Enter loses nothing either.
 */
export async function confirmed(question: string, yes: string, { danger = false, no = t('records.cancel') }: Asking = {}): Promise<boolean> {
  // The box gives the focus to the button that it takes for the answer, and tells apart only that button, the other one
  // and every other way out. So the answer is No where Yes is a danger; the style sheet leaves both where they always are.
  const buttons = danger
    ? { confirmButtonText: no, confirmButtonType: '' as const, cancelButtonText: yes, cancelButtonType: 'danger' as const, customClass: 'reversed' }
    : { confirmButtonText: yes, cancelButtonText: no }
  const pressed: string = await ElMessageBox.confirm(question, { ...buttons, distinguishCancelAndClose: true, showClose: false }).catch((way: string) => way)
  return pressed === (danger ? 'cancel' : 'confirm')
}
