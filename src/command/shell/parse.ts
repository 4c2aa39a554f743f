/**
 * The only module that knows the shell parser. It bounds what the parser is asked to do: beyond these limits the
 * text is refused, because parse time grows with the square of the depth of unclosed substitutions.
 */
import { forEachChild, parse } from 'unbash'
import type { ParsedScript, SyntaxNode } from 'unbash'

export { forEachChild }
export type * from 'unbash'

/** UTF-16 units; the longest command met in public runbooks has under 5,000. */
export const MAX_SHELL_LENGTH = 64_000
/** Openers of substitutions and groups in one text. */
const MAX_OPENERS = 2_000

export type ShellParse = { script: ParsedScript; error?: undefined } | { script?: undefined; error: string }

/**
 * What was parsed lately: the risk, the statements, and the outline of a command each ask for its tree. Nobody writes
 * to a tree. Small, because only the same page asks again.
 */
const RECENT = new Map<string, ShellParse>()
const MAX_RECENT = 128
const MAX_RECENT_LENGTH = 4_000

/** Parses `text` as bash, nested substitutions included. Never throws. */
export function parseShell(text: string): ShellParse {
  if (text.length > MAX_RECENT_LENGTH) return parseOnce(text)
  const known = RECENT.get(text)
  if (known !== undefined) return known
  const parsed = parseOnce(text)
  const [oldest] = RECENT.keys()
  if (RECENT.size >= MAX_RECENT && oldest !== undefined) RECENT.delete(oldest)
  RECENT.set(text, parsed)
  return parsed
}

function parseOnce(text: string): ShellParse {
  if (text.length > MAX_SHELL_LENGTH) return { error: `longer than ${MAX_SHELL_LENGTH} characters` }
  if (countOpeners(text) > MAX_OPENERS) return { error: 'nested too deeply' }
  if (text.includes('\0')) return { error: 'contains a zero byte' }
  try {
    const script = parse(text)
    const error = firstError(script)
    return error === null ? { script } : { error }
  } catch (error) {
    return { error: error instanceof RangeError ? 'nested too deeply' : 'the parser gave up' }
  }
}

function countOpeners(text: string): number {
  let count = 0
  for (let index = 0; index < text.length; index++) {
    const char = text[index]
    if (char === '(' || char === '`' || (char === '{' && text[index - 1] === '$')) count++
  }
  return count
}

/** Errors of nested scripts are kept on their own nodes, so every node has to be visited. */
function firstError(script: ParsedScript): string | null {
  const stack: SyntaxNode[] = [script]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.type === 'Script') {
      const [error] = node.errors ?? []
      if (error !== undefined) return error.message
    }
    forEachChild(node, (child) => stack.push(child))
  }
  return null
}
