import { strFromU8, unzipSync } from 'fflate'

export interface Preview {
  header: string[]
  rows: string[][]
}

const SHOWN = 4

/** The header and first lines of a CSV or XLSX file, to match its columns with. Throws for what is neither. */
export async function preview(file: File): Promise<Preview> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  const rows = bytes[0] === 0x50 && bytes[1] === 0x4b ? sheetRows(bytes) : csvRows(bytes)
  if (!rows[0]?.some((cell) => cell.trim())) throw new Error('empty')
  return { header: rows[0].map((cell) => cell.trim()).filter(Boolean), rows: rows.slice(1, SHOWN) }
}

/** As the server reads it: UTF-8 or GB 18030, separated by whichever of comma, semicolon and tab the header has most of. */
export function csvRows(bytes: Uint8Array): string[][] {
  let text: string
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(0, 65_536 > bytes.length ? bytes.length : lastLine(bytes)))
  } catch {
    text = new TextDecoder('gb18030').decode(bytes.subarray(0, 65_536))
  }
  const first = text.split('\n', 1)[0] ?? ''
  const separator = [',', ';', '\t'].reduce((best, one) => (first.split(one).length > first.split(best).length ? one : best), ',')
  const rows: string[][] = [[]]
  let cell = ''
  let quoted = false
  for (let at = 0; at < text.length && rows.length <= SHOWN + 1; at++) {
    const char = text[at] as string
    if (quoted) {
      if (char !== '"') cell += char
      else if (text[at + 1] === '"') { cell += '"'; at++ }
      else quoted = false
    } else if (char === '"') quoted = true
    else if (char === separator) { rows.at(-1)?.push(cell); cell = '' }
    else if (char === '\n') { rows.at(-1)?.push(cell.replace(/\r$/, '')); cell = ''; rows.push([]) }
    else cell += char
  }
  if (cell) rows.at(-1)?.push(cell)
  return rows.filter((row) => row.some((one) => one.trim()))
}

/** Cutting inside a character would make a good file look like bad UTF-8. */
function lastLine(bytes: Uint8Array): number {
  const end = bytes.lastIndexOf(10, 65_536)
  return end > 0 ? end : bytes.length
}

function sheetRows(bytes: Uint8Array): string[][] {
  const files = unzipSync(bytes, { filter: ({ name }) => name === 'xl/sharedStrings.xml' || /^xl\/worksheets\/sheet1?\.xml$/.test(name) })
  const parse = (name: string): Document | null => (files[name] ? new DOMParser().parseFromString(strFromU8(files[name]), 'application/xml') : null)
  const shared = [...(parse('xl/sharedStrings.xml')?.getElementsByTagName('si') ?? [])].map((one) => one.textContent ?? '')
  const sheet = parse('xl/worksheets/sheet1.xml') ?? parse('xl/worksheets/sheet.xml')
  if (!sheet) throw new Error('no sheet')
  return [...sheet.getElementsByTagName('row')].slice(0, SHOWN).map((row) => {
    const cells: string[] = []
    for (const cell of row.getElementsByTagName('c')) {
      const text = cell.getElementsByTagName('v')[0]?.textContent ?? cell.textContent ?? ''
      cells[columnOf(cell.getAttribute('r') ?? '')] = cell.getAttribute('t') === 's' ? (shared[Number(text)] ?? '') : text
    }
    return Array.from(cells, (cell) => cell ?? '')
  })
}

/** `C7` -> 2. */
export function columnOf(reference: string): number {
  let column = 0
  for (const letter of reference.replace(/\d+$/, '')) column = column * 26 + letter.charCodeAt(0) - 64
  return column - 1
}
