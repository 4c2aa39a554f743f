import { isKnown } from '../shell/argument.ts'
import type { Call, Judge } from './call.ts'
import { parseOptions } from './options.ts'
import { openWord, refuse, say } from './say.ts'

/** The system: programs whose operands say what they do. */
export const SYSTEM_JUDGES: Record<string, Judge> = {
  dd: judgeDd,
  date: judgeDate,
  hostname: judgeHostname,
  sysctl: judgeSysctl,
  service: judgeService,
  python: judgePython,
  python3: judgePython,
  java: judgeVersion,
  busybox: judgeBusybox,
  toybox: judgeBusybox,
  iostat: judgeInterval,
  vmstat: judgeInterval,
  mpstat: judgeInterval,
  pidstat: judgeInterval,
  sar: judgeInterval,
  dstat: judgeInterval,
  jstat: judgeInterval,
  top: judgeTop,
  jcmd: judgeJcmd,
  fuser: judgeFuser,
  unzip: judgeUnzip,
  zip: judgeZip,
  screen: judgeMultiplexer,
  tmux: judgeMultiplexer,
}

function judgeDd(call: Call): void {
  if (openWord(call)) return
  const out = call.args.findLast((arg) => arg.value.startsWith('of='))
  if (out === undefined) return say(call, 'read', 'copies to standard output')
  const target = out.value.slice(3)
  if (target === '/dev/null' || target === '/dev/stdout') return say(call, 'read', 'writes to nothing')
  say(
    call,
    target.startsWith('/dev/') || !isKnown(out) ? 'destructive' : 'change',
    'writes a file or a device',
  )
}

function judgeDate(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, {
    values: new Set(['d', 'date', 'f', 'file', 'r', 'reference', 's', 'set']),
    names: new Set(['iso-8601', 'rfc-3339', 'rfc-email', 'utc', 'universal', 'debug']),
    style: 'gnu',
    stops: false,
  })
  const sets = parsed.options.some(({ candidates }) =>
    candidates.some((name) => name === 's' || name === 'set'),
  )
  const bsd = call.args.some((arg) => /^-[jv]/.test(arg.value))
  if (sets || (!bsd && parsed.operands.some((word) => !word.value.startsWith('+'))))
    return say(call, 'change', 'sets the clock')
  say(call, 'read', 'shows the time')
}

function judgeHostname(call: Call): void {
  const sets = call.args.some(
    (arg) => arg.open || !arg.value.startsWith('-') || /^-(?:\w*[Fb]|-fi|-b)/.test(arg.value),
  )
  say(call, sets ? 'change' : 'read', sets ? 'sets the name of the host' : 'shows the name of the host')
}

function judgeSysctl(call: Call): void {
  const sets = call.args.some(
    (arg) => arg.open || /=/.test(arg.value) || /^-\w*[wpf]|^--[wls]/.test(arg.value),
  )
  say(call, sets ? 'change' : 'read', sets ? 'sets a kernel parameter' : 'shows kernel parameters')
}

function judgeService(call: Call): void {
  const [name, verb] = call.args
  if (openWord(call)) return
  if (name?.value === '--status-all' || name?.value === '--version')
    return say(call, 'read', 'lists services')
  if (verb === undefined || !isKnown(verb) || !verb.fixed)
    return refuse(call, 'an action that is not known before it runs')
  if (verb.value === 'status' && name !== undefined) return say(call, 'read', 'shows the state of a service')
  const known =
    /^(?:start|stop|restart|reload|force-reload|try-restart|condrestart|graceful|configtest)$/.test(
      verb.value,
    )
  say(call, known ? 'change' : 'destructive', known ? 'changes a service' : 'an action that is not known')
}

/** `python -m json.tool` only formats; with a second file it writes. */
function judgePython(call: Call): void {
  const words = call.args.map((arg) => arg.value)
  if (words.length === 1 && /^(?:--version|-V|-VV)$/.test(words[0] ?? ''))
    return say(call, 'read', 'prints its version')
  const module = words[0] === '-m' ? words[1] : /^-m(.+)/.exec(words[0] ?? '')?.[1]
  const rest = call.args.slice(words[0] === '-m' ? 2 : 1)
  if (
    module === 'json.tool' &&
    !openWord(call) &&
    rest.filter((arg) => !arg.value.startsWith('--') && !/^\d+$/.test(arg.value)).length < 2
  ) {
    return say(call, 'read', 'formats JSON')
  }
  refuse(
    call,
    'runs code that cannot be judged',
    call.args.length === 0 && call.stdin.kind === 'none' ? ['interactive'] : [],
  )
}

