import { UNKNOWN } from '../placeholders.ts'
import { isKnown, joinArguments, syntheticArgument, tail } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import { riskOfVariable } from '../shell/environment.ts'
import type { Call, Judge } from './call.ts'
import { parseOptions } from './options.ts'

/** Programs that run the command given to them, and need more than `runs` in the facts. */
export const WRAPPERS: Record<string, Judge> = {
  sudo: judgeSudo,
  doas: judgeSudo,
  env: judgeEnv,
  command: judgeCommand,
  builtin: judgeCommand,
  exec: judgeExec,
  xargs: judgeXargs,
  watch: judgeWatch,
  su: judgeSu,
  runuser: judgeSu,
}

const SUDO_VALUES = new Set([
  'C', 'D', 'g', 'h', 'p', 'R', 'r', 't', 'T', 'U', 'u', 'close-from', 'chdir', 'group', 'host', 'prompt', 'chroot',
  'role', 'type', 'command-timeout', 'other-user', 'user',
]) // prettier-ignore

function judgeSudo(call: Call): void {
  const parsed = parseOptions(call.args, { values: SUDO_VALUES, style: 'gnu', stops: true })
  const names = new Set(parsed.options.flatMap((option) => option.candidates))
  if (parsed.open.length > 0 && parsed.firstOperand > call.args.indexOf(parsed.open[0] ?? call.word)) {
    return call.note('destructive', 'what sudo runs is not known before it runs', call.word, parsed.open[0])
  }
  if (names.has('e') || names.has('edit'))
    return call.note('change', 'edits a file', call.word, call.args.at(-1), ['interactive'])
  const words = afterAssignments(call, parsed.operands)
  if (words.length > 0) return call.run(words, { through: call.name })
  if (names.has('i') || names.has('s') || names.has('login') || names.has('shell'))
    return runStandardInput(call)
  call.note('read', 'lists or refreshes what sudo allows', call.word, call.args.at(-1))
}

/** A root shell: what it is given to read is what it runs. */
function runStandardInput(call: Call): void {
  if (call.stdin.kind === 'text') return call.shell(call.stdin.text, { through: call.name, where: 'remote' })
  if (call.stdin.kind === 'none')
    return call.note('destructive', 'opens a shell for a person', call.word, call.args.at(-1), [
      'interactive',
    ])
  call.note('destructive', 'runs whatever it is given on standard input', call.word, call.args.at(-1))
}

/** Judges leading `NAME=value` words, and returns the rest. */
function afterAssignments(call: Call, words: Argument[]): Argument[] {
  let index = 0
  for (; index < words.length; index++) {
    const word = words[index]
    const equals = word?.value.indexOf('=') ?? -1
    if (word === undefined || equals < 1 || word.value.startsWith('-')) break
    const name = word.value.slice(0, equals)
    const risk = name.includes(UNKNOWN)
      ? 'destructive'
      : riskOfVariable(name, isKnown(word) ? word.value.slice(equals + 1) : null)
    if (risk !== 'read') call.note(risk, `${name} changes what the command runs`, word)
    call.assign(name, tail(word, equals + 1))
  }
  return words.slice(index)
}

const ENV_VALUES = new Set(['u', 'unset', 'C', 'chdir', 'S', 'split-string', 'argv0', 'a'])
const ENV_NAMES = new Set([
  'i', 'ignore-environment', '0', 'null', 'v', 'debug', 'block-signal', 'default-signal', 'ignore-signal',
  'list-signal-handling', 'help', 'version',
]) // prettier-ignore

function judgeEnv(call: Call): void {
  const parsed = parseOptions(call.args, { values: ENV_VALUES, names: ENV_NAMES, style: 'gnu', stops: true })
  for (const option of parsed.options) {
    if (option.candidates.includes('split-string') || option.name === 'S') {
      return call.note(
        'destructive',
        'splits a text into the command that it runs',
        option.at,
        option.value ?? option.at,
      )
    }
  }
  const before = parsed.open.filter((word) => call.args.indexOf(word) < parsed.firstOperand)
  if (before.length > 0)
    return call.note('destructive', 'what env runs is not known before it runs', call.word, before[0])
  const words = afterAssignments(
    call,
    parsed.operands.filter((word, index) => !(index === 0 && word.value === '-')),
  )
  if (words.length > 0) return call.run(words, { through: 'env' })
  call.note('read', 'prints the environment', call.word, call.args.at(-1))
}

/** `command -v` asks; `command NAME` and `builtin NAME` run it without functions and aliases. */
function judgeCommand(call: Call): void {
  const [first, ...rest] = call.args
  if (first === undefined) return call.note('read', 'does nothing', call.word)
  if (call.name === 'command' && /^-p?[vV]/.test(first.value))
    return call.note('read', 'only asks what the name is', call.word, call.args.at(-1))
  const words = first.value === '-p' || first.value === '--' ? rest : call.args
  if (words.length > 0) call.run(words, { through: call.name })
}

function judgeExec(call: Call): void {
  call.changeShell()
  const parsed = parseOptions(call.args, { values: new Set(['a']), style: 'gnu', stops: true })
  if (parsed.operands.length > 0) return call.run(parsed.operands, { through: 'exec' })
  call.note('read', 'only moves file descriptors of this shell', call.word, call.args.at(-1))
}

const XARGS_VALUES = new Set([
  'a', 'arg-file', 'd', 'delimiter', 'E', 'I', 'J', 'L', 'n', 'max-args', 'P', 'max-procs', 's', 'max-chars', 'R', 'S',
  'process-slot-var', 'replace', 'max-lines', 'eof',
]) // prettier-ignore
const XARGS_NAMES = new Set([
  'null',
  'interactive',
  'open-tty',
  'no-run-if-empty',
  'verbose',
  'exit',
  'show-limits',
  'version',
  'help',
])
/** Long options whose value is only ever attached. */
const XARGS_ATTACHED = new Set(['replace', 'max-lines', 'eof'])

