import DOMPurify from 'dompurify'
import { marked } from 'marked'

const HTML = /^\s*<(p|h[1-6]|ul|ol|pre|blockquote|table|div|hr|section|article|img|figure)[\s>]/i
const ENTITIES: Record<string, string> = { '&lt;': '<', '&gt;': '>', '&nbsp;': ' ', '&amp;': '&' }

/**
 * An article's body as HTML, not yet safe to show. Bodies are HTML or Markdown; the server escapes Markdown's own signs
 * (`>`, `<`, `&`) as HTML wants it, so they are taken back before it is read as Markdown.
 */
export function markupOf(body: string): string {
  if (HTML.test(body)) return body
  return marked.parse(body.replace(/&(lt|gt|nbsp|amp);/g, (entity) => ENTITIES[entity] ?? entity), { async: false, gfm: true, breaks: true })
}

/** An article's body as HTML that is safe to show; its links open beside the console. */
export function htmlOf(body: string): string {
  const clean = DOMPurify.sanitize(markupOf(body), { USE_PROFILES: { html: true }, FORBID_TAGS: ['style', 'form', 'input', 'button'], FORBID_ATTR: ['style', 'id', 'class'] })
  const page = new DOMParser().parseFromString(clean, 'text/html')
  for (const link of page.querySelectorAll('a[href]')) {
    link.setAttribute('target', '_blank')
    link.setAttribute('rel', 'noopener noreferrer nofollow')
  }
  return page.body.innerHTML
}
