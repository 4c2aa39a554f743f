import { forEachChild } from './parse.ts'
import type { ArithmeticFor, SyntaxNode, While } from './parse.ts'

const ALWAYS = /^(?:true|:|\[ (?:1|true) \]|test (?:1|true)|sleep [\d.]+[smhd]?)$/
const NEVER = /^false$/
const LEAVES = new Set(['break', 'exit', 'return', 'exec', 'kill'])

/** `while true`, `while sleep 5`, `until false` and `for ((;;))` without anything in the body that could leave it. */
export function isEndlessLoop(loop: While | ArithmeticFor): boolean {
  if (loop.type === 'ArithmeticFor') return loop.test === undefined && !leaves(loop.body)
  const [statement, ...more] = loop.clause.commands
  if (statement === undefined || more.length > 0) return false
  if (statement.command.type === 'ArithmeticCommand')
    return loop.kind === 'while' && statement.command.body.trim() === '1' && !leaves(loop.body)
  if (statement.command.type !== 'Command') return false
  const words = [statement.command.name?.value ?? '', ...statement.command.args.map((arg) => arg.text)].join(
    ' ',
  )
  return (loop.kind === 'while' ? ALWAYS : NEVER).test(words) && !leaves(loop.body)
}

function leaves(body: SyntaxNode): boolean {
  const stack: SyntaxNode[] = [body]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    if (node.type === 'Command' && LEAVES.has(node.name?.value ?? '')) return true
    forEachChild(node, (child) => stack.push(child))
  }
  return false
}
