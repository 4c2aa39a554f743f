import type { CommandFlag, Risk } from '../model.ts'
import { parseKubectl } from '../kubectl/index.ts'
import type { KubectlCommand } from '../kubectl/index.ts'
import { UNKNOWN } from '../placeholders.ts'
import type { Argument } from '../shell/argument.ts'
import { TOOLS } from '../tools/index.ts'
import type { Call, Stdin } from './call.ts'
import { judgeTool } from './tool.ts'

/** Risk of kubectl's commands by their words. What is not here cannot be judged. */
const RISKS: Record<string, Risk> = {
  ...verbs('read', `
    get describe logs events explain api-resources api-versions version options help completion diff wait kustomize top,pod top,node
    auth,can-i auth,whoami cluster-info cluster-info,dump config,view config,get-contexts config,get-clusters config,get-users
    config,current-context rollout,status rollout,history plugin,list apply,view-last-applied set,env kuberc,view`),
  ...verbs('change', `
    apply apply,edit-last-applied apply,set-last-applied create expose run set,image set,resources set,selector set,serviceaccount
    set,subject edit rollout,restart rollout,undo rollout,pause rollout,resume scale autoscale patch label annotate taint
    cordon uncordon cp port-forward proxy certificate,approve certificate,deny auth,reconcile debug replace attach
    config,set config,set-cluster config,set-context config,set-credentials config,use-context config,use config,rename-context
    config,unset kuberc,set`),
  ...verbs('destructive', `delete drain config,delete-context config,delete-cluster config,delete-user`),
} // prettier-ignore

/** Groups whose subcommands all do the same. */
const GROUPS: Record<string, Risk> = { create: 'change' }
const CONTENT =
  /^(?:json|yaml|kyaml|jsonpath|jsonpath-as-json|jsonpath-file|go-template|go-template-file|template|templatefile|custom-columns|custom-columns-file)\b/

export function judgeKubectl(call: Call): void {
  const given = [call.word, ...call.args]
  const parsed = parseKubectl(given.map((arg) => (arg.open || arg.value === UNKNOWN ? null : arg.value)))
  const fixed = parseKubectl(given.map((arg) => (arg.fixed && !arg.open ? arg.value : null)))
  const path = fixed.path.join(' ')
  if (isHelp(parsed)) return call.note('read', 'prints help', call.word, call.args.at(-1))
  if (call.args.length === 0) return call.note('read', 'prints help', call.word)
  if (path !== parsed.path.join(' ') || hasOpenBefore(call, parsed.verb)) {
    return call.note('destructive', 'its verb is not known before it runs', call.word, call.args.at(-1))
  }
  if (
    call.name === 'oc' &&
    TOOLS.has('oc') &&
    RISKS[path.replaceAll(' ', ',')] === undefined &&
    fixed.path[0] !== 'create' &&
    path !== 'exec'
  ) {
    return judgeOpenShift(call)
  }
  const risk = path === 'exec' ? 'read' : (RISKS[path.replaceAll(' ', ',')] ?? GROUPS[fixed.path[0] ?? ''])
  if (risk === undefined) return judgeUnknown(call, parsed, path)
  noteConnection(call, parsed)
  if (path === 'exec') return judgeExec(call, parsed)
  judgeVerb(call, parsed, path, risk)
}

function verbs(risk: Risk, list: string): Record<string, Risk> {
  return Object.fromEntries(
    list
      .trim()
      .split(/\s+/)
      .map((verb) => [verb, risk]),
  )
}

function isHelp(parsed: KubectlCommand): boolean {
  return parsed.flags.some((flag) => flag.name === 'help' && flag.value === 'true')
}

/** `kubectl $X get pods`: X may hold another verb. */
function hasOpenBefore(call: Call, verb: string): boolean {
  const at = call.args.findIndex((arg) => arg.fixed && arg.value === verb)
  return call.args.some((arg, index) => arg.open && (at === -1 || index < at))
}

