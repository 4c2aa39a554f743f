/** Alert to procedure: by the link the alert carries, by its name, by a heading. Nothing is guessed. */
import { headingNames } from './alert-names.ts'
import type { Procedure, Runbook } from './model.ts'
import { githubSlug } from './slug.ts'

export interface MatchPage {
  path: string
  runbook: Runbook
}

export interface MatchAlert {
  labels: Record<string, string>
  annotations: Record<string, string>
}

/**
 * `anchor`: the link names page and anchor. `page`: the link names a page with one procedure, or the one that
 * has the alert's name. `alert-name`: the page states the name. `file`: the file is named after it.
 * `heading`: a heading is.
 */
export type MatchHow = 'anchor' | 'page' | 'alert-name' | 'file' | 'heading'

export interface ProcedureMatch {
  path: string
  procedureId: string
  how: MatchHow
  /** The words that bound it: the link, or the name. */
  by: string
}

export const MATCH_PROBLEMS = ['template', 'page-not-found', 'dead-anchor', 'ambiguous', 'no-page'] as const
export interface MatchProblem {
  problem: (typeof MATCH_PROBLEMS)[number]
  message: string
  /** The annotation, `null` where none is at fault. */
  annotation: string | null
}

export interface MatchResult {
  match: ProcedureMatch | null
  /** Why a link was not followed, or several pages claim the alert. Also given beside a match. */
  problems: MatchProblem[]
}

const LINKS = ['runbook_url', 'runbook', 'runbookUrl', 'runbook_link']

/** The procedure for an alert, or `null`. `explainMatch` says why. */
export function matchProcedure(pages: readonly MatchPage[], alert: MatchAlert): ProcedureMatch | null {
  return explainMatch(pages, alert).match
}

export function explainMatch(pages: readonly MatchPage[], alert: MatchAlert): MatchResult {
  const problems: MatchProblem[] = []
  const name = alert.labels['alertname'] ?? ''
  for (const annotation of LINKS) {
    const link = (alert.annotations[annotation] ?? '').trim()
    if (link === '') continue
    const match = followLink(pages, link, name, annotation, problems)
    if (match !== null) return { match, problems }
  }
  const match = name === '' ? null : byName(pages, name, problems)
  if (match === null) {
    problems.push({
      problem: 'no-page',
      annotation: null,
      message: name === '' ? 'The alert has no alertname label' : `No page is for ${name}`,
    })
  }
  return { match, problems }
}

