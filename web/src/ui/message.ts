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

/** Ask; true for yes. */
export async function confirmed(question: string, yes: string, danger = false): Promise<boolean> {
  try {
    await ElMessageBox.confirm(question, { confirmButtonText: yes, cancelButtonText: t('records.cancel'), confirmButtonClass: danger ? 'el-button--danger' : '', autofocus: true, showClose: false })
    return true
  } catch {
    return false
  }
}
