import { joinArguments } from './argument.ts'
import type { Argument } from './argument.ts'
import { evaluateArguments, evaluateHeredoc, evaluateSingle } from './evaluate.ts'
import type { EvaluationScope, SubstitutionOutput } from './evaluate.ts'
import { forEachChild } from './parse.ts'
import type { Command, ParsedScript, SyntaxNode } from './parse.ts'
import { UNKNOWN } from '../placeholders.ts'

/** Programs whose output is made of their own arguments, so a text can build any word with them. */
const MAKERS = new Set([
  'echo',
  'printf',
  'basename',
  'dirname',
  'expr',
  'yes',
  'jq',
  'awk',
  'gawk',
  'mawk',
  'date',
  'env',
])

/** What `$(…)` prints: `echo` and `printf` of plain words are followed; everything else is data, unless made up. */
export function outputOf(script: ParsedScript, scope: EvaluationScope): SubstitutionOutput {
  const [statement, ...more] = script.commands
  if (statement?.command.type === 'Command' && more.length === 0) {
    const output = commandOutput(statement.command, scope)
    if (output !== null && !output.open) return { kind: 'text', text: output.value }
  }
  return { kind: makesText(script, scope) ? 'open' : 'data' }
}

/** The text that one `echo`, `printf` or `cat <<EOF` prints; `null` when it does not say. */
export function commandOutput(command: Command, scope: EvaluationScope): Argument | null {
  if (command.name === undefined || command.prefix.length > 0) return null
  const name = evaluateSingle(command.name, scope).value
  const args = evaluateArguments(command.args, scope)
  if (args.some((arg) => arg.open || arg.glob)) return null
  if (name === 'cat' && args.length === 0) return inlineInput(command, scope)
  if (command.redirects.length > 0) return null
  if (name === 'echo') return echoOutput(args)
  if (name === 'printf') return printfOutput(args)
  return null
}

function echoOutput(args: Argument[]): Argument | null {
  const words = args[0]?.value === '-n' ? args.slice(1) : args
  if (/^-[neE]+$/.test(words[0]?.value ?? '')) return null
  // Shells other than bash read escapes without `-e`.
  return words.some((word) => word.value.includes('\\')) ? null : joinArguments(words)
}

function printfOutput([format, ...values]: Argument[]): Argument | null {
  if (format === undefined || format.value.startsWith('-')) return null
  if (/^%s(?:\\n)?$/.test(format.value) && values.length === 1) return values[0] ?? null
  const text = format.value.replace(/\\n$/, '')
  return /[%\\]/.test(text) ? null : { ...format, value: text, offsets: format.offsets.slice(0, text.length) }
}

/** The text of a heredoc or here-string on standard input; of several the last one counts. */
export function inlineInput(command: Command, scope: EvaluationScope): Argument | null {
  let input: Argument | null = null
  for (const redirect of command.redirects) {
    if (
      redirect.descriptor !== undefined &&
      !(redirect.descriptor.type === 'FileDescriptor' && redirect.descriptor.value === 0)
    )
      continue
    if (redirect.type === 'HereDoc') input = evaluateHeredoc(redirect, scope)
    else if (redirect.type === 'HereString')
      input = redirect.target === undefined ? null : evaluateSingle(redirect.target, scope)
    else if (redirect.operator.startsWith('<')) input = null
  }
  return input
}

/** Whether any command in it prints words that the text itself chose. */
export function makesText(node: SyntaxNode, scope: EvaluationScope): boolean {
  const stack: SyntaxNode[] = [node]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (next.type === 'HereDoc' || next.type === 'HereString') return true
    if (next.type === 'Command' && isMaker(next, scope)) return true
    forEachChild(next, (child) => stack.push(child))
  }
  return false
}

function isMaker(command: Command, scope: EvaluationScope): boolean {
  if (command.name === undefined) return false
  const name = evaluateSingle(command.name, scope)
  if (!MAKERS.has(name.value.replace(/^.*\//, ''))) return false
  const args = evaluateArguments(command.args, scope)
  if (args.some((arg) => arg.open)) return true
  const text = joinArguments(args).value
  switch (name.value) {
    case 'date':
      return /\+-|\+\s/.test(text)
    case 'jq':
      return /(?:^| )(?:-\w*n|--null-input)/.test(text)
    case 'awk':
    case 'gawk':
    case 'mawk':
      return text.includes('BEGIN') || /["']\s*-/.test(text)
    case 'env':
      return /\b(?:echo|printf)\b/.test(text)
    default:
      return !text.includes(UNKNOWN) || /(?:^|\s)-/.test(text.replaceAll(UNKNOWN, ''))
  }
}