function judgeUnknown(call: Call, parsed: KubectlCommand, path: string): void {
  const verb = call.args.find((arg) => arg.value === parsed.verb) ?? call.word
  if (path !== '' && parsed.args.length === 0)
    return call.note('read', 'prints help', call.word, call.args.at(-1))
  const why =
    parsed.verb === ''
      ? 'its verb is not known before it runs'
      : `kubectl ${path || parsed.verb} is not built in: a plug-in can do anything`
  call.note('destructive', why, verb, call.args.at(-1))
}

/** Options that every command has: none of them changes the cluster, but a profile is written to a file. */
function noteConnection(call: Call, parsed: KubectlCommand): void {
  const profile = valueOf(parsed, 'profile')
  if (profile !== undefined && profile !== 'none')
    call.note('change', 'writes a profile to a file', call.word, call.args.at(-1))
}

function judgeVerb(call: Call, parsed: KubectlCommand, path: string, risk: Risk): void {
  const note = (noted: Risk, why: string, flags: CommandFlag[] = []): void =>
    call.note(noted, `kubectl ${path} ${why}`, call.word, call.args.at(-1), flags)
  if (isDryRun(call, parsed)) return note('read', 'only shows what it would do')
  switch (path) {
    case 'get':
      return judgeGet(parsed, note)
    case 'describe':
    case 'logs':
    case 'events':
      return note('read', 'only shows', isOn(parsed, 'follow') || isOn(parsed, 'watch') ? ['endless'] : [])
    case 'config view':
      return note('read', 'shows the client configuration', isOn(parsed, 'raw') ? ['secret'] : [])
    case 'kustomize':
      return judgeKustomize(parsed, note)
    case 'cluster-info dump':
      return note(
        isFile(valueOf(parsed, 'output-directory')) ? 'change' : 'read',
        'shows the state of the cluster',
      )
    case 'label':
    case 'annotate':
      return judgeLabel(call, parsed, note)
    case 'set env':
      return judgeSetEnv(call, parsed, note)
    case 'delete':
    case 'drain':
      return note(risk, path === 'drain' ? 'evicts all pods of a node' : 'deletes')
    case 'edit':
    case 'apply edit-last-applied':
      return note('change', 'opens an editor', ['interactive'])
    case 'port-forward':
    case 'proxy':
      return note('change', 'opens a tunnel', ['endless'])
    case 'create token':
      return note('change', 'mints a token', ['secret'])
    case 'attach':
      return judgeAttach(parsed, note)
    case 'debug':
      return judgeDebug(call, parsed)
    case 'run':
      return judgeRun(call, parsed)
    default:
      if (risk === 'read') return note('read', 'only shows')
      noteForce(parsed, path, note)
      note(risk, 'changes something', isOn(parsed, 'edit') ? ['interactive'] : [])
  }
}

type Note = (risk: Risk, why: string, flags?: CommandFlag[]) => void

function judgeGet(parsed: KubectlCommand, note: Note): void {
  const flags: CommandFlag[] = []
  if (isOn(parsed, 'watch') || isOn(parsed, 'watch-only')) flags.push('endless')
  if (showsSecret(parsed)) flags.push('secret')
  note('read', 'only shows', flags)
}

/** The plain table shows names and sizes only; an expression over metadata alone shows no value either. */
function showsSecret(parsed: KubectlCommand): boolean {
  const raw = valueOf(parsed, 'raw')
  if (raw?.includes('/secrets') === true) return true
  const names = parsed.args.some(
    (arg) => arg?.split(',').some((part) => /^secrets?(?:\.v1)?\.?(?:\/|$)/i.test(part)) === true,
  )
  if (!names) return false
  const output = valueOf(parsed, 'output') ?? ''
  const template = valueOf(parsed, 'template')
  if (output === null || template === null) return true
  if (!CONTENT.test(output) && template === undefined) return false
  const expression = `${output.replace(/^[\w-]+=?/, '')}${template ?? ''}`
  if (expression === '') return true
  const rest = expression.replaceAll(/\.?metadata(?:\.[\w-]+|\[[^\]]*\])*|\.type\b/g, 'm')
  return (
    /data|@|\.\.|\{\{?\s*(?:range\s*)?\.?\s*\}?\}|items\[?\*?\]?\s*\}$/i.test(rest) || rest.includes(UNKNOWN)
  )
}