const isTemplate = (link: string): boolean => /\{\{|\}\}|\$labels\b|\$\{/.test(link)

function followLink(
  pages: readonly MatchPage[],
  link: string,
  name: string,
  annotation: string,
  problems: MatchProblem[],
): ProcedureMatch | null {
  if (isTemplate(link)) {
    const message = `"${link}" still holds a template; Prometheus fills annotations in only when the alert fires`
    problems.push({ problem: 'template', annotation, message })
    return null
  }
  const { path, anchor } = splitLink(link)
  const found = pagesAt(pages, path)
  if (found.length === 0) {
    const own = anchor === '' ? onlyProcedureId(pages, path) : null
    if (own !== null) return { ...own, how: 'anchor', by: link }
    problems.push({ problem: 'page-not-found', annotation, message: `"${link}" leads to none of the pages` })
    return null
  }
  const at = found.flatMap((page) => page.runbook.procedures.map((procedure) => ({ page, procedure })))
  if (anchor !== '') {
    const hit = at.find(({ procedure }) => hasAnchor(procedure, anchor)) ?? enclosing(found, anchor)
    if (hit !== null && hit !== undefined)
      return { path: hit.page.path, procedureId: hit.procedure.id, how: 'anchor', by: link }
    problems.push({
      problem: 'dead-anchor',
      annotation,
      message: `"${link}": the page has no heading or id "${anchor}"`,
    })
  }
  const named = at.find(({ procedure }) => hasName(procedure, name))
  const only = at.length === 1 ? at[0] : undefined
  const hit = named ?? only
  return hit === undefined
    ? null
    : { path: hit.page.path, procedureId: hit.procedure.id, how: 'page', by: link }
}

/** `https://host/team/blob/main/docs/db.md?plain=1#Pool` to path segments and anchor, lower case and decoded. */
export function splitLink(link: string): { path: string; anchor: string } {
  const hash = link.indexOf('#')
  const before = hash === -1 ? link : link.slice(0, hash)
  const path = decoded(before.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, '').replace(/\?.*$/, ''))
  const anchor = hash === -1 ? '' : decoded(link.slice(hash + 1))
  return {
    path: path.toLowerCase().replace(/^\/+|\/+$/g, ''),
    anchor: anchor.toLowerCase().replace(/^user-content-/, ''),
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** The page's path without the endings that sites drop: `.md`, `.html.md.erb`, `/index`, `/README`. */
const bare = (path: string): string =>
  path
    .toLowerCase()
    .replace(/\.erb$/, '')
    .replace(/\.(?:md|markdown|mdx)$/, '')
    .replace(/\.html?$/, '')
    .replace(/\/(?:index|readme|_index)$/, '')

/** The pages whose path ends the link's path, or the other way round; the longest common end wins. */
function pagesAt(pages: readonly MatchPage[], linkPath: string): MatchPage[] {
  const wanted = bare(linkPath)
    .split('/')
    .filter((part) => part !== '')
  if (wanted.length === 0) return []
  let best = 0
  let found: MatchPage[] = []
  for (const page of pages) {
    const have = bare(page.path.replaceAll('\\', '/'))
      .split('/')
      .filter((part) => part !== '' && part !== '.')
    const common = commonEnd(wanted, have)
    if (common === 0 || common < best) continue
    if (common > best) found = []
    best = common
    found.push(page)
  }
  return found
}

function commonEnd(a: string[], b: string[]): number {
  let count = 0
  while (count < Math.min(a.length, b.length) && a[a.length - 1 - count] === b[b.length - 1 - count])
    count += 1
  return count
}

/** `…/runbooks/high-error-rate`: sites that publish procedures one by one end in the procedure's id. */
function onlyProcedureId(
  pages: readonly MatchPage[],
  path: string,
): Pick<ProcedureMatch, 'path' | 'procedureId'> | null {
  const last = bare(path).split('/').pop() ?? ''
  if (last === '') return null
  const hits = pages.flatMap((page) =>
    page.runbook.procedures
      .filter((procedure) => procedure.id.toLowerCase() === last)
      .map((procedure) => ({ path: page.path, procedureId: procedure.id })),
  )
  return hits.length === 1 ? (hits[0] ?? null) : null
}

const hasAnchor = (procedure: Procedure, anchor: string): boolean =>
  procedure.anchors.includes(anchor) || procedure.anchors.includes(githubSlug(anchor))

/** An anchor of a heading inside a procedure leads to the procedure. */
function enclosing(pages: MatchPage[], anchor: string): { page: MatchPage; procedure: Procedure } | null {
  for (const page of pages) {
    const heading = page.runbook.headings.find(
      (each) => each.slug.toLowerCase() === anchor || each.explicitId?.toLowerCase() === anchor,
    )
    if (heading === undefined) continue
    const procedure = page.runbook.procedures.find(
      ({ position }) => position.line <= heading.line && heading.line <= position.endLine,
    )
    if (procedure !== undefined) return { page, procedure }
    // The title of a page with one procedure.
    const only = page.runbook.procedures.length === 1 ? page.runbook.procedures[0] : undefined
    if (only !== undefined && heading.depth === 1) return { page, procedure: only }
  }
  return null
}

const hasName = (procedure: Procedure, name: string): boolean =>
  name !== '' && procedure.alertNames.some((each) => each.toLowerCase() === name.toLowerCase())

function byName(pages: readonly MatchPage[], name: string, problems: MatchProblem[]): ProcedureMatch | null {
  const ways: [MatchHow, (page: MatchPage, procedure: Procedure) => boolean][] = [
    ['alert-name', (_page, procedure) => hasName(procedure, name)],
    [
      'file',
      (page, _procedure) =>
        page.runbook.procedures.length === 1 && fileName(page.path) === name.toLowerCase(),
    ],
    ['heading', (_page, procedure) => headingNames(procedure.title, name)],
  ]
  for (const [how, says] of ways) {
    const hits = pages.flatMap((page) =>
      page.runbook.procedures
        .filter((procedure) => says(page, procedure))
        .map((procedure) => ({ page, procedure })),
    )
    const first = hits[0]
    if (first === undefined) continue
    if (hits.length > 1) {
      const where = hits.map(({ page, procedure }) => `${page.path}#${procedure.id}`).join(', ')
      problems.push({
        problem: 'ambiguous',
        annotation: null,
        message: `${name} is claimed by ${where}; the first is taken`,
      })
    }
    return { path: first.page.path, procedureId: first.procedure.id, how, by: name }
  }
  return null
}

const fileName = (path: string): string =>
  (bare(path.replaceAll('\\', '/')).split('/').pop() ?? '').replace(/[-_ ]/g, '')
