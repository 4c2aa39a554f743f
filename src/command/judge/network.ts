import { isKnown } from '../shell/argument.ts'
import type { Call, Judge } from './call.ts'
import { parseOptions } from './options.ts'
import { openWord, refuse, say } from './say.ts'

/** Networks: programs whose operands say what they do. */
export const NETWORK_JUDGES: Record<string, Judge> = {
  ip: judgeIp,
  ifconfig: judgeIfconfig,
  ping: judgePing,
  ping6: judgePing,
  nc: judgeNetcat,
  ncat: judgeNetcat,
  netcat: judgeNetcat,
  telnet: (call) => refuse(call, 'opens a session for a person', ['interactive']),
}

/** Verbs that show, by their whole name or a part that fits no other: `ip link s` sets. */
const SHOWS = /^(?:sh|sho|show|l|li|lis|list|lst|ls|get|help|showdump|identify|pids)$/

/** `ip [options] OBJECT [COMMAND …]`: without a command it lists. */
function judgeIp(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, {
    values: new Set(['family', 'f', 'netns', 'n', 'l', 'loops', 'rcvbuf', 'batch', 'b']),
    style: 'go',
    stops: true,
  })
  if (parsed.options.some(({ name }) => /^(?:b|batch|force)$/.test(name)))
    return refuse(call, 'runs commands from a file')
  const [object, verb, ...rest] = parsed.operands
  if (object === undefined) return say(call, 'read', 'prints its usage')
  if (!object.fixed || !isKnown(object) || (verb !== undefined && (!verb.fixed || !isKnown(verb))))
    return refuse(call, 'an object or action that is not known before it runs')
  if (/^(?:netns|vrf)$/.test(object.value) && /^e(?:x(?:ec?)?)?$/.test(verb?.value ?? '')) {
    const [, ...inner] = rest
    if (inner.length === 0) return refuse(call, 'runs nothing that is named')
    return call.run(inner, { through: 'ip netns exec' })
  }
  if (verb !== undefined && /^m(?:o|on|oni|onit|onito|onitor)?$/.test(verb.value))
    return say(call, 'read', 'follows changes', ['endless'])
  if (object.value.startsWith('mo')) return say(call, 'read', 'follows changes', ['endless'])
  if (verb === undefined || SHOWS.test(verb.value) || (verb.value === 's' && /^(?:a|r|n)/.test(object.value)))
    return say(call, 'read', 'shows the network')
  if (/^(?:d|f|del|delete|flush|fl)/.test(verb.value))
    return refuse(call, 'removes something from the network')
  say(call, 'change', 'changes the network')
}

function judgeIfconfig(call: Call): void {
  if (openWord(call)) return
  const names = call.args.filter((arg) => !arg.value.startsWith('-'))
  say(
    call,
    names.length > 1 ? 'change' : 'read',
    names.length > 1 ? 'changes an interface' : 'shows interfaces',
  )
}

function judgePing(call: Call): void {
  const parsed = parseOptions(call.args, {
    values: new Set('cIiFlMmpQsStTwWeh'.split('')),
    style: 'gnu',
    stops: false,
  })
  const bounded = parsed.options.some(({ name, value }) => (name === 'c' || name === 'w') && value !== null)
  if (parsed.options.some(({ name }) => name === 'f'))
    return say(call, 'change', 'floods a host', bounded ? [] : ['endless'])
  const loads = parsed.options.some(({ name }) => name === 'V')
  say(call, 'read', 'asks whether a host answers', bounded || loads ? [] : ['endless'])
}

/** `-z` only asks whether the port is open; everything else sends what it is given. */
function judgeNetcat(call: Call): void {
  if (openWord(call)) return
  const parsed = parseOptions(call.args, {
    values: new Set([
      'i',
      'I',
      'M',
      'm',
      'O',
      'P',
      'p',
      'q',
      's',
      'T',
      'V',
      'W',
      'w',
      'X',
      'x',
      'e',
      'c',
      'sh-exec',
      'exec',
      'lua-exec',
    ]),
    style: 'gnu',
    stops: false,
  })
  const has = (...names: string[]): boolean =>
    parsed.options.some(({ candidates }) => candidates.some((name) => names.includes(name)))
  if (has('e', 'c', 'sh-exec', 'exec', 'lua-exec')) return refuse(call, 'gives a program to the network')
  if (has('l', 'listen', 'k')) return say(call, 'change', 'opens a port', ['endless'])
  if (has('z') || call.stdin.kind === 'empty') return say(call, 'read', 'asks whether a port is open')
  if (has('h', 'version')) return say(call, 'read', 'prints its help')
  if (
    call.stdin.kind === 'text' &&
    /^\s*(?:ruok|stat|srvr|mntr|conf|cons|envi|stats|version|isro|PING|INFO)\s*$/.test(call.stdin.text.value)
  ) {
    return say(call, 'read', 'asks a server how it is')
  }
  refuse(call, 'sends what cannot be judged', call.stdin.kind === 'none' ? ['interactive'] : [])
}
