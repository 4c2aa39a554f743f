import { compareRisks } from '../effect.ts'
import type { Call, RunOptions, ShellOptions, Stdin } from '../judge/call.ts'
import { isProgram, judgeProgram } from '../judge/program.ts'
import type { CommandFlag, Risk } from '../model.ts'
import { UNKNOWN } from '../placeholders.ts'
import { isKnown, joinArguments, sourceOf } from './argument.ts'
import type { Argument } from './argument.ts'
import { collectDefinitions } from './collect.ts'
import { riskOfVariable } from './environment.ts'
import { evaluateArguments, evaluateHeredoc, evaluateSingle, evaluateWord } from './evaluate.ts'
import type { EvaluationScope } from './evaluate.ts'
import { commandOutput, makesText, outputOf } from './output.ts'
import { forEachChild, parseShell } from './parse.ts'
import type {
  Assignment, Command, ParameterExpansionPart, ParsedScript, Pipeline, Redirection, SyntaxNode,
} from './parse.ts' // prettier-ignore
import { isEndlessLoop } from './loops.ts'
import { judgeRedirect } from './redirect.ts'
import { addReason, spend } from './session.ts'
import { hidesSubscript } from './subscript.ts'
import type { Session } from './session.ts'
import { assignVariable } from './variables.ts'

/** Where the walk stands: the text, its variables and functions, and how it was reached. */
export interface Scope extends EvaluationScope {
  session: Session
  functions: ReadonlySet<string>
  through: readonly string[]
  where: 'local' | 'remote'
  /** Assignments and `cd` here do not last: a subshell, a pipeline's part, another shell. */
  contained: boolean
  /** Under `timeout`: nothing inside is endless. */
  bounded: boolean
}

const MAX_DEPTH = 12

/** Judges a text as shell source, with the commands found anywhere inside. */
export function walkShell(code: Argument, outer: Scope, options: ShellOptions): void {
  const through = [...outer.through, options.through].filter((name) => name !== '')
  const refuse = (why: string): void => addReason(outer.session, 'destructive', why, code.start, code.end)
  if (through.length > MAX_DEPTH) return refuse('nested too deeply to be judged')
  if (code.open || code.value.trim() === UNKNOWN) return refuse('code that is not known before it runs')
  const parsed = parseShell(code.value)
  if (parsed.script === undefined) return refuse(`cannot be judged: ${parsed.error}`)
  const scope: Scope = {
    session: outer.session,
    source: sourceOf(code),
    // The environment of this shell is that of shells it starts; another host has its own.
    variables: {
      values: new Map(options.where === 'local' ? outer.variables.values : []),
      positional: options.positional === true ? 'open' : 'data',
    },
    outputOf,
    functions: outer.functions,
    through,
    where: options.where === 'remote' ? 'remote' : outer.where,
    contained: through.length > 0,
    bounded: outer.bounded,
  }
  const definitions = collectDefinitions(parsed.script, scope)
  if (definitions.setsPositional) scope.variables.positional = 'open'
  walkScript(
    parsed.script,
    { ...scope, functions: new Set([...outer.functions, ...definitions.functions]) },
    options.stdin ?? { kind: 'none' },
  )
}

function walkScript(script: ParsedScript, scope: Scope, stdin: Stdin): void {
  for (const statement of script.commands) walkNode(statement.command, scope, stdin)
}

function walkNode(node: SyntaxNode, scope: Scope, stdin: Stdin): void {
  spend(scope.session)
  switch (node.type) {
    case 'Command':
      walkCommand(node, scope, stdin)
      return
    case 'Pipeline':
      walkPipeline(node, scope, stdin)
      return
    case 'Redirected':
      walkNode(node.command, scope, walkRedirects(node.redirects, scope, stdin))
      return
    case 'Function':
      walkFunction(node.name.value, node.body, node.pos, node.name.end, scope)
      return
    case 'Subshell':
      walkNode(node.body, { ...scope, contained: true }, stdin)
      return
    case 'Word':
    case 'Assignment':
      walkExpansions(node, scope)
      return
    case 'For':
      noteVariable(node.name.value, node.pos, node.name.end, scope)
      break
    case 'Select':
      noteVariable(node.name.value, node.pos, node.name.end, scope)
      note(scope, 'read', 'waits for a choice', node.pos, node.name.end, ['interactive'])
      break
    case 'While':
    case 'ArithmeticFor':
      if (isEndlessLoop(node))
        note(
          scope,
          'read',
          'a loop without an end',
          node.pos,
          node.body.pos,
          scope.bounded ? [] : ['endless'],
        )
      break
    case 'TestCommand':
    case 'ArithmeticCommand':
      walkExpansions(node, scope)
      noteHiddenSubscripts(node, scope)
      return
    default:
      break
  }
  forEachChild(node, (child) => walkNode(child, scope, stdin))
}

