import { isKnown, joinArguments } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import { riskOfVariable } from '../shell/environment.ts'
import { hidesSubscript } from '../shell/subscript.ts'
import type { Call, Judge } from './call.ts'

/** Builtins that only look, or change nothing beyond this shell. */
const READS = [
  ':', 'true', 'false', 'cd', 'pwd', 'pushd', 'popd', 'dirs', 'shift', 'break', 'continue', 'return', 'exit', 'logout',
  'wait', 'jobs', 'bg', 'fg', 'disown', 'ulimit', 'umask', 'times', 'type', 'which', 'whereis', 'help',
  'caller', 'shopt', 'echo', 'unalias', 'set', 'sleep', 'suspend', '#',
] // prettier-ignore
const SHELL_STATE = new Set([
  'cd',
  'pushd',
  'popd',
  'ulimit',
  'umask',
  'shopt',
  'set',
  'unalias',
  'exit',
  'shift',
])

export const BUILTINS: Record<string, Judge> = {
  ...Object.fromEntries(READS.map((name): [string, Judge] => [name, judgeRead])),
  test: judgeTest,
  '[': judgeTest,
  export: judgeDeclare,
  declare: judgeDeclare,
  typeset: judgeDeclare,
  local: judgeDeclare,
  readonly: judgeDeclare,
  unset: judgeNames,
  let: judgeNames,
  read: judgeReadLine,
  getopts: judgeReadLine,
  mapfile: judgeMapfile,
  readarray: judgeMapfile,
  printf: judgePrintf,
  trap: judgeTrap,
  eval: judgeEval,
  source: judgeSource,
  '.': judgeSource,
  alias: judgeAlias,
  hash: judgeHash,
  enable: (call) => refuse(call, 'replaces builtins'),
  bind: (call) => refuse(call, 'binds keys to commands'),
  complete: (call) => refuse(call, 'registers code for completion'),
  compgen: judgeCompgen,
  fc: (call) => refuse(call, 'runs earlier commands again'),
  history: judgeHistory,
  kill: judgeKill,
  pkill: judgeKill,
  killall: judgeKill,
  skill: judgeKill,
}

function refuse(call: Call, why: string): void {
  call.note('destructive', `${call.name} ${why}`, call.word, call.args.at(-1))
}

function judgeRead(call: Call): void {
  if (SHELL_STATE.has(call.name)) call.changeShell()
  const why = call.name === 'echo' ? 'only prints' : `${call.name} changes nothing outside this shell`
  call.note('read', why, call.word, call.args.at(-1))
}

/** `test -v 'a[$(rm x)]'` runs the substitution. */
function judgeTest(call: Call): void {
  noteSubscripts(call, call.args)
  call.note('read', 'only compares', call.word, call.args.at(-1))
}

function noteSubscripts(call: Call, args: readonly Argument[]): void {
  for (const arg of args) {
    if (hidesSubscript(arg.value)) call.note('destructive', 'a subscript that runs code when it is used', arg)
  }
}