function judgeVersion(call: Call): void {
  const [only, ...more] = call.args
  if (more.length === 0 && /^-{1,2}version$/.test(only?.value ?? ''))
    return say(call, 'read', 'prints its version')
  refuse(call, 'runs code that cannot be judged')
}

function judgeBusybox(call: Call): void {
  if (call.args.length === 0 || /^--(?:list|help|list-full)$/.test(call.args[0]?.value ?? ''))
    return say(call, 'read', 'lists its programs')
  call.run(call.args, { through: call.name })
}

/** `vmstat 1` goes on, `vmstat 1 5` ends. */
function judgeInterval(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, {
    values: new Set(['o', 'P', 'p', 'f', 's', 'e', 'j', 'dec', 'S', 'C', 'G', 'U', 'T', 'h']),
    style: 'gnu',
    stops: false,
  })
  if (call.args.some((arg) => arg.value.startsWith('-J')))
    return refuse(call, 'gives options to its virtual machine')
  if (parsed.options.some(({ name }) => name === 'o' || name === 'output'))
    return say(call, 'change', 'writes a file')
  const numbers = parsed.operands.filter((word) => /^[\d.]+(?:s|ms)?$/.test(word.value) || !isKnown(word))
  const bounded = numbers.length > (call.name === 'jstat' ? 2 : 1)
  if (parsed.options.some(({ name }) => name === 'e') && call.name === 'pidstat')
    return refuse(call, 'runs a command')
  const endless =
    call.name === 'dstat'
      ? numbers.length < 2
      : numbers.length === (call.name === 'jstat' ? 2 : 1) && !bounded
  say(call, 'read', 'shows figures', endless ? ['endless'] : [])
}

/** `top -b -n 1` prints once. */
function judgeTop(call: Call): void {
  const parsed = parseOptions(call.args, {
    values: new Set('dnpuUowsel'.split('')),
    names: new Set(['batch', 'iterations']),
    style: 'gnu',
    stops: false,
  })
  const names = parsed.options.flatMap(({ candidates }) => candidates)
  const batch = names.includes('b') || names.includes('batch')
  const bounded = names.includes('n') || names.includes('iterations') || names.includes('l')
  say(
    call,
    'read',
    'shows processes',
    batch || names.includes('l')
      ? bounded
        ? []
        : ['endless']
      : bounded
        ? ['interactive']
        : ['endless', 'interactive'],
  )
}

function judgeJcmd(call: Call): void {
  const [, command, ...more] = call.args
  if (openWord(call)) return
  if (command?.value === 'GC.class_histogram' && !more.some((arg) => arg.value === '-all'))
    return say(call, 'change', 'collects garbage before it counts')
  if (more.some((arg) => !arg.value.startsWith('-'))) return refuse(call, 'acts on a Java process')
  if (command === undefined) return say(call, 'read', 'lists Java processes')
  if (
    isKnown(command) &&
    /^(?:help|Thread\.print|VM\.(?:flags|version|uptime|command_line|system_properties|info|native_memory|classloader_stats|metaspace)|GC\.(?:heap_info|class_histogram))$/.test(
      command.value,
    )
  )
    return say(call, 'read', 'shows the state of a Java process')
  refuse(call, 'acts on a Java process')
}

function judgeFuser(call: Call): void {
  if (call.args.some((arg) => arg.open || /^-\w*k|^--k/.test(arg.value)))
    return refuse(call, 'ends processes')
  say(call, 'read', 'lists who uses a file')
}

function judgeUnzip(call: Call): void {
  if (openWord(call)) return
  const first = call.args.find((arg) => arg.value.startsWith('-'))
  const lists = first !== undefined && first === call.args[0] && /^-[lvZtpcz][lvqt12]*$/.test(first.value)
  say(call, lists ? 'read' : 'change', lists ? 'lists or prints an archive' : 'writes files')
}

/** Its options have two letters: `-TT` names the program that tests the archive. */
function judgeZip(call: Call): void {
  if (openWord(call)) return
  if (call.args.some((arg) => /^-\w*TT|^--unzip-command/.test(arg.value)))
    return refuse(call, 'runs a program')
  if (call.args.some((arg) => /^-\w*[md]|^--(?:move|delete)/.test(arg.value)))
    return refuse(call, 'removes files')
  say(call, 'change', 'writes an archive')
}

/** Only listing sessions is harmless: everything else opens one, or types into one. */
function judgeMultiplexer(call: Call): void {
  const [only, ...more] = call.args
  const lists =
    more.length === 0 && /^(?:-ls|-list|ls|list-sessions|list-windows|-v|-V)$/.test(only?.value ?? '')
  if (lists) return say(call, 'read', 'lists sessions')
  refuse(call, 'opens a session, or types into one', ['interactive'])
}
