import { escapeMarkup } from './escape.ts'
import { wordOf } from './html.ts'
import type { StatusEntry, StatusPage, StatusPost } from './model.ts'

const MAX_ITEMS = 50

/** Every text that was released is one item; its id never changes. */
function itemsOf(page: StatusPage): { entry: StatusEntry; post: StatusPost }[] {
  return page.entries
    .flatMap((entry) => entry.posts.map((post) => ({ entry, post })))
    .toSorted((a, b) => Number(b.post.id) - Number(a.post.id))
    .slice(0, MAX_ITEMS)
}

const titleOf = (entry: StatusEntry, post: StatusPost): string =>
  escapeMarkup(`${wordOf(post.state)}: ${entry.title}`)
const idOf = (entry: StatusEntry, post: StatusPost): string =>
  escapeMarkup(`urn:erlmcp:status:${entry.id}:${post.id}`)

/** RFC 4287. */
export function renderAtom(page: StatusPage): string {
  const self = page.url === null ? '' : `<link rel="self" href="${escapeMarkup(`${page.url}/atom.xml`)}"/>\n`
  const items = itemsOf(page).map(
    ({ entry, post }) => `<entry>
<id>${idOf(entry, post)}</id>
<title>${titleOf(entry, post)}</title>
<updated>${post.at.toISOString()}</updated>
${linkOf(page, entry, (href) => `<link href="${href}"/>\n`)}<content type="text">${escapeMarkup(post.text)}</content>
</entry>
`,
  )
  return `<?xml version="1.0" encoding="utf-8"?>
<feed xmlns="http://www.w3.org/2005/Atom">
<id>urn:erlmcp:status</id>
<title>${escapeMarkup(page.title)}</title>
<author><name>${escapeMarkup(page.title)}</name></author>
<updated>${(page.changedAt ?? new Date(0)).toISOString()}</updated>
${self}${items.join('')}</feed>
`
}

/** RSS 2.0. */
export function renderRss(page: StatusPage): string {
  const items = itemsOf(page).map(
    ({ entry, post }) => `<item>
<guid isPermaLink="false">${idOf(entry, post)}</guid>
<title>${titleOf(entry, post)}</title>
<pubDate>${post.at.toUTCString()}</pubDate>
${linkOf(page, entry, (href) => `<link>${href}</link>\n`)}<description>${escapeMarkup(escapeMarkup(post.text))}</description>
</item>
`,
  )
  return `<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0">
<channel>
<title>${escapeMarkup(page.title)}</title>
<link>${escapeMarkup(page.url ?? 'about:blank')}</link>
<description>${escapeMarkup(page.title)}</description>
${items.join('')}</channel>
</rss>
`
}

const linkOf = (page: StatusPage, entry: StatusEntry, write: (href: string) => string): string =>
  page.url === null ? '' : write(escapeMarkup(`${page.url}/#${entry.id}`))