/** The body counts when it is defined, for all its calls: its arguments are words of whatever kind. */
function walkFunction(name: string, body: SyntaxNode, pos: number, end: number, scope: Scope): void {
  if (!scope.contained) scope.session.changesShell = true
  if (/[^\w.:-]/.test(name)) note(scope, 'destructive', 'a function name that is not plain', pos, end)
  if (isProgram(name)) note(scope, 'destructive', `a function that replaces ${name}`, pos, end)
  walkNode(
    body,
    { ...scope, variables: { ...scope.variables, positional: 'open' } },
    { kind: 'data', made: false },
  )
}

function walkPipeline(node: Pipeline, scope: Scope, stdin: Stdin): void {
  const [first] = node.commands
  if (first !== undefined && node.commands.length === 1) return walkNode(first, scope, stdin)
  let input = stdin
  let made = false
  for (const command of node.commands) {
    walkNode(command, { ...scope, contained: true }, input)
    const output = command.type === 'Command' && input.kind === 'none' ? commandOutput(command, scope) : null
    made ||= makesText(command, scope) || input.kind === 'text'
    input = output !== null && !output.open ? { kind: 'text', text: output } : { kind: 'data', made }
  }
}

/** Judges redirections, and says what standard input is after them. */
function walkRedirects(redirects: readonly Redirection[], scope: Scope, stdin: Stdin): Stdin {
  let input = stdin
  for (const redirect of redirects) {
    walkExpansions(redirect, scope)
    const { descriptor } = redirect
    const standard =
      descriptor === undefined || (descriptor.type === 'FileDescriptor' && descriptor.value === 0)
    if (redirect.type === 'HereDoc') {
      if (standard) input = { kind: 'text', text: evaluateHeredoc(redirect, scope) }
      continue
    }
    if (redirect.target === undefined) continue
    const target = evaluateSingle(redirect.target, scope)
    if (redirect.type === 'HereString') {
      if (standard) input = { kind: 'text', text: target }
      continue
    }
    const judged = judgeRedirect(redirect, target)
    if (judged !== null) note(scope, judged.risk, judged.why, redirect.pos, redirect.end)
    if (standard && redirect.operator === '<') {
      input = target.value === '/dev/null' ? { kind: 'empty' } : { kind: 'data', made: false }
    } else if (standard && (redirect.operator === '<&' || redirect.operator === '<>'))
      input = { kind: 'data', made: false }
  }
  return input
}

function walkCommand(node: Command, scope: Scope, stdin: Stdin): void {
  const input = walkRedirects(node.redirects, scope, stdin)
  for (const part of node.prefix) if (part.type === 'Assignment') walkAssignment(part, scope)
  for (const part of node.suffix)
    if (part.type === 'Word' || part.type === 'Assignment') walkExpansions(part, scope)
  if (node.name === undefined) {
    noteAssignments(node, scope)
    return
  }
  walkExpansions(node.name, scope)
  const [name, ...more] = evaluateWord(node.name, scope)
  const args = [...more, ...evaluateArguments(node.args, scope)]
  if (name === undefined)
    return note(
      scope,
      'destructive',
      'a command that is not known before it runs',
      node.name.pos,
      node.name.end,
    )
  runWords([name, ...args], scope, input)
}

function noteAssignments(node: Command, scope: Scope): void {
  if (!node.prefix.some((part) => part.type === 'Assignment')) return
  if (!scope.contained) scope.session.changesShell = true
  note(scope, 'read', 'sets variables of this shell', node.pos, node.end)
}

function walkAssignment(assignment: Assignment, scope: Scope): void {
  walkExpansions(assignment, scope)
  const value = assignment.value.type === 'Word' ? evaluateSingle(assignment.value, scope) : null
  const known = value !== null && isKnown(value) ? value.value : null
  const risk = riskOfVariable(assignment.name, known)
  if (risk !== 'read')
    note(scope, risk, `${assignment.name} changes what later commands run`, assignment.pos, assignment.end)
  if (hidesSubscript(value?.value ?? ''))
    note(scope, 'destructive', 'a subscript that runs code when it is used', assignment.pos, assignment.end)
}

