/** Flag values that kubectl cannot read, and flags that it no longer has. */
import type { GivenFlag } from './parse-flags.ts'
import type { UsageProblem } from './problem.ts'
import { problem, question } from './problem.ts'
import type { CommandNode, FlagSpec } from './spec.ts'

/** kubectl versions still in common use start here; what went away before is an error. */
const OLDEST_SUPPORTED_MINOR = 32

const BOOLEAN = /^(?:1|t|T|TRUE|true|True|0|f|F|FALSE|false|False)$/
const INTEGER = /^[+-]?(?:\d[\d_]*|0[xX][\da-fA-F_]+|0[oO]?[0-7_]+|0[bB][01_]+)$/
/** Go's duration: a unit is needed, and days are none. */
const DURATION = /^[+-]?(?:0|(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|μs|ms|s|m|h))+)$/

/** `X`, `COUNT`, `<n>`: filled in before it runs, so nothing is known of it. */
const PLACEHOLDER = /^[A-Z][A-Z_-]*$|[<>{}[\]$]|^x+$/

const GET_FORMATS =
  /^(?:json|yaml|kyaml|name|wide|(?:custom-columns|custom-columns-file|go-template|go-template-file|template|templatefile|jsonpath|jsonpath-as-json|jsonpath-file)(?:=[^]*)?)$/

export function checkValues(node: CommandNode, given: GivenFlag[]): UsageProblem[] {
  const isGet = node.path.join(' ') === 'get'
  return given.flatMap((one) => {
    const flag = node.flags.get(one.name)
    if (flag === undefined) return []
    return [
      ...checkValue(one, flag),
      ...checkAge(one, flag, node),
      ...(isGet && one.name === 'output' ? checkFormat(one) : []),
    ]
  })
}

function checkValue(given: GivenFlag, flag: FlagSpec): UsageProblem[] {
  const { name, value, index } = given
  if (value === null || PLACEHOLDER.test(value)) return []
  const wrong = (wanted: string, remedy: string): UsageProblem[] => [
    problem('bad-value', index, `--${name} cannot be "${value}": ${wanted}`, remedy),
  ]
  if (flag.type === 'bool' && !BOOLEAN.test(value))
    return wrong('it is true or false', `Write --${name} or --${name}=false.`)
  if (flag.type === 'int' && !INTEGER.test(value))
    return wrong('it is a whole number', `Write --${name}=NUMBER.`)
  if (flag.type === 'duration' && !DURATION.test(value)) {
    const seconds = /^\d+$/.test(value) ? `${value}s` : '90s, 5m or 24h'
    return wrong('a duration needs a unit, and days are none', `Write for example --${name}=${seconds}.`)
  }
  return []
}

function checkAge(given: GivenFlag, flag: FlagSpec, node: CommandNode): UsageProblem[] {
  const command = `kubectl ${node.path.join(' ')}`
  const what = `${command} --${given.name}`
  if (flag.until !== undefined && Number(flag.until.split('.')[1]) < OLDEST_SUPPORTED_MINOR) {
    return [
      problem(
        'removed-flag',
        given.index,
        `${what} was removed after kubectl ${flag.until}`,
        instead(node, given.name),
      ),
    ]
  }
  if (flag.deprecated === true || flag.until !== undefined) {
    return [question('deprecated-flag', given.index, `${what} is deprecated`, instead(node, given.name))]
  }
  return []
}

function checkFormat(given: GivenFlag): UsageProblem[] {
  if (given.value === null || given.value === '' || GET_FORMATS.test(given.value)) return []
  const message = `kubectl get has no output format "${given.value}"`
  return [
    problem('bad-value', given.index, message, 'Use wide, yaml, json, name, jsonpath=… or custom-columns=….'),
  ]
}

interface Removed {
  command: RegExp
  flag: string
  removedIn: string
  instead: string
}

/** Flags gone before the oldest version that was crawled, from the Kubernetes changelogs of the versions named. */
const REMOVED: Removed[] = [
  { command: /^get$/, flag: 'export', removedIn: '1.18', instead: 'Use "-o yaml" and remove status and metadata by hand.' },
  { command: /^get$/, flag: 'show-all', removedIn: '1.15', instead: 'Leave it out; all pods are shown.' },
  { command: /^(?:run|expose|create .*|autoscale)$/, flag: 'generator', removedIn: '1.24', instead: 'Leave it out; for a Deployment use "kubectl create deployment".' },
  { command: /^run$/, flag: 'replicas', removedIn: '1.18', instead: 'Use "kubectl create deployment NAME --image=IMAGE --replicas=COUNT".' },
  { command: /^run$/, flag: 'schedule', removedIn: '1.18', instead: 'Use "kubectl create cronjob".' },
  { command: /^run$/, flag: 'serviceaccount', removedIn: '1.24', instead: "Use --overrides='{\"spec\":{\"serviceAccountName\":\"NAME\"}}'." },
  { command: /^run$/, flag: 'requests', removedIn: '1.24', instead: 'Use --overrides, or a manifest.' },
  { command: /^run$/, flag: 'limits', removedIn: '1.24', instead: 'Use --overrides, or a manifest.' },
  { command: /^run$/, flag: 'hostport', removedIn: '1.24', instead: 'Use --overrides, or a manifest.' },
  { command: /^apply$/, flag: 'server-dry-run', removedIn: '1.23', instead: 'Use --dry-run=server.' },
  { command: /^top /, flag: 'heapster-namespace', removedIn: '1.23', instead: 'Leave it out; top uses the metrics API.' },
] // prettier-ignore

const SUCCESSORS: Record<string, string> = {
  'drain delete-local-data': 'Use --delete-emptydir-data.',
  'version short': 'Leave it out; the short form is the default.',
  'apply prune-whitelist': 'Use --prune-allowlist.',
  'autoscale cpu-percent': 'Use --cpu=80% from kubectl 1.34 on.',
}

function instead(node: CommandNode, flag: string): string {
  if (flag === 'record')
    return 'Leave it out; set the annotation kubernetes.io/change-cause with "kubectl annotate".'
  return (
    SUCCESSORS[`${node.path.join(' ')} ${flag}`] ??
    `Run "kubectl ${node.path.join(' ')} --help" for its flags.`
  )
}

/** Why a flag that no crawled version has may still be in people's fingers, or `null`. */
export function removedFlag(node: CommandNode, flag: string): { removedIn: string; instead: string } | null {
  const command = node.path.join(' ')
  return REMOVED.find((one) => one.flag === flag && one.command.test(command)) ?? null
}
