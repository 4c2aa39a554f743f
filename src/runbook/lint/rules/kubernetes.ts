import { builtInType } from '../../../command/index.ts'
import {
  blockMates,
  flagOf,
  hasFlag,
  kubectlOf,
  objectOf,
  placeOf,
  wordsAround,
  wordTexts,
} from '../context.ts'
import type { LintCall, LintContext, PlacedCommand } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

interface Act {
  placed: PlacedCommand
  call: LintCall
  path: string
  object: string | null
}

function actsOf(placed: PlacedCommand): Act[] {
  return placed.calls.flatMap((call) => {
    const kubectl = kubectlOf(call)
    return kubectl === null ? [] : [{ placed, call, path: kubectl.path.join(' '), object: objectOf(kubectl) }]
  })
}

const actsBefore = (context: LintContext, placed: PlacedCommand): Act[] =>
  blockMates(context, placed)
    .filter((one) => one.command.line < placed.command.line)
    .flatMap(actsOf)

/** Every kubectl command of the page that `wanted` names, with its place. */
function eachAct(
  context: LintContext,
  wanted: (path: string) => boolean,
  check: (act: Act) => Problem | null,
): Problem[] {
  return context.commands
    .filter(({ command }) => command.tag !== 'inline')
    .flatMap(actsOf)
    .filter(({ path }) => wanted(path))
    .flatMap((act) => check(act) ?? [])
}

const alternatives: LintRule = {
  id: 'alternatives-in-sequence',
  severity: 'error',
  summary: 'Ways to choose from stand in one block and would run one after the other',
  bad: bash(
    'kubectl rollout undo deployment/web -n shop',
    'kubectl rollout undo deployment/web -n shop --to-revision=3',
  ),
  good: [
    bash('kubectl rollout undo deployment/web -n shop'),
    'Or, to a revision of your choice:',
    '',
    '```bash',
    'kubectl rollout undo deployment/web -n shop --to-revision=3',
    '```',
    '',
  ].join('\n'),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'rollout undo',
      (act) => {
        const before = actsBefore(context, act.placed).findLast(
          ({ path, object }) =>
            object !== null &&
            object === act.object &&
            ['rollout undo', 'rollout restart', 'set image'].includes(path),
        )
        if (before === undefined) return null
        const line = before.placed.command.line
        const message =
          before.path === 'rollout undo'
            ? `line ${line} has rolled back already; run as a block this rolls back a second time, from the state that was just restored`
            : `line ${line} (kubectl ${before.path}) and this are alternatives; run as a block both happen`
        return {
          ...placeOf(act.placed.command, act.call.start),
          endLine: act.placed.command.position.endLine,
          message,
          remedy: 'Give each way its own block under "Option 1", "Option 2".',
        }
      },
    ),
}

const UP =
  /\bscal(?:e|ing)\s+(?:back\s+)?(?:up|out)\b|\bincreas|\badd(?:ing)?\s+(?:more\s+)?(?:replicas|pods|capacity)\b|\bdistribute\b|\bmore replicas\b/i

const absoluteScale: LintRule = {
  id: 'absolute-scale',
  severity: 'warning',
  summary: '"Scale up" to a fixed number, which scales down where there are more already',
  bad: bash('# Scale up', 'kubectl scale deployment web --replicas=5 -n shop'),
  good: bash('# Scale up', 'kubectl scale deployment web --current-replicas=3 --replicas=5 -n shop'),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'scale',
      ({ placed, call }) => {
        const kubectl = kubectlOf(call)
        const count = kubectl === null ? undefined : flagOf(kubectl, 'replicas')
        if (kubectl === null || count === null || count === undefined || !/^[1-9]\d*$/.test(count))
          return null
        if (hasFlag(kubectl, 'current-replicas') || !UP.test(wordsAround(placed))) return null
        const message = `--replicas=${count} is a fixed number: with more than ${count} running this scales down, and an autoscaler or GitOps sets it back`
        return {
          ...placeOf(placed.command, call.start),
          message,
          remedy:
            'Look first (kubectl get deployment, kubectl get hpa) and add --current-replicas=COUNT, so that it is refused when the state is not as expected.',
        }
      },
    ),
}

