import { describe, expect, it } from 'vitest'
import { markupOf } from './markup'

// That nothing harmful is left is a matter of a real browser: tests/browser sees to it.
describe('the body of an article', () => {
  it('leaves HTML as it is', () => {
    expect(markupOf('<p>a * b</p><pre>x\n\ny</pre>')).toBe('<p>a * b</p><pre>x\n\ny</pre>')
  })

  it('reads Markdown that the server escaped', () => {
    const html = markupOf('## Steps\n\n- one\n- two\n\n&gt; mind this')
    expect(html).toMatch(/<h2>Steps<\/h2>/)
    expect(html).toContain('<blockquote>')
    expect(html).toContain('<li>two</li>')
  })

  it('escapes code once, not twice', () => {
    expect(markupOf('`a &lt; b &amp;&amp; c`')).toContain('a &lt; b &amp;&amp; c')
  })
})