function judgeKustomize(parsed: KubectlCommand, note: Note): void {
  if (parsed.flags.some((flag) => /^(?:enable-|helm-|network|mount|env$|as-current-user)/.test(flag.name))) {
    return note('destructive', 'can run programs')
  }
  note(isFile(valueOf(parsed, 'output')) ? 'change' : 'read', 'renders manifests')
}

/** `--list` only shows, unless there is a pair to set or a name to remove. */
function judgeLabel(call: Call, parsed: KubectlCommand, note: Note): void {
  const sets = parsed.args.some((arg) => arg === null || /=|-$/.test(arg))
  const shows = isOn(parsed, 'list') && !sets && !call.args.some((arg) => arg.open)
  note(shows ? 'read' : 'change', shows ? 'lists what is set' : 'changes something')
}

/** `--list` only shows; without any pair or source nothing is set. */
function judgeSetEnv(call: Call, parsed: KubectlCommand, note: Note): void {
  const sets =
    parsed.args.some((arg) => arg === null || /=|-$/.test(arg)) ||
    parsed.flags.some((flag) => ['env', 'from'].includes(flag.name))
  if (isOn(parsed, 'list') && !sets && !call.args.some((arg) => arg.open))
    return note('read', 'lists variables')
  note('change', 'changes something')
}

/** Forced replacement deletes first; pruning deletes what is not listed. */
function noteForce(parsed: KubectlCommand, path: string, note: Note): void {
  if (path === 'replace' && (isOn(parsed, 'force') || valueOf(parsed, 'grace-period') !== undefined))
    note('destructive', '--force deletes before it creates')
  if (path === 'apply' && isOn(parsed, 'force')) note('destructive', '--force deletes and creates again')
  if (path === 'apply' && isOn(parsed, 'prune')) note('destructive', '--prune deletes what is not listed')
}

function judgeAttach(parsed: KubectlCommand, note: Note): void {
  if (isOn(parsed, 'stdin'))
    return note('destructive', 'lets a person type into a running process', ['interactive'])
  note('read', 'shows what a process prints', ['endless'])
}

function judgeExec(call: Call, parsed: KubectlCommand): void {
  const inner = innerWords(call, parsed)
  if (inner.length === 0) {
    return call.note(
      'destructive',
      'kubectl exec without a command',
      call.word,
      call.args.at(-1),
      isOn(parsed, 'stdin') ? ['interactive'] : [],
    )
  }
  call.run(inner, {
    through: `${call.name} exec`,
    where: 'remote',
    stdin: innerInput(call, parsed),
  })
}

/** Without `-i` nothing is attached: what was meant for the program does not reach it, and is not judged as if it did. */
function innerInput(call: Call, parsed: KubectlCommand): Stdin {
  if (isOn(parsed, 'stdin') || call.stdin.kind === 'none') return call.stdin
  return { kind: 'data', made: false }
}

const VALUED = new Set([
  '-c',
  '--container',
  '-n',
  '--namespace',
  '-f',
  '--filename',
  '--context',
  '--kubeconfig',
  '--cluster',
  '--user',
  '--pod-running-timeout',
  '--as',
  '--as-group',
  '--token',
  '-s',
  '--server',
  '--request-timeout',
])

/** Words behind `--`; in old pages those behind the pod. */
function innerWords(call: Call, parsed: KubectlCommand): Argument[] {
  if (parsed.afterDash !== null) return call.args.slice(call.args.length - parsed.afterDash.length)
  const verb = call.args.findIndex((arg) => arg.value === parsed.verb)
  let pod = false
  for (let index = verb + 1; index < call.args.length; index++) {
    const arg = call.args[index]
    if (arg === undefined) break
    if (VALUED.has(arg.value)) index++
    else if (!arg.value.startsWith('-')) {
      if (pod) return call.args.slice(index)
      pod = true
    }
  }
  return []
}