function judgeXargs(call: Call): void {
  const values = new Set([...XARGS_VALUES].filter((name) => !XARGS_ATTACHED.has(name)))
  const parsed = parseOptions(call.args, {
    values,
    names: new Set([...XARGS_NAMES, ...XARGS_ATTACHED]),
    style: 'gnu',
    stops: true,
  })
  if (parsed.open.some((word) => call.args.indexOf(word) <= parsed.firstOperand)) {
    return call.note('destructive', 'what xargs runs is not known before it runs', call.word, parsed.open[0])
  }
  const words = parsed.operands
  if (words.length === 0) return call.note('read', 'prints what it reads', call.word, call.args.at(-1))
  // GNU's `-iX` replaces X, wherever it stands.
  const attached = call.args
    .slice(0, parsed.firstOperand)
    .find((arg) => /^-[a-zA-Z0-9]*i./.test(arg.value) && !arg.value.startsWith('-I'))
  if (attached !== undefined && !attached.value.endsWith('i{}')) {
    return call.note('destructive', 'what xargs replaces cannot be told', attached)
  }
  const made = call.stdin.kind === 'text' || (call.stdin.kind === 'data' && call.stdin.made)
  const inner: Call['stdin'] = { kind: 'none' }
  const replace = parsed.options.findLast(
    ({ name }) => name === 'I' || name === 'i' || name === 'replace' || name === 'J',
  )
  if (replace === undefined) {
    const appended = syntheticArgument(UNKNOWN, words.at(-1) ?? call.word, made)
    return call.run([...words, appended], { through: 'xargs', stdin: inner })
  }
  const mark = replace.value?.value || '{}'
  if (mark.includes(UNKNOWN)) return call.note('destructive', 'what xargs replaces is not known', replace.at)
  call.run(
    words.map((word) => replaceMark(word, mark, made)),
    { through: 'xargs', stdin: inner },
  )
}

/** The word as it is once `{}` has been replaced by what xargs or find give. */
export function replaceMark(word: Argument, mark: string, made: boolean): Argument {
  const at = word.value.indexOf(mark)
  if (at === -1) return word
  const rest = replaceMark(tail(word, at + mark.length), mark, made)
  return {
    ...word,
    value: `${word.value.slice(0, at)}${UNKNOWN}${rest.value}`,
    offsets: [...word.offsets.slice(0, at), word.offsets[at] ?? word.start, ...rest.offsets],
    open: word.open || (made && at === 0),
    fixed: false,
  }
}

const WATCH_VALUES = new Set(['n', 'interval', 'q', 'equexit'])
const WATCH_NAMES = new Set([
  'beep', 'color', 'no-color', 'differences', 'errexit', 'chgexit', 'precise', 'no-rerun', 'no-title', 'no-wrap', 'exec',
  'help', 'version',
]) // prettier-ignore

/** Its words are joined and given to `sh -c`, unless `-x`. */
function judgeWatch(call: Call): void {
  const parsed = parseOptions(call.args, {
    values: WATCH_VALUES,
    names: WATCH_NAMES,
    style: 'gnu',
    stops: true,
  })
  if (parsed.open.some((word) => call.args.indexOf(word) < parsed.firstOperand)) {
    return call.note('destructive', 'what watch runs is not known before it runs', call.word, parsed.open[0])
  }
  if (parsed.operands.length === 0) return call.note('read', 'prints its help', call.word, call.args.at(-1))
  call.note('read', 'repeats until it is stopped', call.word, call.word, ['endless'])
  const exec = parsed.options.some(
    ({ candidates }) => candidates.includes('x') || candidates.includes('exec'),
  )
  if (exec) call.run(parsed.operands, { through: 'watch', stdin: { kind: 'none' } })
  else
    call.shell(joinArguments(parsed.operands), { through: 'watch', stdin: { kind: 'none' }, where: 'local' })
}

const SU_VALUES = new Set([
  'c',
  'command',
  's',
  'shell',
  'g',
  'group',
  'G',
  'supp-group',
  'w',
  'whitelist-environment',
  'u',
  'user',
  'session-command',
])

function judgeSu(call: Call): void {
  const parsed = parseOptions(call.args, { values: SU_VALUES, style: 'gnu', stops: false })
  if (parsed.open.length > 0)
    return call.note('destructive', 'options that are not known before it runs', call.word, parsed.open[0])
  const code = parsed.options.find(
    ({ name }) => name === 'c' || name === 'command' || name === 'session-command',
  )?.value
  const shell = parsed.options.find(({ name }) => name === 's' || name === 'shell')
  if (shell?.value && !/^(?:\/usr)?\/bin\/(?:ba|da)?sh$/.test(shell.value.value)) {
    return call.note('destructive', 'runs another shell than the usual one', shell.at, shell.value)
  }
  if (code)
    return call.shell(code, {
      through: `${call.name} -c`,
      stdin: call.stdin,
      where: 'remote',
      positional: parsed.operands.length > 1,
    })
  const user = parsed.options.find(({ name }) => name === 'u' || name === 'user')
  if (call.name === 'runuser' && user !== undefined) {
    const own = parseOptions(call.args, { values: SU_VALUES, style: 'gnu', stops: true })
    if (own.operands.length > 0) return call.run(own.operands, { through: 'runuser', where: 'remote' })
  }
  runStandardInput(call)
}
