import { decodePage } from '../decode.ts'
import type { Runbook } from '../model.ts'
import { readRunbook } from '../read.ts'
import { buildContext } from './context.ts'
import { applyIgnores } from './ignore.ts'
import { LINT_RULES } from './registry.ts'
import type { Finding, LintRule } from './rule.ts'

export interface LintOptions {
  /** As shown in findings; also gives the alert name of one-alert pages. */
  path: string
  /** Decides what is overdue; without it the dates of the page are not judged. */
  now?: Date
  /** A runbook read already from the same source. */
  runbook?: Runbook
}

/**
 * Everything that would go wrong with a page, by line. Prepare the grammars first with `loadCommandGrammars()`.
 * Throws AppError `too_large` and `unsupported` (not text) only.
 */
export function lintPage(source: Uint8Array | string, options: LintOptions): Finding[] {
  const { text } = decodePage(source, options.path)
  const runbook = options.runbook ?? readRunbook(source, { path: options.path })
  const context = buildContext(options.path, text, runbook, options.now ?? null)
  const found = LINT_RULES.flatMap((rule) =>
    rule.check(context).map((problem) => toFinding(rule, problem, context)),
  )
  return applyIgnores(distinct(found), context).sort(byPlace)
}

function toFinding(
  rule: LintRule,
  problem: ReturnType<LintRule['check']>[number],
  { path, lines }: { path: string; lines: string[] },
): Finding {
  const { line, column, endLine, message, remedy, edits } = problem
  return {
    rule: rule.id,
    severity: rule.severity,
    file: path,
    line,
    column,
    ...(endLine === undefined || endLine === line ? {} : { endLine }),
    message,
    remedy,
    excerpt: (lines[line - 1] ?? '').trim().slice(0, 200),
    ...(edits === undefined ? {} : { edits }),
  }
}

function distinct(findings: Finding[]): Finding[] {
  const seen = new Set<string>()
  return findings.filter((one) => {
    const key = `${one.rule} ${one.line} ${one.column} ${one.message}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

const byPlace = (a: Finding, b: Finding): number =>
  a.line - b.line || a.column - b.column || (a.rule < b.rule ? -1 : 1)
