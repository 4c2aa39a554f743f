import { UNKNOWN } from '../placeholders.ts'
import { isKnown, joinArguments } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'

const VALUES = new Set('BbcDEeFIiJLlmOoPpQRSWw'.split(''))

/** Client options that run programs here or forward connections. */
const RISKY_SETTINGS =
  /^(?:proxycommand|localcommand|permitlocalcommand|knownhostscommand|pkcs11provider|securitykeyprovider|include|match|remotecommand|sendenv|setenv|xauthlocation|proxyusefdpass|smartcarddevice)\b/i

/** `ssh [options] host [command…]`: the words are joined by spaces and given to the shell of the other host. */
export function judgeRemote(call: Call): void {
  const parsed = parseOptions(call.args, { values: VALUES, style: 'gnu', stops: true })
  // OpenSSH takes options behind the host as well, up to the command.
  const [host, ...rest] = parsed.operands
  const more = parseOptions(rest, { values: VALUES, style: 'gnu', stops: true })
  const options = [...parsed.options, ...more.options]
  const names = new Set(options.map((option) => option.name))
  const forwards = ['L', 'R', 'D', 'w', 'W'].some((name) => names.has(name))
  const early = [...parsed.open, ...more.open].filter((word) => !more.operands.includes(word))
  for (const word of early) call.note('destructive', 'options of ssh that are not known before it runs', word)
  for (const option of options) {
    if (option.name === 'o') noteSetting(call, option.value ?? option.at)
    else if (option.name === 'F')
      call.note('destructive', 'reads settings that may run something', option.at, option.value ?? option.at)
    else if (option.name === 'I' || option.name === 'E')
      call.note('destructive', 'loads a library or writes a log', option.at, option.value ?? option.at)
    else if (option.name === 'O' || option.name === 'S')
      call.note('change', 'controls a shared connection', option.at, option.value ?? option.at)
  }
  if (names.has('V') || names.has('Q') || names.has('G'))
    return call.note('read', 'only prints', call.word, call.args.at(-1))
  if (forwards) {
    call.note('change', 'opens a tunnel', call.word, call.args.at(-1), names.has('f') ? [] : ['endless'])
    if (names.has('N') || names.has('W') || names.has('f')) return
  } else if (names.has('N'))
    call.note('change', 'holds a connection open', call.word, call.args.at(-1), ['endless'])
  if (names.has('s')) return call.note('destructive', 'starts a subsystem', call.word, call.args.at(-1))
  if (host?.value.startsWith('-') === true)
    call.note('destructive', 'options that are not known before it runs', host)
  runRemote(call, more.operands, 'ssh', names.has('n') ? { kind: 'empty' } : call.stdin)
}

/** Judges words that another host's shell gets as one text; without any it opens a session. */
export function runRemote(call: Call, words: Argument[], through: string, stdin: Call['stdin']): void {
  if (words.length > 0) return call.shell(joinArguments(words), { through, stdin, where: 'remote' })
  if (stdin.kind === 'text') return call.shell(stdin.text, { through, where: 'remote' })
  if (stdin.kind === 'empty') return call.note('read', 'is given nothing to run', call.word, call.args.at(-1))
  if (stdin.kind === 'data')
    return call.note(
      'destructive',
      'runs whatever it is given on standard input',
      call.word,
      call.args.at(-1),
    )
  call.note('destructive', 'opens a session on another host for a person', call.word, call.args.at(-1), [
    'interactive',
  ])
}

function noteSetting(call: Call, setting: Argument): void {
  const name = setting.value.trim().split(/[\s=]/)[0] ?? ''
  if (!isKnown(setting) && (name === '' || name.includes(UNKNOWN)))
    call.note('destructive', 'a setting of ssh that is not known before it runs', setting)
  else if (/^proxycommand[\s=]+none$/i.test(setting.value.trim())) return
  else if (RISKY_SETTINGS.test(name))
    call.note('destructive', 'a setting of ssh that runs or loads something', setting)
  else if (/^(?:local|remote|dynamic)forward|^tunnel/i.test(name))
    call.note('change', 'opens a tunnel', setting)
}
