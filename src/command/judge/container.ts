import { TOOLS } from '../tools/index.ts'
import type { Argument } from '../shell/argument.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'
import { judgeTool } from './tool.ts'

const GLOBAL = new Set([
  'c', 'context', 'H', 'host', 'l', 'log-level', 'config', 'tlscacert', 'tlscert', 'tlskey', 'r', 'runtime-endpoint', 'i',
  'image-endpoint', 't', 'timeout', 'n', 'namespace', 'a', 'address', 'url', 'connection', 'identity', 'root', 'runroot',
  'f', 'file', 'p', 'project-name', 'project-directory', 'env-file', 'profile', 'ansi', 'progress',
]) // prettier-ignore
const EXEC = new Set([
  'e',
  'env',
  'env-file',
  'u',
  'user',
  'w',
  'workdir',
  'detach-keys',
  'index',
  'timeout',
  'preserve-fds',
  'exec-id',
])
/** `docker run` and `create`; podman's and nerdctl's are the same where they have them. */
const RUN = `
  a attach add-host annotation blkio-weight blkio-weight-device cap-add cap-drop cgroup-parent cgroupns cidfile cpu-period
  cpu-quota cpu-rt-period cpu-rt-runtime c cpu-shares cpus cpuset-cpus cpuset-mems detach-keys device device-cgroup-rule
  device-read-bps device-read-iops device-write-bps device-write-iops dns dns-option dns-search domainname entrypoint e env
  env-file expose gpus group-add health-cmd health-interval health-retries health-start-interval health-start-period
  health-timeout h hostname ip ip6 ipc isolation kernel-memory l label label-file link link-local-ip log-driver log-opt
  mac-address m memory memory-reservation memory-swap memory-swappiness mount name network net network-alias oom-score-adj pid
  pids-limit platform p publish pull restart runtime security-opt shm-size stop-signal stop-timeout storage-opt sysctl
  tmpfs ulimit u user userns uts v volume volume-driver volumes-from w workdir
`
const RUN_VALUES = new Set(RUN.split(/\s+/).filter((word) => word !== ''))

/** `exec` and `run` hand over to the command inside; the rest are subcommands among the facts. */
export function judgeContainer(call: Call): void {
  const parsed = parseOptions(call.args, { values: GLOBAL, style: 'gnu', stops: true })
  let words = parsed.operands
  if (parsed.open.some((word) => call.args.indexOf(word) <= parsed.firstOperand)) {
    return call.note(
      'destructive',
      'a subcommand that is not known before it runs',
      call.word,
      parsed.open[0],
    )
  }
  while (words[0]?.fixed === true && /^(?:container|compose)$/.test(words[0].value)) {
    const inner = parseOptions(words.slice(1), { values: GLOBAL, style: 'gnu', stops: true })
    if (inner.open.some((word) => inner.operands.indexOf(word) < 1)) break
    words = inner.operands
  }
  const [verb, ...rest] = words
  if (verb?.fixed === true && verb.value === 'exec' && call.name !== 'ctr') return judgeExec(call, rest)
  if (verb?.fixed === true && verb.value === 'run' && call.name !== 'ctr' && call.name !== 'crictl')
    return judgeRun(call, verb, rest)
  const facts = TOOLS.get(call.name)
  if (facts === undefined) return call.note('destructive', `nothing is known about ${call.name}`, call.word)
  judgeTool(call, facts)
}

function judgeExec(call: Call, args: Argument[]): void {
  const parsed = parseOptions(args, { values: EXEC, style: 'gnu', stops: true })
  const [, ...inner] = parsed.operands
  if (parsed.open.some((word) => args.indexOf(word) <= parsed.firstOperand)) {
    return call.note('destructive', 'what is run is not known before it runs', call.word, parsed.open[0])
  }
  const input = parsed.options.some(({ name }) => name === 'i' || name === 'interactive')
  if (inner.length === 0)
    return call.note('destructive', 'runs nothing that is named', call.word, args.at(-1))
  call.run(inner, {
    through: `${call.name} exec`,
    where: 'remote',
    ...(input || call.name === 'docker-compose' ? {} : { stdin: { kind: 'none' } }),
  })
}

/** Starting a container is a change; what an image runs by itself is the same for every image. */
function judgeRun(call: Call, verb: Argument, args: Argument[]): void {
  const parsed = parseOptions(args, { values: RUN_VALUES, style: 'gnu', stops: true })
  for (const word of parsed.open) {
    if (args.indexOf(word) <= parsed.firstOperand)
      return call.note('destructive', 'what is run is not known before it runs', word)
  }
  const has = (...names: string[]): boolean => parsed.options.some(({ name }) => names.includes(name))
  if (has('privileged', 'entrypoint', 'v', 'volume', 'mount', 'pid', 'cap-add', 'device', 'volumes-from')) {
    call.note(
      'destructive',
      'reaches the host, or replaces what the image runs',
      call.word,
      parsed.options.at(-1)?.at,
    )
  }
  call.note('change', 'starts a container', call.word, verb)
  const [image, ...inner] = parsed.operands
  const terminal = has('t', 'tty')
  if (image === undefined) return
  if (inner.length === 0) {
    if (terminal) call.note('destructive', 'opens a session for a person', call.word, image, ['interactive'])
    return
  }
  if (inner[0]?.value.startsWith('-') === true)
    return call.note('destructive', 'options for a program that is not named', inner[0], inner.at(-1))
  call.run(inner, {
    through: `${call.name} run`,
    where: 'remote',
    ...(has('i', 'interactive') ? {} : { stdin: { kind: 'none' } }),
  })
}
