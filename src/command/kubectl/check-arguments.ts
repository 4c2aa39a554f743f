/** What kubectl refuses about the arguments of one command before it asks the server to do anything. */
import type { GivenFlag, ParsedFlags } from './parse-flags.ts'
import type { UsageProblem } from './problem.ts'
import { problem } from './problem.ts'
import { builtInType, notAType } from './resources.ts'
import type { Word } from './words.ts'

/** Commands whose arguments name objects as TYPE NAME..., TYPE/NAME... or a comma-separated list of types. */
const OBJECT_COMMANDS = new Set([
  'get', 'describe', 'delete', 'edit', 'patch', 'scale', 'autoscale', 'expose', 'wait', 'label', 'annotate',
  'rollout history', 'rollout pause', 'rollout restart', 'rollout resume', 'rollout status', 'rollout undo',
  'set env', 'set image', 'set resources', 'set selector', 'set serviceaccount', 'set subject', 'taint',
]) // prettier-ignore
/** Of these, the ones that take pairs (`KEY=VALUE`, `KEY-`) behind the objects. */
const PAIR_COMMANDS = new Set(['label', 'annotate', 'set env', 'set image', 'set selector', 'taint'])

const REQUIRED_FLAGS: Record<string, { names: string[]; remedy: string }> = {
  scale: { names: ['replicas'], remedy: 'Add --replicas=COUNT.' },
  autoscale: { names: ['max'], remedy: 'Add --max=COUNT.' },
  run: { names: ['image'], remedy: 'Add --image=IMAGE.' },
  'create deployment': { names: ['image'], remedy: 'Add --image=IMAGE.' },
  patch: { names: ['patch', 'patch-file'], remedy: "Add -p 'PATCH' or --patch-file=FILE." },
  wait: { names: ['for'], remedy: 'Add --for=condition=NAME, --for=delete or --for=jsonpath=….' },
}

export function checkArguments(path: string[], verbIndex: number, parsed: ParsedFlags): UsageProblem[] {
  const name = path.join(' ')
  const known = [...parsed.args, ...(parsed.afterDash ?? [])].every((word) => word.text !== null)
  const given = new Set(parsed.flags.map((flag) => flag.name))
  if (given.has('help')) return []
  return [
    ...(OBJECT_COMMANDS.has(name) ? checkObjects(name, parsed, given) : []),
    ...(known ? missingFlag(name, verbIndex, given) : []),
    ...(name === 'exec' ? checkExec(verbIndex, parsed, given) : []),
    ...(name === 'logs' ? checkLogs(verbIndex, parsed, given) : []),
    ...(known && ['get', 'describe', 'delete'].includes(name)
      ? missingType(name, verbIndex, parsed, given)
      : []),
    ...(known && name === 'cp' ? checkCopy(verbIndex, parsed) : []),
  ]
}

function missingFlag(name: string, verbIndex: number, given: Set<string>): UsageProblem[] {
  const required = REQUIRED_FLAGS[name]
  if (required === undefined || required.names.some((flag) => given.has(flag))) return []
  const flags = required.names.map((flag) => `--${flag}`).join(' or ')
  return [problem('missing-flag', verbIndex, `kubectl ${name} needs ${flags}`, required.remedy)]
}

function missingType(
  name: string,
  verbIndex: number,
  parsed: ParsedFlags,
  given: Set<string>,
): UsageProblem[] {
  if (parsed.args.length > 0 || parsed.afterDash !== null) return []
  if (['filename', 'kustomize', 'raw'].some((flag) => given.has(flag))) return []
  return [
    problem(
      'missing-argument',
      verbIndex,
      `kubectl ${name} does not say what`,
      'Name a resource type, and an object.',
    ),
  ]
}

function checkObjects(name: string, parsed: ParsedFlags, given: Set<string>): UsageProblem[] {
  const args = objectArgs(name, [...parsed.args, ...(parsed.afterDash ?? [])])
  const texts = args.map((word) => word.text)
  const slashed = args.filter((word) => word.text?.includes('/') === true)
  const plain = args.filter((word) => word.text !== null && !word.text.includes('/'))
  const mixed = mixedTypeAndName(name, args, slashed, plain)
  if (mixed !== null) return [mixed]
  const typed = slashed.length > 0 ? slashed : args.slice(0, 1)
  const unknown = typed.flatMap(unknownType)
  if (unknown.length > 0) return unknown
  const twice = slashed.find((word) => (word.text ?? '').split('/').length > 2)
  if (twice !== undefined && texts.every((text) => text !== null)) {
    return [
      problem('type-and-name-mixed', twice, `"${twice.text}" has more than one slash`, 'Write TYPE/NAME.'),
    ]
  }
  return namesElsewhere(name, args, slashed, parsed.flags, given)
}

/** The arguments that name objects: all, or those before the first pair. */
function objectArgs(name: string, args: Word[]): Word[] {
  if (name === 'set serviceaccount') return args.slice(0, -1)
  if (!PAIR_COMMANDS.has(name)) return args
  const pair = args.findIndex((word) => word.text !== null && /=|[^/]-$|:/.test(word.text))
  return pair === -1 ? args : args.slice(0, pair)
}

