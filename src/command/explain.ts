import type { CommandAnalysis, InnerCommand, Reason } from './model.ts'
import { compareRisks } from './effect.ts'

const MAX_SHOWN = 120

/** What `erlmcp command explain` prints: the risk and flags, each reason with its words, what was seen through, inputs. */
export function explainCommand(analysis: CommandAnalysis, text: string): string {
  const lines = [`risk: ${analysis.risk}`]
  if (analysis.language !== 'bash') lines.push(`language: ${analysis.language}`)
  if (analysis.flags.length > 0) lines.push(`flags: ${analysis.flags.join(', ')}`)
  if (!analysis.parsed) lines.push(`does not parse: ${analysis.parseError ?? 'unknown reason'}`)
  if (!analysis.runnable) lines.push('nothing here is run by a program: it is for a person')
  lines.push('', 'why:', ...[...analysis.reasons].sort(bySeverity).map((reason) => reasonLine(reason, text)))
  const inner = analysis.commands.filter(
    (command) => command.through.length > 0 || analysis.commands.length > 1,
  )
  if (inner.length > 0) lines.push('', 'commands inside:', ...inner.map(commandLine))
  if (analysis.inputs.length > 0) {
    lines.push('', 'inputs:')
    for (const { name, text: written, places } of analysis.inputs) {
      lines.push(`  ${name}  written ${written}${places.length > 1 ? `, ${places.length} times` : ''}`)
    }
  }
  if (analysis.changesShell) lines.push('', 'later commands of the same shell can depend on it')
  return lines.join('\n')
}

function bySeverity(a: Reason, b: Reason): number {
  return compareRisks(b.risk, a.risk) || a.start - b.start
}

function reasonLine(reason: Reason, text: string): string {
  const words = shown(text.slice(reason.start, reason.end))
  const flag = reason.flag === undefined ? '' : ` [${reason.flag}]`
  return `  ${reason.risk.padEnd(11)} ${words}\n${' '.repeat(14)}${reason.why}${flag}`
}

function commandLine(command: InnerCommand): string {
  const words = shown(command.argv.map((word) => word ?? '?').join(' '))
  const through = command.through.length === 0 ? '' : `  through ${command.through.join(', ')}`
  return `  ${command.risk.padEnd(11)} ${words}${through}`
}

function shown(words: string): string {
  const line = words.replace(/\s+/g, ' ').trim()
  return line.length > MAX_SHOWN ? `${line.slice(0, MAX_SHOWN - 1)}…` : line
}