/** Judges words as a command: a function of this text, or a program. */
export function runWords(words: Argument[], scope: Scope, stdin: Stdin): void {
  spend(scope.session)
  const [word, ...args] = words
  if (word === undefined) return
  const { session } = scope
  let risk: Risk = 'read'
  const flags = new Set<CommandFlag>()
  const call: Call = {
    name: word.value.replace(/^.*\//s, ''),
    word,
    args,
    stdin,
    note: (noted, why, from = word, to = from, given = []) => {
      const noteFlags = scope.bounded ? given.filter((flag) => flag !== 'endless') : given
      if (compareRisks(noted, risk) > 0) risk = noted
      for (const flag of noteFlags) flags.add(flag)
      addReason(session, noted, why, Math.min(from.start, to.start), Math.max(from.end, to.end), noteFlags)
    },
    shell: (code, options) => {
      const local = options.where === 'local' && scope.where === 'local' && scope.through.length === 0
      if (local) session.localCode.push(code)
      else session.code.push({ start: code.start, end: code.end })
      walkShell(code, scope, options)
    },
    run: (inner, options) => runWords(inner, nestedScope(scope, options), options.stdin ?? stdin),
    assign: (name, value) =>
      assignVariable(
        scope.variables,
        name,
        value.open ? { kind: 'open' } : { kind: 'text', text: value.value },
      ),
    changeShell: () => {
      if (!scope.contained) session.changesShell = true
    },
    code: (argument) => session.code.push({ start: argument.start, end: argument.end }),
  }
  const before = session.commands.length
  if (scope.through.length > MAX_DEPTH) call.note('destructive', 'nested too deeply to be judged')
  else if (!isKnown(word) || !word.fixed || word.glob)
    call.note('destructive', 'the command is not known before it runs')
  else if (scope.functions.has(word.value)) judgeFunctionCall(call)
  else judgeProgram(call)
  if (session.commands.length === before) {
    session.commands.push({
      argv: words.map((one) => (isKnown(one) ? one.value : null)),
      risk,
      flags: [...flags],
      start: word.start,
      end: joinArguments(words).end,
      through: [...scope.through],
    })
  }
}

function nestedScope(scope: Scope, options: RunOptions): Scope {
  return {
    ...scope,
    through: [...scope.through, options.through],
    where: options.where ?? scope.where,
    contained: true,
    bounded: scope.bounded || options.bounded === true,
  }
}

function judgeFunctionCall(call: Call): void {
  call.note('read', 'calls a function of this text, which is judged where it is defined')
}

/** Everything that runs inside a word: substitutions, and expansions that evaluate their value. */
function walkExpansions(node: SyntaxNode, scope: Scope): void {
  const stack: SyntaxNode[] = [node]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    spend(scope.session)
    if (next.type === 'ParameterExpansion') noteExpansion(next, scope)
    if (
      next.type === 'ArithmeticWord' &&
      riskOfVariable(next.value.replace(/\[.*$/s, ''), null) === 'destructive' &&
      /^[A-Z_]+/.test(next.value)
    ) {
      note(scope, 'destructive', `${next.value} changes what later commands run`, next.pos, next.end)
    }
    const script = 'script' in next ? next.script : undefined
    if (script !== undefined) {
      walkScript(script, scopeOfSubstitution(script, next.pos, scope), { kind: 'data', made: false })
    } else if (next.type !== 'HereDoc' && next.type !== 'Script')
      forEachChild(next, (child) => stack.push(child))
    else if (next.type === 'HereDoc') for (const part of next.body.parts ?? []) stack.push(part)
  }
}

/** A script in escaped backticks has a text of its own: all its offsets become those of the substitution. */
function scopeOfSubstitution(script: ParsedScript, pos: number, scope: Scope): Scope {
  const inner: Scope = { ...scope, contained: true }
  if (script.source === undefined) return inner
  const at = scope.source.at(pos)
  return { ...inner, source: { text: script.source, at: (offset) => at + Math.min(1, offset) } }
}

function noteVariable(name: string, pos: number, end: number, scope: Scope): void {
  const risk = riskOfVariable(name, null)
  if (risk !== 'read' && name !== 'IFS')
    note(scope, risk, `${name} changes what later commands run`, pos, end)
}

function noteExpansion(part: ParameterExpansionPart, scope: Scope): void {
  const { operation } = part
  if (operation?.type === 'Default' && operation.operator.includes('=')) {
    const risk = riskOfVariable(part.parameter, null)
    if (risk !== 'read')
      note(scope, risk, `${part.parameter} changes what later commands run`, part.pos, part.end)
  }
  if (operation?.type === 'Transform' && operation.operand.value.includes('P')) {
    note(
      scope,
      'destructive',
      'expands the value as a prompt, which runs the commands in it',
      part.pos,
      part.end,
    )
  }
  const names = operation?.type === 'Names' || part.index?.value === '@' || part.index?.value === '*'
  if (part.prefix === '!' && !names)
    note(scope, 'destructive', 'refers to a variable by another one', part.pos, part.end)
}

function noteHiddenSubscripts(node: SyntaxNode, scope: Scope): void {
  const stack: SyntaxNode[] = [node]
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    const value = 'value' in next && typeof next.value === 'string' ? next.value : ''
    if (next.type === 'Word' && hidesSubscript(value) && /['"\\]/.test(next.text)) {
      note(scope, 'destructive', 'a subscript that runs code when it is used', next.pos, next.end)
    }
    forEachChild(next, (child) => stack.push(child))
  }
}

function note(
  scope: Scope,
  risk: Risk,
  why: string,
  pos: number,
  end: number,
  flags: readonly CommandFlag[] = [],
): void {
  const start = scope.source.at(pos)
  addReason(
    scope.session,
    risk,
    why,
    start,
    Math.max(start, end > 0 ? scope.source.at(end - 1) + 1 : start),
    flags,
  )
}
