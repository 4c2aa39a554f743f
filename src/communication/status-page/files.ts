import { renderAtom, renderRss } from './feeds.ts'
import { renderStatusHtml, STATUS_STYLE } from './html.ts'
import type { StatusPage } from './model.ts'

/** The whole page as files that any web server can hand out, by name. */
export const statusFiles = (page: StatusPage): Record<string, string> => ({
  'index.html': renderStatusHtml(page),
  'style.css': STATUS_STYLE,
  'atom.xml': renderAtom(page),
  'rss.xml': renderRss(page),
  'status.json': `${JSON.stringify(page, null, 2)}\n`,
})