function judgeDeclare(call: Call): void {
  call.changeShell()
  noteSubscripts(call, call.args)
  for (const arg of call.args) {
    const [, name = '', value] = /^([^=+]*)\+?(?:=(.*))?$/s.exec(arg.value) ?? []
    if (arg.open) call.note('destructive', 'the name of a variable is not known before it runs', arg)
    else if (!arg.value.startsWith('-') && value !== undefined) {
      const risk = riskOfVariable(name.replace(/\[.*$/s, ''), isKnown(arg) ? value : null)
      if (risk !== 'read') call.note(risk, `${name} changes what later commands run`, arg)
    } else if (/^-\w*[nc]/.test(arg.value) && call.name !== 'export') {
      call.note('destructive', 'a variable that stands for another one', arg)
    }
  }
  call.note('read', 'sets variables of this shell', call.word, call.args.at(-1))
}

function judgeNames(call: Call): void {
  call.changeShell()
  noteSubscripts(call, call.args)
  if (call.name === 'unset' && call.args.some((arg) => arg.value === '-f'))
    call.note('read', 'removes a function', call.word)
  for (const arg of call.args) {
    // without a path the shell looks for programs in the folder where it is
    if (call.name === 'unset' && (!isKnown(arg) || arg.value === 'PATH'))
      call.note('destructive', 'changes what later commands run', arg)
    if (call.name === 'let' && /^\W*(?:PATH|BASH\w*|LD_\w+)\W*=/.test(arg.value))
      call.note('destructive', 'changes what later commands run', arg)
  }
  call.note('read', 'changes nothing outside this shell', call.word, call.args.at(-1))
}

function judgeReadLine(call: Call): void {
  call.changeShell()
  noteSubscripts(call, call.args)
  for (const arg of call.args) {
    if (arg.open || (/^[A-Z_]\w*$/.test(arg.value) && riskOfVariable(arg.value, null) === 'destructive')) {
      call.note('destructive', `${arg.value} changes what later commands run`, arg)
    }
  }
  const waits = call.stdin.kind === 'none' && call.name === 'read'
  call.note(
    'read',
    waits ? 'waits for a line from the terminal' : 'reads a line',
    call.word,
    call.args.at(-1),
    waits ? ['interactive'] : [],
  )
}

function judgeMapfile(call: Call): void {
  call.changeShell()
  if (call.args.some((arg) => arg.open || /^-\w*C/.test(arg.value))) return refuse(call, 'runs a callback')
  judgeReadLine(call)
}

function judgePrintf(call: Call): void {
  const [first, second] = call.args
  if (first?.value.startsWith('-v') === true) {
    const name = first.value.length > 2 ? first.value.slice(2) : (second?.value ?? '')
    call.changeShell()
    noteSubscripts(call, call.args.slice(0, 2))
    if (second?.open === true || riskOfVariable(name.replace(/\[.*$/s, ''), null) !== 'read') {
      return call.note('destructive', `${name} changes what later commands run`, first, second)
    }
  } else if (first?.open === true)
    return call.note('destructive', 'options that are not known before it runs', first)
  call.note('read', 'only prints', call.word, call.args.at(-1))
}

function judgeTrap(call: Call): void {
  call.changeShell()
  const words = call.args.filter((arg) => arg.value !== '--')
  const [code, ...signals] = words
  if (
    code === undefined ||
    /^-[lp]$/.test(code.value) ||
    code.value === '-' ||
    code.value === '' ||
    signals.length === 0
  ) {
    return call.note('read', 'lists or resets traps', call.word, call.args.at(-1))
  }
  const odd = signals.find(
    (signal) => !/^(?:SIG)?(?:EXIT|INT|TERM|HUP|QUIT|USR1|USR2|PIPE|\d+)$/i.test(signal.value),
  )
  if (odd !== undefined) refuse(call, 'runs code between other commands')
  call.shell(code, { through: 'trap', where: 'local' })
}

/** Its words are judged as well, so that the reasons say what they are. */
function judgeEval(call: Call): void {
  call.changeShell()
  if (call.args.length > 0) call.shell(joinArguments(call.args), { through: 'eval', where: 'local' })
  refuse(call, 'runs a text that is put together when it runs')
}

function judgeSource(call: Call): void {
  call.changeShell()
  refuse(call, 'runs a script that cannot be judged')
}

function judgeAlias(call: Call): void {
  const sets = call.args.some((arg) => arg.open || arg.value.includes('='))
  if (!sets) return call.note('read', 'lists aliases', call.word, call.args.at(-1))
  call.changeShell()
  refuse(call, 'changes what later commands mean')
}

function judgeHash(call: Call): void {
  if (call.args.some((arg) => arg.open || /^-\w*p/.test(arg.value)))
    return refuse(call, 'changes what later commands run')
  judgeRead(call)
}

function judgeCompgen(call: Call): void {
  if (call.args.some((arg) => arg.open || /^-\w*[CF]/.test(arg.value))) return refuse(call, 'runs a command')
  judgeRead(call)
}

function judgeHistory(call: Call): void {
  const [option] = call.args
  if (option === undefined || /^\d+$/.test(option.value)) return judgeRead(call)
  if (/^-[cd]/.test(option.value)) return refuse(call, 'forgets history')
  call.note('change', 'changes the history', call.word, option)
}

const LISTS = /^(?:-l|-L|--list|--table|--help|--version|-V)$/

/** Signal 0 only asks whether the process is there; HUP makes most services read their configuration again. */
function judgeKill(call: Call): void {
  const [first, second] = call.args
  if (first !== undefined && LISTS.test(first.value) && first.fixed)
    return call.note('read', 'lists signals', call.word, first)
  const [, attached] = /^-(?:s|n|-signal=?)?(?:SIG)?(\w+)$/.exec(first?.value ?? '') ?? []
  const separate = /^(?:-s|-n|--signal)$/.test(first?.value ?? '')
  const signal = (separate ? second?.value : attached)?.replace(/^SIG/i, '').toUpperCase()
  const others = call.args.slice(separate ? 2 : 1)
  const more = others.some((arg) => arg.open || /^(?:-\d|-s|--signal|-[A-Z]{2})/.test(arg.value))
  if (first?.open !== true && !more && signal === '0')
    return call.note('read', 'signal 0 only asks whether it runs', call.word, call.args.at(-1))
  if (first?.open !== true && !more && (signal === 'HUP' || signal === '1'))
    return call.note('change', 'makes it read its configuration again', call.word, call.args.at(-1))
  call.note('destructive', 'ends processes', call.word, call.args.at(-1))
}
