import { escapeMarkup } from './escape.ts'
import type { ComponentState, EntryState, StatusEntry, StatusPage } from './model.ts'

const WORDS: Record<ComponentState | EntryState, string> = {
  operational: 'Operational',
  maintenance: 'Under maintenance',
  degraded: 'Degraded',
  'partial-outage': 'Partial outage',
  'major-outage': 'Major outage',
  investigating: 'Investigating',
  identified: 'Identified',
  monitoring: 'Monitoring',
  resolved: 'Resolved',
  scheduled: 'Scheduled',
  'in-progress': 'In progress',
  cancelled: 'Cancelled',
  completed: 'Completed',
}
export const wordOf = (state: ComponentState | EntryState): string => WORDS[state]

/** The page: no script, no address that is not its own, all text escaped. */
export function renderStatusHtml(page: StatusPage): string {
  const open = page.entries.filter((entry) => entry.closedAt === null)
  const now = open.filter((entry) => entry.posts[0]?.state !== 'scheduled')
  const planned = open.filter((entry) => entry.posts[0]?.state === 'scheduled')
  const past = page.entries.filter((entry) => entry.closedAt !== null)
  const title = escapeMarkup(page.title)
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<link rel="stylesheet" href="style.css">
<link rel="alternate" type="application/atom+xml" title="${title}" href="atom.xml">
<link rel="alternate" type="application/rss+xml" title="${title}" href="rss.xml">
</head>
<body>
<main>
<h1>${title}</h1>
<p class="summary ${worstOf(page)}" role="status">${summaryOf(page, now)}</p>
${components(page)}${section('Now', now)}${section('Planned', planned)}${section('Past', past)}</main>
<footer><p>${page.changedAt === null ? 'Nothing was announced yet.' : `Last announcement: ${time(page.changedAt)}.`}
<a href="atom.xml">Atom</a> · <a href="rss.xml">RSS</a> · <a href="status.json">JSON</a></p></footer>
</body>
</html>
`
}

const worstOf = (page: StatusPage): ComponentState =>
  page.components.reduce<ComponentState>(
    (worst, { state }) => (RANK.indexOf(state) > RANK.indexOf(worst) ? state : worst),
    'operational',
  )
const RANK: readonly ComponentState[] = [
  'operational',
  'maintenance',
  'degraded',
  'partial-outage',
  'major-outage',
]

function summaryOf(page: StatusPage, now: readonly StatusEntry[]): string {
  if (now.length > 0) return now.map((entry) => escapeMarkup(entry.title)).join('; ')
  const worst = worstOf(page)
  return worst === 'operational' ? 'No disruption is announced.' : wordOf(worst)
}

function components({ components: all }: StatusPage): string {
  if (all.length === 0) return ''
  const rows = all.map(({ name, description, state }) => {
    const more = description === null ? '' : `<small>${escapeMarkup(description)}</small>`
    return `<li><span>${escapeMarkup(name)}${more}</span><strong class="${state}">${wordOf(state)}</strong></li>`
  })
  return `<section><h2>Components</h2>\n<ul class="components">\n${rows.join('\n')}\n</ul></section>\n`
}

function section(heading: string, entries: readonly StatusEntry[]): string {
  if (entries.length === 0) return ''
  return `<section><h2>${heading}</h2>\n${entries.map(article).join('\n')}\n</section>\n`
}

function article(entry: StatusEntry): string {
  const when =
    entry.from === null
      ? ''
      : `<p class="when">${time(entry.from)}${entry.to === null ? '' : ` to ${time(entry.to)}`}</p>`
  const posts = entry.posts.map(
    (post) =>
      `<li><p><strong>${wordOf(post.state)}</strong> ${time(post.at)}</p>${paragraphs(post.text)}</li>`,
  )
  return `<article id="${escapeMarkup(entry.id)}"><h3>${escapeMarkup(entry.title)}</h3>${when}
<ol>\n${posts.join('\n')}\n</ol></article>`
}

const paragraphs = (text: string): string =>
  text
    .trim()
    .split(/\n{2,}/)
    .map((part) => `<p>${escapeMarkup(part).replaceAll('\n', '<br>')}</p>`)
    .join('')

const time = (at: Date): string =>
  `<time datetime="${at.toISOString()}">${at.toISOString().slice(0, 16).replace('T', ' ')} UTC</time>`

export const STATUS_STYLE = `:root { color-scheme: light dark; --line: #8884; --good: #1a7f37; --warn: #9a6700; --bad: #cf222e; --calm: #0969da; }
@media (prefers-color-scheme: dark) { :root { --good: #3fb950; --warn: #d29922; --bad: #f85149; --calm: #58a6ff; } }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0; }
main, footer { max-width: 44rem; margin: 0 auto; padding: 0 1rem; overflow-wrap: anywhere; }
.summary { border: 1px solid var(--line); border-left: .4rem solid var(--good); padding: .75rem 1rem; border-radius: .3rem; font-weight: 600; }
.summary.degraded, .summary.partial-outage { border-left-color: var(--warn); }
.summary.major-outage { border-left-color: var(--bad); }
.summary.maintenance { border-left-color: var(--calm); }
.components { list-style: none; padding: 0; }
.components li { display: flex; justify-content: space-between; gap: 1rem; padding: .5rem 0; border-bottom: 1px solid var(--line); }
small { display: block; opacity: .8; }
.operational { color: var(--good); } .maintenance { color: var(--calm); }
.degraded, .partial-outage { color: var(--warn); } .major-outage { color: var(--bad); }
p.summary { color: inherit; }
article { border-bottom: 1px solid var(--line); padding-bottom: .5rem; }
ol { list-style: none; padding-left: .75rem; border-left: 2px solid var(--line); }
ol p { margin: .25rem 0; } time { opacity: .8; }
footer { padding-bottom: 2rem; }
`
