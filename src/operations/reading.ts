import { setImmediate as othersFirst } from 'node:timers/promises'
import { lintPage, listCatalogue, readDocument } from '../runbook/index.ts'
import type { Finding, Runbook } from '../runbook/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { showPage } from './pages.ts'

export const readingHandlers: HandlersOf<'page.read' | 'page.findings'> = {
  'page.read': (deps, _actor, input) => readPage(deps, input),
  'page.findings': (deps, _actor, input) => countFindings(deps, input),
}

interface Linted {
  path: string
  content: Uint8Array
  runbook: Runbook
}

/** What lint says of a page; the same text on the same day is judged once. */
export type Linter = (page: Linted, now: Date) => Finding[]

export function createLinter(): Linter {
  const known = new WeakMap<Runbook, { day: string; findings: Finding[] }>()
  return (page, now) => {
    const day = now.toISOString().slice(0, 10)
    const before = known.get(page.runbook)
    if (before?.day === day) return before.findings
    const findings = lintPage(page.content, { path: page.path, runbook: page.runbook, now })
    known.set(page.runbook, { day, findings })
    return findings
  }
}

const linterOf = (deps: OperationDeps): Linter => deps.lint ?? createLinter()

async function readPage(deps: OperationDeps, input: InputOf<'page.read'>): Promise<unknown> {
  const shown = (await showPage(deps, input)) as Record<string, unknown>
  const blocks = readDocument(String(shown['content']))
  const found = (await deps.pages.catalogue()).find(
    ({ page, source }) =>
      page?.path === shown['path'] && (input.source === undefined || source === input.source),
  )
  const { content: _content, ...rest } = shown
  if (found?.page == null) return { ...rest, blocks, findings: [], procedures: [] }
  const [entry] = listCatalogue([found.page], deps.clock.now())
  const proved = (shown['procedures'] ?? []) as { id: string; proof: unknown; link: string | null }[]
  return {
    ...rest,
    blocks,
    findings: linterOf(deps)(found.page, deps.clock.now()),
    procedures: (entry?.procedures ?? []).map((procedure) => {
      const { proof = null, link = null } = proved.find(({ id }) => id === procedure.id) ?? {}
      return { ...procedure, proof, link }
    }),
  }
}

async function countFindings(deps: OperationDeps, input: InputOf<'page.findings'>): Promise<unknown> {
  const lint = linterOf(deps)
  const all = (await deps.pages.catalogue()).filter(
    ({ source }) => input.source === undefined || source === input.source,
  )
  const pages: unknown[] = []
  for (const { page, head, source } of all.slice(input.offset, input.offset + input.limit)) {
    const counts = { error: 0, warning: 0, info: 0 }
    if (page !== null) for (const { severity } of lint(page, deps.clock.now())) counts[severity] += 1
    pages.push({ source, path: page?.path ?? head.path, ...counts })
    // a page takes milliseconds, and there can be thousands
    await othersFirst()
  }
  const end = input.offset + pages.length
  return { pages, next: end < all.length ? end : null }
}
