/** What is wrong with a row and with its parts, from messages by pointer: `/hours/3` and `/hours/3/closes`. */
export function messagesAt(errors: Record<string, string>, row: string): string[] {
  return Object.entries(errors).flatMap(([pointer, message]) => (pointer === row || pointer.startsWith(`${row}/`) ? [message] : []))
}
