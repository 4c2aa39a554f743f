import type { CommandAnalysis } from './model.ts'

/** What `erlmcp command explain` prints. */
export function explainCommand(analysis: CommandAnalysis, text: string): string {
  const lines = [`risk: ${analysis.risk}`]
  if (analysis.flags.length > 0) lines.push(`flags: ${analysis.flags.join(', ')}`)
  for (const reason of analysis.reasons)
    lines.push(`  ${text.slice(reason.start, reason.end)}: ${reason.why}`)
  return `${lines.join('\n')}\n`
}
