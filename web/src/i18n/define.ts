/** A feature's texts, both languages side by side: a text without its translation does not compile. */
export type Texts = Record<string, readonly [zh: string, en: string]>

export function defineTexts<T extends Texts>(texts: T): T {
  return texts
}
