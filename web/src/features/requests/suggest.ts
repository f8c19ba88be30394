import { get } from '../../api/client'
import { locale } from '../../i18n'
import type { Page } from '../../records/types'

export interface Suggestion { id: string; title: string; excerpt: string; category: string | null }

const WORDS = 5
const SHOWN = 4
const EVERYDAY = new Set(['the', 'and', 'for', 'not', 'can', 'how', 'what', 'why', 'with', 'have', 'has', 'was', 'are', 'you', 'your', 'our', 'this', 'that', '怎么', '如何', '什么', '为什么', '可以', '没有', '不能', '我们', '你们', '请问', '一个', '这个', '已经', '问题', '客户'])

/** The words of a sentence worth looking for, the longest first. */
export function words(text: string): string[] {
  const segments = new Intl.Segmenter(locale.value, { granularity: 'word' }).segment(text.slice(-400).toLowerCase())
  const found = [...segments].filter((one) => one.isWordLike).map((one) => one.segment)
  const telling = found.filter((word) => (/^[\u4e00-\u9fff]+$/.test(word) ? word.length > 1 : word.length > 2) && !EVERYDAY.has(word))
  return [...new Set(telling)].sort((a, b) => b.length - a.length).slice(0, WORDS)
}

/** Published articles that share words with a text; those that share most come first. */
export async function suggestions(text: string): Promise<Suggestion[]> {
  const pages = await Promise.all(words(text).map((q) => get<Page>('/articles', { q, status: 'published', limit: 10, fields: 'id,title,excerpt,category' })))
  const hits = new Map<string, { article: Suggestion; count: number }>()
  for (const page of pages) {
    for (const item of page.items) {
      const hit = hits.get(item.id) ?? { article: item as unknown as Suggestion, count: 0 }
      hits.set(item.id, { ...hit, count: hit.count + 1 })
    }
  }
  return [...hits.values()].sort((a, b) => b.count - a.count).slice(0, SHOWN).map((hit) => hit.article)
}
