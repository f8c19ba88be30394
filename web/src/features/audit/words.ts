import { i18n, t } from '../../i18n'

/** Words for what the log writes as `sign_in.failed`; undefined for unknown ones, which are shown as they are. */
export function word(prefix: string, value: unknown): string | undefined {
  const key = `audit.${prefix}_${String(value).replace('.', '-')}`
  return i18n.global.te(key) ? t(key) : undefined
}
