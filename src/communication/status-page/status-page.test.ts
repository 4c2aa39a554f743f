import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { statusFiles } from './files.ts'
import { componentStates } from './model.ts'
import type { StatusEntry, StatusPage } from './model.ts'

const at = new Date('2026-11-24T03:00:00Z')
const entry = (more: Partial<StatusEntry> = {}): StatusEntry => ({
  id: 'status_1',
  kind: 'incident',
  title: 'Checkout is slow',
  from: null,
  to: null,
  openedAt: at,
  closedAt: null,
  posts: [{ id: '1', state: 'investigating', text: 'We look.', components: { Checkout: 'degraded' }, at }],
  ...more,
})
const pageOf = (entries: StatusEntry[], title = 'Example status'): StatusPage => ({
  title,
  url: 'https://status.example.com',
  components: [{ name: 'Checkout', description: null, state: 'degraded' }],
  entries,
  changedAt: at,
})

test('a component is as bad as the worst open entry says, a planned maintenance says nothing of now', () => {
  const later = {
    id: '2',
    state: 'identified',
    text: 'x',
    components: { Search: 'major-outage' },
    at,
  } as const
  const both = entry({ posts: [later, ...entry().posts] })
  const closed = entry({ closedAt: at, posts: [{ ...later, components: { Mail: 'major-outage' } }] })
  const planned = entry({
    kind: 'maintenance',
    posts: [{ ...later, state: 'scheduled', components: { Mail: 'maintenance' } }],
  })
  expect([...componentStates([both, closed, planned])]).toEqual([
    ['Checkout', 'degraded'],
    ['Search', 'major-outage'],
  ])
})

test('the page, both feeds and the JSON tell what was released', () => {
  const files = statusFiles(pageOf([entry()]))
  for (const name of ['index.html', 'atom.xml', 'rss.xml', 'status.json'])
    expect(files[name], name).toContain('Checkout is slow')
  expect(files['index.html']).toContain('<strong class="degraded">Degraded</strong>')
  expect(files['atom.xml']).toContain('<updated>2026-11-24T03:00:00.000Z</updated>')
  expect(files['rss.xml']).toContain('<pubDate>Tue, 24 Nov 2026 03:00:00 GMT</pubDate>')
})

const MARKUP =
  /<(?!\/?(?:!doctype html|html|head|meta|title|link|body|main|h1|h2|h3|p|section|ul|li|span|small|strong|article|ol|time|br|footer|a)\b)/i

test('no text is markup, whatever it is and wherever it stands', () => {
  const hostile = fc.oneof(
    fc.constantFrom(
      '<script>alert(1)</script>',
      '"><img src=x onerror=alert(1)>',
      "' onmouseover='x",
      ']]><evil/>',
      '\u202Egnp.exe',
      '\u0000\u0007\uFFFE',
      '&#60;b&#62;',
      'javascript:alert(1)',
    ),
    fc.string({ unit: 'binary', maxLength: 200 }),
  )
  fc.assert(
    fc.property(hostile, hostile, hostile, (title, text, name) => {
      const page = pageOf(
        [entry({ title, posts: [{ id: '1', state: 'resolved', text, components: {}, at }] })],
        name,
      )
      const files = statusFiles({ ...page, components: [{ name, description: text, state: 'operational' }] })
      const html = files['index.html'] ?? ''
      expect(html).not.toMatch(MARKUP)
      expect(html.replaceAll(/<[^>]*>/g, '')).not.toMatch(/[<>]/)
      // outside of quotes
      expect(html.replaceAll(/"[^"]*"/g, '""')).not.toMatch(/<[^>]*\son\w+=/i)
      for (const file of [html, files['atom.xml'] ?? '', files['rss.xml'] ?? '']) {
        // a fault in UTF-8 or a character that XML forbids breaks every reader
        expect(file.isWellFormed()).toBe(true)
        // oxlint-disable-next-line no-control-regex
        expect(file).not.toMatch(/[\u0000-\u0008\u000B-\u001F\u202A-\u202E\uFFFE\uFFFF]/)
        expect(file.replaceAll(/&(?:amp|lt|gt|quot|#39);/g, '')).not.toContain('&')
      }
    }),
    { numRuns: 15 },
  )
})