function mixedTypeAndName(
  command: string,
  args: Word[],
  slashed: Word[],
  plain: Word[],
): UsageProblem | null {
  const [first] = args
  const [name] = slashed
  const [type] = plain
  if (first === undefined || name === undefined || type === undefined) return null
  if (first !== type) {
    const message = `"${name.text}" and "${type.text}" mix two ways to name objects`
    return problem(
      'type-and-name-mixed',
      name,
      message,
      `Write TYPE/NAME for every object, also for "${type.text}".`,
    )
  }
  const message = `the type "${type.text}" and "${name.text}" cannot stand together`
  return problem('type-and-name-mixed', name, message, mixedRemedy(command, type.text ?? '', name.text ?? ''))
}

/** For a delete, dropping the type would delete the whole workload, which is hardly ever what was meant. */
function mixedRemedy(command: string, type: string, name: string): string {
  const same = builtInType(type) === builtInType(name.split('/')[0] ?? '')
  if (same) return `Write only "${name}".`
  if (command !== 'delete') return `Write only "${name}", or "${type} NAME" with the name of a ${type}.`
  return `To restart, use "kubectl rollout restart ${name}"; to delete pods, name them or select with -l. Do not write "delete ${name}": that removes it for good.`
}

function unknownType(word: Word): UsageProblem[] {
  const types = (word.text ?? '').split('/')[0]?.split(',') ?? []
  return types.flatMap((type) => {
    const remedy = notAType(type)
    return remedy === null ? [] : [problem('unknown-resource', word, `"${type}" is no resource type`, remedy)]
  })
}

function namesElsewhere(
  name: string,
  args: Word[],
  slashed: Word[],
  flags: GivenFlag[],
  given: Set<string>,
): UsageProblem[] {
  const named = slashed[0] ?? args[1]
  if (named === undefined || named.text === null || given.has('raw')) return []
  const everywhere = flags.findLast((flag) => flag.name === 'all-namespaces')
  if (everywhere?.value === 'true' && ['get', 'describe', 'delete'].includes(name)) {
    const message = `an object is named ("${named.text}"), so --all-namespaces cannot be used`
    return [
      problem(
        'name-with-all-namespaces',
        named,
        message,
        'Give its namespace with -n, or select by label with -l.',
      ),
    ]
  }
  const selector = flags.find((flag) => flag.name === 'selector' || flag.name === 'field-selector')
  if (
    selector !== undefined &&
    selector.value !== '' &&
    selector.value !== null &&
    ['get', 'describe', 'delete'].includes(name)
  ) {
    const message = `an object is named ("${named.text}"), so --${selector.name} cannot be used`
    return [problem('name-with-selector', named, message, 'Leave out the name or the selector.')]
  }
  return []
}

function checkExec(verbIndex: number, parsed: ParsedFlags, given: Set<string>): UsageProblem[] {
  const { args, afterDash } = parsed
  if (afterDash === null && args.length > 1) {
    const known = args.filter((word) => word.text !== null)
    if (known.length < 2) return []
    const at = args[1] ?? verbIndex
    const message = 'exec takes the command only after "--" since kubectl 1.31'
    return [
      problem('exec-without-dash', at, message, `Write "kubectl exec ${args[0]?.text ?? 'POD'} -- COMMAND".`),
    ]
  }
  if (args.some((word) => word.text === null)) return []
  if (args.length === 0 && !given.has('filename') && (afterDash?.length ?? 0) === 0) {
    return [
      problem('missing-argument', verbIndex, 'exec does not say in which pod', 'Name a pod or TYPE/NAME.'),
    ]
  }
  if ((afterDash?.length ?? 0) === 0) {
    return [problem('missing-argument', verbIndex, 'exec has no command to run', 'Add "-- COMMAND".')]
  }
  return []
}

function checkLogs(verbIndex: number, parsed: ParsedFlags, given: Set<string>): UsageProblem[] {
  const args = [...parsed.args, ...(parsed.afterDash ?? [])]
  if (args.some((word) => word.text === null)) return []
  const [first, second, third] = args
  if (first === undefined) {
    if (given.has('selector')) return []
    return [
      problem(
        'missing-argument',
        verbIndex,
        'logs does not say of what',
        'Name a pod or TYPE/NAME, or select with -l.',
      ),
    ]
  }
  if (third !== undefined) {
    return [
      problem(
        'too-many-arguments',
        third,
        'logs takes one pod and at most one container',
        'Write "kubectl logs POD -c CONTAINER".',
      ),
    ]
  }
  if (second === undefined && given.has('selector')) {
    return [
      problem(
        'name-with-selector',
        first,
        'logs takes a name or a selector, not both',
        'Leave out the name or -l.',
      ),
    ]
  }
  return []
}

function checkCopy(verbIndex: number, parsed: ParsedFlags): UsageProblem[] {
  if (parsed.args.length >= 2) return []
  return [
    problem(
      'missing-argument',
      verbIndex,
      'cp needs a source and a destination',
      'Write "kubectl cp POD:PATH PATH".',
    ),
  ]
}
