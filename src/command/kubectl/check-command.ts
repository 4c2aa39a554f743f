/** A word that names no kubectl command: a slip, a command of old or of `oc`, or a plug-in to ask about. */
import { didYouMean } from './did-you-mean.ts'
import type { UsageProblem } from './problem.ts'
import { problem, question } from './problem.ts'
import { builtInType } from './resources.ts'
import type { CommandNode } from './spec.ts'
import { ROOT } from './spec.ts'
import type { Word } from './words.ts'

/** Groups that only hold commands; any other word after them is refused. */
const GROUPS = new Set([
  'alpha',
  'auth',
  'certificate',
  'config',
  'rollout',
  'set',
  'top',
  'plugin',
  'kuberc',
])

/** Verbs that kubectl no longer has or that only OpenShift's `oc` has. */
const ELSEWHERE: Record<string, string> = {
  'rolling-update': 'It was removed in kubectl 1.18; use "kubectl set image" and "kubectl rollout".',
  'run-container': 'It was removed long ago; use "kubectl run".',
  resize: 'It was removed long ago; use "kubectl scale".',
  stop: 'It was removed long ago; use "kubectl delete" or "kubectl scale --replicas=0".',
  rsh: 'That is a command of oc; use "kubectl exec -it POD -- sh".',
  adm: 'That is a command of oc; kubectl has drain, cordon, taint and top directly.',
  restart: 'Use "kubectl rollout restart TYPE/NAME".',
  status: 'Use "kubectl rollout status TYPE/NAME", or get and describe.',
}

/** Widely used plug-ins whose names are close to kubectl's own words. */
const PLUGINS = new Set([
  'ns',
  'ctx',
  'convert',
  'tree',
  'tail',
  'cost',
  'view',
  'images',
  'exec-as',
  'logs2',
])

export function checkCommand(
  node: CommandNode,
  first: Word | undefined,
  flagsBefore: boolean,
): UsageProblem[] {
  if (first === undefined || first.text === null) return []
  if (node === ROOT) return [unknownVerb(first, first.text, flagsBefore)]
  const group = node.path.join(' ')
  if (GROUPS.has(group)) return [unknownSubcommand(node, first, first.text)]
  return []
}

function unknownVerb(word: Word, verb: string, flagsBefore: boolean): UsageProblem {
  const message = `kubectl has no command "${verb}"`
  const elsewhere = ELSEWHERE[verb]
  if (elsewhere !== undefined) return problem('unknown-command', word, message, elsewhere)
  if (!PLUGINS.has(verb)) {
    if (builtInType(verb) !== null) {
      return problem('unknown-command', word, message, `Did you mean "kubectl get ${verb}"?`)
    }
    const meant = didYouMean(
      verb,
      [...ROOT.children.keys()].filter((name) => !name.startsWith('_')),
    )
    if (meant !== null) return problem('unknown-command', word, message, `Did you mean "kubectl ${meant}"?`)
  }
  if (!/^[a-z][\w-]*$/.test(verb))
    return question('unknown-command', word, message, 'Write one command of kubectl.')
  if (flagsBefore) {
    return problem('unknown-command', word, message, 'For a plug-in, write its name before all flags.')
  }
  const remedy = `Check that everyone on call has a plug-in kubectl-${verb}, or use a built-in command.`
  return question('plugin', word, `"kubectl ${verb}" is not built in; it needs a plug-in`, remedy)
}

function unknownSubcommand(node: CommandNode, word: Word, name: string): UsageProblem {
  const names = [...node.children.keys()]
  const meant = didYouMean(name, names)
  const group = `kubectl ${node.path.join(' ')}`
  const remedy = meant === null ? `It has ${names.join(', ')}.` : `Did you mean "${group} ${meant}"?`
  return problem('unknown-command', word, `${group} has no command "${name}"`, remedy)
}
