import { baseCompile } from '@intlify/message-compiler'
import { expect, test } from 'vitest'
import { messagesOf } from './index'
import { PAGES, SCREENS } from '../records/registry'
import type { Texts } from './define'

const modules = import.meta.glob<{ default: Texts }>('../**/texts.ts', { eager: true })
const sources = import.meta.glob<string>('../**/*.{vue,ts}', { eager: true, query: '?raw', import: 'default' })
const known = new Set(Object.entries(messagesOf(modules, 0)).flatMap(([area, texts]) => Object.keys(texts).map((name) => `${area}.${name}`)))

test('every text that the console asks for by name is there', () => {
  const missing = Object.entries(sources).flatMap(([path, text]) =>
    path.endsWith('.test.ts') ? [] : [...text.matchAll(/\bt\('([a-z_]+\.[\w-]+)'/g)].map((found) => found[1] as string).filter((key) => !known.has(key)).map((key) => `${path}: ${key}`),
  )
  expect(missing).toEqual([])
})

test('every screen and page is named, and so are its views, tabs and verbs', () => {
  const keys = [
    ...PAGES.map((page) => page.title),
    ...SCREENS.flatMap((screen) => [
      screen.title,
      ...(screen.views ?? []).map((view) => view.title),
      ...(screen.tabs ?? []).flatMap((tab) => tab.title ?? []),
      ...(screen.downloads ?? []).map((file) => file.title),
      ...Object.values(screen.verbs ?? {}).flatMap((verb) => [verb.title, verb.ask, ...Object.values(verb.nothing ?? {})].filter((key) => key !== undefined)),
    ]),
  ]
  expect(keys.filter((key) => !known.has(key))).toEqual([])
})

test('both languages are filled, and can be read by the translator', () => {
  const wrong = Object.entries(modules).flatMap(([path, module]) =>
    Object.entries(module.default).flatMap(([name, pair]) => pair.flatMap((text) => {
      const errors: string[] = []
      baseCompile(text, { onError: (error) => errors.push(error.message) })
      return text.trim() && !errors.length ? [] : [`${path} ${name}: ${errors.join(' ')}`]
    })),
  )
  expect(wrong).toEqual([])
})