const needlessRestart: LintRule = {
  id: 'needless-restart',
  severity: 'warning',
  summary: 'A restart right after a change that restarts the pods by itself',
  bad: bash(
    'kubectl set env deployment/web -n shop POOL_SIZE=50',
    'kubectl rollout restart deployment/web -n shop',
  ),
  good: bash(
    'kubectl set env deployment/web -n shop POOL_SIZE=50',
    'kubectl rollout status deployment/web -n shop --timeout=5m',
  ),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'rollout restart',
      (act) => {
        const cause = actsBefore(context, act.placed).findLast(
          ({ path, object }) =>
            ['set env', 'set image', 'set resources'].includes(path) && object === act.object,
        )
        if (cause === undefined) return null
        const message = `line ${cause.placed.command.line} (kubectl ${cause.path}) changes the pod template and so restarts the pods already; this restarts them a second time`
        return {
          ...placeOf(act.placed.command, act.call.start),
          message,
          remedy: 'Leave it out; wait with kubectl rollout status --timeout=5m.',
        }
      },
    ),
}

const allContainers: LintRule = {
  id: 'set-resources-all-containers',
  severity: 'info',
  summary: 'set resources without -c sets every container of the pod, sidecars too',
  bad: bash('kubectl set resources deployment web --limits memory=2Gi -n shop'),
  good: bash('kubectl set resources deployment web -c web --limits memory=2Gi -n shop'),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'set resources',
      ({ placed, call }) => {
        const kubectl = kubectlOf(call)
        if (kubectl === null || hasFlag(kubectl, 'containers') || kubectl.args.includes(null)) return null
        return {
          ...placeOf(placed.command, call.start),
          message: 'without -c every container of the pod gets these values, sidecars as well',
          remedy: 'Add -c CONTAINER.',
        }
      },
    ),
}

const execIntoCrashing: LintRule = {
  id: 'exec-into-crashing-pod',
  severity: 'warning',
  summary: 'kubectl exec into a pod that is crash looping, where no container runs most of the time',
  bad: [
    '# Example',
    '',
    '## Pod CrashLoopBackOff',
    '',
    '```bash',
    'kubectl exec web-0 -n shop -- df -h',
    '```',
    '',
  ].join('\n'),
  good: [
    '# Example',
    '',
    '## Pod CrashLoopBackOff',
    '',
    '```bash',
    'kubectl debug web-0 -n shop --image=busybox --target=web -- df -h',
    '```',
    '',
  ].join('\n'),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'exec',
      ({ placed, call }) => {
        const { procedure } = placed
        if (!/crash[\s-]?loop/i.test(`${procedure.title} ${procedure.alertNames.join(' ')}`)) return null
        const kubectl = kubectlOf(call)
        if (!/^(?:pods?\/)?[^/]*$/.test(kubectl?.args[0] ?? '')) return null
        return {
          ...placeOf(placed.command, call.start),
          message:
            'a container in CrashLoopBackOff is down most of the time: exec fails with "container not found"',
          remedy:
            'Use kubectl logs --previous, or kubectl debug --copy-to with another command; look at files through a volume.',
        }
      },
    ),
}

