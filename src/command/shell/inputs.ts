import type { CommandInput } from '../model.ts'
import { addPlace, maskPlaceholders } from '../placeholders.ts'
import { forEachChild, parseShell } from './parse.ts'
import type { ParsedScript, SyntaxNode } from './parse.ts'

/** Variables that every shell, or the system around it, has. */
const GIVEN = new Set([
  'HOME', 'USER', 'LOGNAME', 'PATH', 'PWD', 'OLDPWD', 'SHELL', 'HOSTNAME', 'HOSTTYPE', 'OSTYPE', 'MACHTYPE', 'TERM', 'LANG', 'LC_ALL', 'TZ',
  'TMPDIR', 'UID', 'EUID', 'PPID', 'RANDOM', 'SRANDOM', 'SECONDS', 'EPOCHSECONDS', 'EPOCHREALTIME', 'LINENO', 'IFS', 'PIPESTATUS', 'REPLY',
  'FUNCNAME', 'OPTARG', 'OPTIND', 'SHLVL', 'COLUMNS', 'LINES', 'EDITOR', 'PAGER', 'DISPLAY', 'SSH_AUTH_SOCK', 'MAPFILE', 'COMP_WORDS',
]) // prettier-ignore

/** Adds to `inputs` each variable that the text uses and never gives a value: `$NAMESPACE` of an earlier page. */
export function findUnsetVariables(
  script: ParsedScript,
  text: string,
  inputs: readonly CommandInput[],
): CommandInput[] {
  const assigned = assignedNames(script)
  const found = new Map<string, CommandInput>(
    inputs.map((input) => [input.name, { ...input, places: [...input.places] }]),
  )
  visit(script, (node) => {
    const name = usedName(node)
    if (name === null || assigned.has(name) || GIVEN.has(name) || /^(?:BASH|ERLMCP_INPUT_)/.test(name)) return
    addPlace(found, name, 'unset-variable', text.slice(node.pos, node.end), node.pos, node.end)
  })
  return [...found.values()].sort((a, b) => (a.places[0]?.start ?? 0) - (b.places[0]?.start ?? 0))
}

function usedName(node: SyntaxNode): string | null {
  if (node.type === 'SimpleExpansion') {
    const name = node.text.slice(1)
    return /^[A-Za-z_]\w*$/.test(name) ? name : null
  }
  if (node.type !== 'ParameterExpansion' || !/^[A-Za-z_]\w*$/.test(node.parameter)) return null
  const { operation } = node
  // With a default it works without a value; `${!x}` and `${x[@]}` need more than a value.
  if (
    node.prefix !== undefined ||
    node.index !== undefined ||
    (operation !== undefined && !(operation.type === 'Default' && operation.operator.includes('?')))
  )
    return null
  return node.parameter
}

/** Names of the variables that a command gives a value to, for later commands of the same shell. */
export function assignedVariables(text: string): string[] {
  const parsed = parseShell(maskPlaceholders(text, 'bash').text)
  return parsed.script === undefined ? [] : [...assignedNames(parsed.script)].sort()
}

function assignedNames(script: ParsedScript): Set<string> {
  const names = new Set<string>()
  visit(script, (node) => {
    if (node.type === 'Assignment') names.add(node.name)
    if (node.type === 'For' || node.type === 'Select') names.add(node.name.value)
    if (
      node.type === 'ParameterExpansion' &&
      node.operation?.type === 'Default' &&
      node.operation.operator.includes('=')
    )
      names.add(node.parameter)
    if (
      node.type === 'ArithmeticBinary' &&
      /^[-+*/%&|^<>]*=$/.test(node.operator) &&
      node.left.type === 'ArithmeticWord'
    )
      names.add(node.left.value)
    if (node.type !== 'Command' || node.name === undefined) return
    const words = node.args.map((arg) => (arg.type === 'Word' ? arg.value : ''))
    if (
      /^(?:read|mapfile|readarray|getopts|export|declare|local|typeset|readonly|let)$/.test(node.name.value)
    ) {
      for (const word of words) {
        const [name = ''] = /^[A-Za-z_]\w*/.exec(word) ?? []
        // `export NAMESPACE` without a value does not give it one.
        if (
          name !== '' &&
          (word.includes('=') || /^(?:read|mapfile|readarray|getopts)$/.test(node.name.value))
        )
          names.add(name)
      }
    }
    if (node.name.value === 'printf' && words[0] === '-v') names.add(words[1] ?? '')
  })
  return names
}

/** Every node whose offsets are those of the text: what is in escaped backticks is left out. */
function visit(root: SyntaxNode, each: (node: SyntaxNode) => void): void {
  const stack: SyntaxNode[] = [root]
  for (let node = stack.pop(); node !== undefined; node = stack.pop()) {
    each(node)
    if (node.type !== 'Script' || !('source' in node) || node.source === undefined)
      forEachChild(node, (child) => stack.push(child))
  }
}
