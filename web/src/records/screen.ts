import type { Component } from 'vue'
import type { RecordRow } from './types'

export const AREAS = ['desk', 'customers', 'sales', 'service', 'expenses', 'approvals', 'insight', 'settings'] as const
export type Area = (typeof AREAS)[number]

type Lazy = () => Promise<{ default: Component }>

/** What stands for a value: a text, or a text that speaks in a colour; `late` is red text without a tag. */
export type Shown = string | { text: string; tone?: 'good' | 'warn' | 'bad' | 'info' | 'late' }

/** A list that hangs on a record: its rows are those whose `by` is the record's id. */
export interface RelatedTab {
  collection: string
  by: string
  columns: string[]
  /** Sent along with `by`: `{ status: 'open' }`. */
  filter?: Record<string, string>
  /** Key of its text where it is not what the collection is called. */
  title?: string
}

/** A tab drawn by a component, which gets `record`. `title` is a text's key. */
export interface OwnTab {
  name: string
  title: string
  component: Lazy
  /** It is there for who has this permission; for everybody when left out. */
  permission?: string
}

/** An entry in the record's menu that gets a file about it. */
export interface Download {
  /** Key of its text. */
  title: string
  /** Behind `/api/v1`. */
  path: (record: RecordRow) => string
}

/** What a verb's form needs beyond the fields that the API describes. */
export interface VerbSetup {
  /** Key of the text on the button; `records.verb_<name>` when left out. */
  title?: string
  tone?: 'primary' | 'danger'
  /** Key of a sentence shown above the form, or asked where there is no form. */
  ask?: string
  /** Draws the whole form; gets `record`, emits `submit(body)` and `cancel`. */
  form?: Lazy
  /** Fields of the body that `form` shows the errors of; those of all others stand above it. */
  shows?: string[]
  /** First values of the form. */
  start?: (record: RecordRow) => Record<string, unknown>
  /** Fields that the form leaves out. */
  hidden?: string[]
  /** What null is called where it is an answer, by field: keys of texts, such as “back to the pool” for an owner. */
  nothing?: Record<string, string>
  /** Collections whose records change along. */
  touches?: string[]
  /** For menus only: the verb is not among the buttons. */
  menu?: boolean
  /** Options of a text field that only the record knows. */
  options?: Record<string, (record: RecordRow) => Promise<{ value: string; label: string }[]>>
}

/** One of the boards of a list that has several, such as that of one pipeline. */
export interface BoardPart {
  id: string
  name: string
}

export interface BoardColumn {
  value: string
  label: string
  /** The board that it stands on, where there are several. */
  of?: BoardPart
  count?: number
  /** Null where they are closed to the reader. */
  sums?: { amount: string; currency: string }[] | null
}

export interface BoardSetup {
  /** The field that a column stands for. */
  by: string
  /** The field whose every value has a board of its own, chosen above it; `name`: what one is called among all of them. */
  apart?: { field: string; name: (one: BoardPart, all: BoardPart[]) => string }
  /** Filters of every card on the board. */
  filter?: Record<string, string>
  sort?: string
  /** The columns with the server's counts and sums under the list's filters; of several boards the usual one's first. */
  columns: (filters: Record<string, string>) => Promise<BoardColumn[]>
  /** How a card changes columns. */
  move: (record: RecordRow, to: string) => Promise<unknown>
  /** Fields on a card below its title. */
  card: string[]
}

export interface PresetView {
  name: string
  /** Key of its text. */
  title: string
  query: Record<string, string> | ((today: Date) => Record<string, string>)
  /** The view is there for whoever sees the values of this field. */
  needs?: string
}

export interface Screen {
  /** First segment of the path, in the API and in the browser. */
  collection: string
  resource: string
  area: Area
  icon: Component
  /** Key of the text in the navigation. */
  title: string
  /** Position inside its area; 50 unless told. */
  order?: number
  /** Not in the navigation: reached from other records only. */
  hidden?: boolean
  /** The field that names a record. */
  titleField?: string
  /** The name of a record where it is not one field; `from` are the fields it is made of. */
  naming?: { from: string[]; title: (record: Record<string, unknown>) => string }
  /** The field whose value is the tag beside the title. */
  statusField?: string
  columns: string[]
  keyFields?: string[]
  views?: PresetView[]
  /** Conditions of the list that are about no field: key of what each is called, by name. */
  conditions?: Record<string, string>
  tabs?: (RelatedTab | OwnTab)[]
  verbs?: Record<string, VerbSetup>
  downloads?: Download[]
  board?: BoardSetup
  form?: {
    /** Shown at once, after the required ones. */
    first?: string[]
    hidden?: string[]
    /** Own inputs for single fields; each gets `field, modelValue, values, record` and `errors` by pointer. */
    inputs?: Record<string, Lazy>
    /** Drawn under the form while creating; gets `values`, `record` and `errors` by pointer. */
    beside?: Lazy
    /** `beside` is there while editing too. */
    besideEdit?: boolean
    /** What `beside` adds belongs to a new record: saving waits until it has emitted `waiting` false. */
    besideCounts?: boolean
    start?: (given: Record<string, unknown>) => Record<string, unknown>
  }
  /** Fields that are the machine's business: never shown, in no list of columns. */
  internal?: string[]
  /** What to show for a value, or for none, that only the surroundings can name; undefined: the value itself. */
  display?: Record<string, (value: unknown, record: Record<string, unknown>) => Shown | undefined>
  /** Parts that a record of this kind does not have; `create`: a new one is made elsewhere. */
  without?: ('files' | 'history' | 'create')[]
  /** Secrets in answers to creation and verbs: shown once and kept nowhere. Field by key of the sentence above it. */
  once?: Record<string, string>
  /** A new record may be written without a line: it is kept on the device and sent when the line is back. */
  offline?: boolean
  /** Replaces the list; the address stays. For pages that are no list. */
  page?: Lazy
  /** Replaces the record's page; gets `collection` and `id`. */
  record?: Lazy
}

/** A page of its own in the navigation, without a collection. */
export interface Page {
  /** May hold parameters, `/plans/:id`; the component gets them as properties. */
  path: string
  area: Area
  icon: Component
  title: string
  order?: number
  /** Not in the navigation: reached from other pages only. */
  hidden?: boolean
  /** Shown when the person has this permission; always when left out. */
  permission?: string
  component: Lazy
}

export function defineScreen(screen: Screen): Screen {
  return screen
}

export function definePage(page: Page): Page {
  return page
}
