/** `<!-- erlmcp-lint-ignore RULE: reason -->` silences a rule on the next thing, or on the page before its text. */
import type { LintContext } from './context.ts'
import type { Finding } from './rule.ts'

const IGNORE =
  /<!--\s*erlmcp-lint-ignore\s+([a-z][a-z0-9-]*(?:\s*,\s*[a-z][a-z0-9-]*)*)\s*(?::\s*([^]*?))?\s*-->/
const IN_CODE = /#\s*erlmcp-lint-ignore\s+([a-z][a-z0-9-]*(?:\s*,\s*[a-z][a-z0-9-]*)*)\s*(?::\s*(.*))?$/

interface Ignore {
  line: number
  rules: string[]
  reason: string
  from: number
  to: number
}

export function applyIgnores(findings: Finding[], context: LintContext): Finding[] {
  const ignores = readIgnores(context)
  if (ignores.length === 0) return findings
  const used = new Set<Ignore>()
  const left = findings.filter((finding) => {
    const match = ignores.find(
      (one) =>
        one.reason !== '' &&
        one.rules.includes(finding.rule) &&
        finding.line >= one.from &&
        finding.line <= one.to,
    )
    if (match !== undefined) used.add(match)
    return match === undefined
  })
  const wrong = ignores.flatMap((one) => judgeIgnore(one, used.has(one), context))
  return [...left, ...wrong]
}

function judgeIgnore(ignore: Ignore, used: boolean, { path, lines }: LintContext): Finding[] {
  const base = { severity: 'info', file: path, line: ignore.line, column: 1 } as const
  const excerpt = (lines[ignore.line - 1] ?? '').trim()
  const rules = ignore.rules.join(', ')
  if (ignore.reason === '') {
    const message = `the ignore of ${rules} gives no reason and has no effect`
    const remedy = 'Write <!-- erlmcp-lint-ignore RULE: reason -->.'
    return [{ rule: 'ignore-without-reason', ...base, severity: 'warning', message, remedy, excerpt }]
  }
  if (used) return []
  return [
    {
      rule: 'ignore-unused',
      ...base,
      message: `nothing here needs the ignore of ${rules}`,
      remedy: 'Remove it.',
      excerpt,
    },
  ]
}

function readIgnores(context: LintContext): Ignore[] {
  return context.lines.flatMap((text, at) => {
    const line = at + 1
    const inCode = context.codeLines.has(line)
    const match = (inCode ? IN_CODE : IGNORE).exec(text)
    if (match === null) return []
    const rules = (match[1] ?? '').split(',').map((rule) => rule.trim())
    const reason = (match[2] ?? '').trim()
    return [{ line, rules, reason, ...reachOf(line, inCode, context) }]
  })
}

/** In code, the next command; outside, the next block, heading section for headings, or the page before any text. */
function reachOf(line: number, inCode: boolean, context: LintContext): { from: number; to: number } {
  if (inCode) {
    const next = context.commands.find(({ command }) => command.line > line)?.command
    return { from: line, to: next?.position.endLine ?? line + 1 }
  }
  const first = context.lines.findIndex((text) => text.trim() !== '' && !text.trim().startsWith('<!--'))
  if (first === -1 || line <= first) return { from: 1, to: context.lines.length }
  let at = line + 1
  while (at <= context.lines.length && (context.lines[at - 1] ?? '').trim() === '') at += 1
  const block = context.runbook.blocks.find((one) => one.line === at)
  if (block !== undefined) return { from: line, to: block.endLine }
  const heading = context.runbook.headings.find((one) => one.line === at)
  if (heading !== undefined) {
    const next = context.runbook.headings.find((one) => one.line > at && one.depth <= heading.depth)
    return { from: line, to: (next?.line ?? context.lines.length + 1) - 1 }
  }
  let end = at
  while (end < context.lines.length && (context.lines[end] ?? '').trim() !== '') end += 1
  return { from: line, to: end }
}