const barePod: LintRule = {
  id: 'bare-pod-deleted',
  severity: 'warning',
  summary: '"Restart" by deleting a pod whose name shows no controller that would bring it back',
  bad: bash('# Restart the database', 'kubectl delete pod postgres-pod -n shop'),
  good: bash('# Restart the database', 'kubectl rollout restart statefulset/postgres -n shop'),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'delete',
      ({ placed, call }) => {
        const kubectl = kubectlOf(call)
        const [type, name, more] = kubectl?.args ?? []
        if (
          kubectl === null ||
          builtInType(type ?? '') !== 'pods' ||
          name == null ||
          name.includes('/') ||
          more !== undefined
        )
          return null
        if (/-\d+$|-[a-z0-9]{5,10}$|[<{$[*A-Z]/.test(name) && !name.endsWith('-pod')) return null
        if (!/\brestart|\brecover/i.test(wordsAround(placed))) return null
        const message = `"${name}" has no controller's suffix: if it is a bare pod, deleting it is the end of it`
        return {
          ...placeOf(placed.command, call.start),
          message,
          remedy:
            'Restart its controller (kubectl rollout restart TYPE/NAME); check "Controlled By" in kubectl describe pod first.',
        }
      },
    ),
}

const trafficFirst: LintRule = {
  id: 'traffic-before-ready',
  severity: 'warning',
  summary: 'Traffic is let back in right after scaling up, before the pods are ready',
  bad: bash(
    'kubectl scale deployment web --replicas=3 -n shop',
    `kubectl patch service web -n shop -p '{"spec":{"selector":{"maintenance":null}}}'`,
  ),
  good: bash(
    'kubectl scale deployment web --replicas=3 -n shop',
    'kubectl rollout status deployment/web -n shop --timeout=5m',
    `kubectl patch service web -n shop -p '{"spec":{"selector":{"maintenance":null}}}'`,
  ),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'patch',
      (act) => {
        const kubectl = kubectlOf(act.call)
        if (
          builtInType(kubectl?.args[0]?.split('/')[0] ?? '') !== 'services' ||
          !/selector/.test(act.placed.command.text)
        )
          return null
        const before = actsBefore(context, act.placed)
        const scaled = before.findLast(
          ({ path, call }) => path === 'scale' && /--replicas[= ][1-9]/.test(wordTexts(call.words).join(' ')),
        )
        if (scaled === undefined || !/null|false/.test(act.placed.command.text)) return null
        const waits = before.some(
          ({ path, placed }) =>
            ['rollout status', 'wait'].includes(path) && placed.command.line > scaled.placed.command.line,
        )
        if (waits) return null
        return {
          ...placeOf(act.placed.command, act.call.start),
          message: `the pods started in line ${scaled.placed.command.line} may not be ready when traffic comes back`,
          remedy: 'Put kubectl rollout status --timeout=5m between the two.',
        }
      },
    ),
}

/** Output formats of `get secret` that print values; names alone are harmless. */
const SHOWS_DATA =
  /^(?:yaml|json)$|^jsonpath.*\bdata\b|^(?:go-)?template.*(?:base64decode|index \.data|\{\{\s*\$v|\.data\.)/s

const secretOutput: LintRule = {
  id: 'secret-in-output',
  severity: 'warning',
  summary: 'A secret is printed, into the terminal and the record of the run',
  bad: bash('kubectl get secret web-secrets -n shop -o yaml'),
  good: bash('kubectl describe secret web-secrets -n shop'),
  check: (context) =>
    eachAct(
      context,
      (path) => path === 'get',
      ({ placed, call }) => {
        const kubectl = kubectlOf(call)
        const types = (kubectl?.args[0] ?? '').split('/')[0]?.split(',') ?? []
        if (kubectl === null || !types.some((type) => builtInType(type) === 'secrets') || call.captured)
          return null
        const output = flagOf(kubectl, 'output')
        if (output == null || !SHOWS_DATA.test(output)) return null
        if (
          call.pipedInto.some((words) =>
            /^(?:kubectl|grep|wc|sha\d+sum|openssl|kubeseal)$/.test(words[0]?.text ?? ''),
          ) ||
          call.redirects.some(({ operator }) => operator.startsWith('>'))
        )
          return null
        return {
          ...placeOf(placed.command, call.start),
          message: 'this prints the credentials, base64 is no protection, and the output of a run is kept',
          remedy:
            'Print only what is needed: kubectl describe secret gives keys and sizes; to compare, print a hash.',
        }
      },
    ),
}

export const KUBERNETES_RULES: LintRule[] = [
  alternatives, absoluteScale, needlessRestart, allContainers, execIntoCrashing, barePod, trafficFirst, secretOutput,
] // prettier-ignore
