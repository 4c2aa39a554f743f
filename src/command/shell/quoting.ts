import { forEachChild } from './parse.ts'
import type { HereDoc, ParameterExpansionPart, ParsedScript, SyntaxNode, TestExpression } from './parse.ts'

/** How the shell reads the text at a place; `refuse`: nothing can be put there safely; `comment`: it is not read. */
export type Quoting =
  | { kind: 'plain' | 'single' | 'double' | 'ansi' | 'heredoc' | 'verbatim' | 'comment' }
  | { kind: 'refuse'; why: string }

interface Place {
  start: number
  end: number
}

const refuse = (why: string): Quoting => ({ kind: 'refuse', why })

/** How the shell reads what stands from `start` to `end` of the parsed text. */
export function quotingAt(script: ParsedScript, place: Place): Quoting {
  return visitChildren(script, place, { kind: 'plain' }) ?? { kind: 'comment' }
}

/** `null`: the place is not inside this node. */
function visit(node: SyntaxNode, place: Place, around: Quoting): Quoting | null {
  if (!holds(node, place)) return null
  switch (node.type) {
    case 'Script':
      return visitChildren(node, place, { kind: 'plain' }) ?? { kind: 'comment' }
    case 'CommandExpansion':
    case 'ProcessSubstitution':
    case 'ArithmeticCommandExpansion':
      // The offsets below escaped backticks are those of another text.
      if (node.script === undefined || node.script.source !== undefined)
        return refuse('it stands inside escaped backticks')
      return visit(node.script, place, { kind: 'plain' })
    case 'SingleQuoted':
      return { kind: 'single' }
    case 'AnsiCQuoted':
      return { kind: 'ansi' }
    case 'DoubleQuoted':
    case 'LocaleString':
      return visitChildren(node, place, { kind: 'double' }) ?? { kind: 'double' }
    case 'Literal':
    case 'Glob':
      return around
    case 'ExtendedGlob':
    case 'BraceExpansion':
      return refuse('it stands inside a pattern')
    case 'SimpleExpansion':
      return around
    case 'ParameterExpansion':
      return visitExpansion(node, place, around)
    case 'ArithmeticCommand':
    case 'ArithmeticExpansion':
    case 'ArithmeticFor':
      return visitArithmetic(node, place)
    case 'HereDoc':
      return visitHeredoc(node, place)
    case 'Assignment':
      if (node.index !== undefined && holds(node.index, place)) return refuse('it stands inside a subscript')
      return (
        visitChildren(node, place, { kind: 'plain' }) ?? refuse('it stands inside the name of a variable')
      )
    case 'TestCommand':
      return visitTest(node.expression, place)
    case 'For':
    case 'Select':
    case 'Function':
      if (holds(node.name, place)) return refuse('it names a variable or a function')
      return visitChildren(node, place, { kind: 'plain' })
    case 'Word':
      return visitChildren(node, place, around) ?? around
    default:
      return visitChildren(node, place, { kind: 'plain' })
  }
}

function visitChildren(node: SyntaxNode, place: Place, around: Quoting): Quoting | null {
  let found: Quoting | null = null
  forEachChild(node, (child) => {
    found ??= visit(child, place, around)
  })
  return found
}

/** A heredoc's body lies behind the command it belongs to, so commands around it do not seem to hold it. */
function holds(node: SyntaxNode, place: Place): boolean {
  if (node.pos <= place.start && place.end <= node.end) return true
  if (node.type === 'Word' || node.type.endsWith('Part') || node.type === 'Literal') return false
  let inside = false
  if (node.type === 'HereDoc') return node.body.pos <= place.start && place.end <= node.body.end
  forEachChild(node, (child) => {
    inside ||= place.start >= node.end && holds(child, place)
  })
  return inside
}

function visitHeredoc(node: HereDoc, place: Place): Quoting {
  if (node.body.pos > place.start) return refuse('it is the end mark of a heredoc')
  if (node.delimiter?.quoted === true) return { kind: 'verbatim' }
  for (const part of node.body.parts ?? []) {
    const found = visit(part, place, { kind: 'heredoc' })
    if (found !== null) return found
  }
  return { kind: 'heredoc' }
}

/** A number there is evaluated, and evaluation runs what a value holds. */
function visitArithmetic(node: SyntaxNode, place: Place): Quoting {
  let found: Quoting | null = null
  const stack: SyntaxNode[] = [node]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    forEachChild(next, (child) => {
      if ('script' in child && child.script !== undefined && holds(child, place))
        found ??= visit(child.script, place, { kind: 'plain' })
      else if (child.type === 'CompoundList' && holds(child, place))
        found ??= visit(child, place, { kind: 'plain' })
      else stack.push(child)
    })
  }
  return found ?? refuse('it stands inside arithmetic')
}

function visitExpansion(node: ParameterExpansionPart, place: Place, around: Quoting): Quoting {
  const { operation } = node
  if (place.start === node.pos && place.end === node.end) return around
  if (operation?.type === 'Default' && holds(operation.operand, place))
    return visit(operation.operand, place, around) ?? around
  return refuse('it stands inside the expansion of a variable')
}

const ARITHMETIC_TESTS = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-v', '-R'])

function visitTest(expression: TestExpression, place: Place): Quoting | null {
  switch (expression.type) {
    case 'TestUnary':
    case 'TestBinary':
      if (ARITHMETIC_TESTS.has(expression.operator)) return refuse('it stands inside arithmetic')
      return visitChildren(expression, place, { kind: 'plain' })
    case 'TestLogical':
      return (
        expression.operands
          .map((operand) => (holds(operand, place) ? visitTest(operand, place) : null))
          .find((one) => one !== null) ?? null
      )
    case 'TestNot':
      return visitTest(expression.operand, place)
    case 'TestGroup':
      return visitTest(expression.expression, place)
    default:
      return refuse('it stands inside a test')
  }
}
