import { evaluateArguments, evaluateSingle, evaluateWord } from './evaluate.ts'
import type { EvaluationScope } from './evaluate.ts'
import { makesText } from './output.ts'
import { forEachChild } from './parse.ts'
import type { Assignment, Command, ParameterExpansionPart, SyntaxNode } from './parse.ts'
import { assignVariable, isHarmless } from './variables.ts'
import type { VariableValue } from './variables.ts'
import type { Argument } from './argument.ts'

/** What one text defines that changes the meaning of other parts of it. */
export interface Definitions {
  functions: Set<string>
  /** `set -- …` gives `$1` a value that the text chose. */
  setsPositional: boolean
}

/** Fills `scope.variables` with every value that the text assigns anywhere, and lists its functions. */
export function collectDefinitions(root: SyntaxNode, scope: EvaluationScope): Definitions {
  const definitions: Definitions = { functions: new Set(), setsPositional: false }
  visit(root, [], scope, definitions)
  return definitions
}

function visit(
  node: SyntaxNode,
  inputs: readonly SyntaxNode[],
  scope: EvaluationScope,
  found: Definitions,
): void {
  let inner = inputs
  switch (node.type) {
    case 'Assignment':
      assignVariable(scope.variables, node.name, assignedValue(node, scope))
      break
    case 'For':
    case 'Select':
      for (const word of node.wordlist ?? []) {
        for (const value of evaluateWord(word, scope))
          assignVariable(scope.variables, node.name.value, valueOf(value))
      }
      if (node.wordlist === undefined) assignVariable(scope.variables, node.name.value, { kind: 'open' })
      break
    case 'ArithmeticBinary':
      if (/^[-+*/%&|^<>]*=$/.test(node.operator) && !/^[<>=!]=$/.test(node.operator))
        changeNumber(node.left, scope)
      break
    case 'ArithmeticUnary':
      if (node.operator === '++' || node.operator === '--') changeNumber(node.operand, scope)
      break
    case 'Function':
      found.functions.add(node.name.value)
      break
    case 'ParameterExpansion':
      collectDefault(node, scope)
      break
    case 'Pipeline':
      visitPipeline(node.commands, inputs, scope, found)
      return
    case 'Redirected':
      inner = [...inputs, ...node.redirects]
      break
    case 'Command':
      collectCommand(node, inputs, scope, found)
      break
    default:
      break
  }
  forEachChild(node, (child) => visit(child, inner, scope, found))
}

/** What a pipeline's later commands read is what its earlier ones print. */
function visitPipeline(
  commands: readonly SyntaxNode[],
  inputs: readonly SyntaxNode[],
  scope: EvaluationScope,
  found: Definitions,
): void {
  for (const [index, command] of commands.entries()) {
    visit(command, index === 0 ? inputs : commands.slice(0, index), scope, found)
  }
}

/** A number, whatever it was before. */
function changeNumber(target: SyntaxNode, scope: EvaluationScope): void {
  if (target.type === 'ArithmeticWord')
    assignVariable(scope.variables, target.value.replace(/\[.*$/s, ''), { kind: 'text', text: '0' })
}

function collectDefault(part: ParameterExpansionPart, scope: EvaluationScope): void {
  if (part.operation?.type !== 'Default' || !part.operation.operator.includes('=')) return
  assignVariable(scope.variables, part.parameter, valueOf(evaluateSingle(part.operation.operand, scope)))
}

function collectCommand(
  command: Command,
  inputs: readonly SyntaxNode[],
  scope: EvaluationScope,
  found: Definitions,
): void {
  if (command.name === undefined) return
  const name = command.name.value
  const words = command.args.flatMap((arg) => (arg.type === 'Word' ? [arg] : []))
  if (name === 'read' || name === 'mapfile' || name === 'readarray' || name === 'getopts') {
    const made = [...inputs, ...command.redirects].some((input) => makesText(input, scope))
    const value: VariableValue = made ? { kind: 'open' } : { kind: 'data' }
    for (const word of words) {
      if (/^[A-Za-z_]\w*$/.test(word.value)) assignVariable(scope.variables, word.value, value)
    }
    assignVariable(scope.variables, name === 'read' ? 'REPLY' : 'MAPFILE', value)
  } else if (name === 'printf' && words[0]?.value.startsWith('-v') === true) {
    const target = words[0].value.slice(2) || (words[1]?.value ?? '')
    assignVariable(scope.variables, target.replace(/\[.*$/s, ''), { kind: 'open' })
  } else if (name === 'let') {
    for (const word of words) {
      const [variable = ''] = /^[A-Za-z_]\w*/.exec(word.value) ?? []
      if (variable !== '') assignVariable(scope.variables, variable, { kind: 'data' })
    }
  } else if (name === 'set') {
    const args = evaluateArguments(command.args, scope)
    if (args.some((arg) => arg.open || arg.value === '--' || !/^[-+]/.test(arg.value)))
      found.setsPositional = true
  } else if (/^(?:export|declare|typeset|local|readonly)$/.test(name)) {
    for (const arg of words.flatMap((word) => evaluateWord(word, scope))) {
      const [, variable = '', value = ''] = /^([A-Za-z_]\w*)\+?=(.*)$/s.exec(arg.value) ?? []
      if (variable !== '')
        assignVariable(scope.variables, variable, arg.open ? { kind: 'open' } : { kind: 'text', text: value })
    }
  }
}

function assignedValue(assignment: Assignment, scope: EvaluationScope): VariableValue {
  if (assignment.value.type === 'ArrayValue') {
    const values = assignment.value.elements.flatMap((element) => evaluateWord(element, scope)).map(valueOf)
    return { kind: values.every(isHarmless) ? 'data' : 'open' }
  }
  const value = valueOf(evaluateSingle(assignment.value, scope))
  if (assignment.append !== true && assignment.index === undefined) return value
  return { kind: isHarmless(value) ? 'data' : 'open' }
}

function valueOf(argument: Argument): VariableValue {
  return argument.open ? { kind: 'open' } : { kind: 'text', text: argument.value }
}