/** Adds a container, copies a pod, or replaces it; what runs in it is judged as well. */
function judgeDebug(call: Call, parsed: KubectlCommand): void {
  if (isOn(parsed, 'replace'))
    call.note('destructive', '--replace deletes the pod', call.word, call.args.at(-1))
  call.note('change', 'adds a container to debug with', call.word, call.args.at(-1))
  judgeStarted(call, parsed)
}

function judgeRun(call: Call, parsed: KubectlCommand): void {
  call.note('change', 'starts a pod', call.word, call.args.at(-1))
  judgeStarted(call, parsed)
}

function judgeStarted(call: Call, parsed: KubectlCommand): void {
  const inner = parsed.afterDash === null ? [] : call.args.slice(call.args.length - parsed.afterDash.length)
  const typed = isOn(parsed, 'stdin')
  if (inner.length === 0) {
    if (typed)
      call.note('destructive', 'opens a session for a person', call.word, call.args.at(-1), ['interactive'])
    return
  }
  if (inner[0]?.value.startsWith('-') === true)
    return call.note('destructive', 'options for a program that is not named', inner[0], inner.at(-1))
  call.run(inner, {
    through: `${call.name} ${parsed.verb}`,
    where: 'remote',
    stdin: innerInput(call, parsed),
  })
}

/** What `oc` has beyond kubectl. */
function judgeOpenShift(call: Call): void {
  const verb = call.args.findIndex((arg) => arg.value === 'rsh' && arg.fixed)
  if (
    verb !== -1 &&
    call.args
      .slice(0, verb)
      .every((arg, index) => arg.value.startsWith('-') || VALUED.has(call.args[index - 1]?.value ?? ''))
  ) {
    const words: Argument[] = []
    for (let index = verb + 1; index < call.args.length; index++) {
      const arg = call.args[index]
      if (arg === undefined) break
      if (
        words.length === 0 &&
        (VALUED.has(arg.value) || arg.value === '--shell' || arg.value === '--timeout')
      )
        index++
      else if (words.length > 0 || !arg.value.startsWith('-')) words.push(arg)
    }
    const inner = words.slice(1).filter((word, index) => !(index === 0 && word.value === '--'))
    if (inner.length === 0)
      return call.note('destructive', 'opens a shell for a person', call.word, call.args.at(-1), [
        'interactive',
      ])
    return call.run(inner, { through: 'oc rsh', where: 'remote' })
  }
  const [first, ...rest] = call.args
  if (first?.fixed === true && first.value === 'extract') {
    const printed = rest.filter((arg) => arg.value.startsWith('--to'))
    if (printed.length > 0 && printed.every((arg) => arg.value === '--to=-') && !rest.some((arg) => arg.open))
      return call.note('read', 'prints what is in it', call.word, call.args.at(-1), ['secret'])
  }
  const facts = TOOLS.get('oc')
  if (facts !== undefined) judgeTool(call, facts)
}

function isDryRun(call: Call, parsed: KubectlCommand): boolean {
  const runs = parsed.flags.filter((flag) => flag.name === 'dry-run')
  if (runs.length === 0 || call.args.some((arg) => arg.open)) return false
  return runs.every((flag) => flag.value !== null && /^(?:client|server|unchanged|true)$/.test(flag.value))
}

/** `undefined`: not given; `null`: given, but not known. The last one counts. */
function valueOf(parsed: KubectlCommand, name: string): string | null | undefined {
  const flag = parsed.flags.findLast((one) => one.name === name)
  if (flag === undefined) return undefined
  return flag.value?.includes(UNKNOWN) === true && flag.value === UNKNOWN ? null : flag.value
}

function isOn(parsed: KubectlCommand, name: string): boolean {
  const value = valueOf(parsed, name)
  return value !== undefined && value !== 'false'
}

function isFile(value: string | null | undefined): boolean {
  return value !== undefined && value !== '-' && value !== '/dev/stdout' && value !== '/dev/null'
}
