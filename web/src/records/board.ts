import type { BoardColumn } from './screen'

/** Whether conditions, as the list writes them, leave room for a value of a field. */
export function allows(query: Record<string, string>, field: string, value: string): boolean {
  const { [field]: only, [`${field}__in`]: among, [`${field}__ne`]: not } = query
  return (only === undefined || only === value) && (among === undefined || among.split(',').includes(value)) && not !== value
}

/** The columns with figures of the cards under them: one that the conditions exclude holds none, whatever was counted without them. */
export function narrowed(columns: BoardColumn[], by: string, query: Record<string, string>): BoardColumn[] {
  return columns.map((column) => (allows(query, by, column.value) ? column : { ...column, count: 0, sums: [] }))
}
