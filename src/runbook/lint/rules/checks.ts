/** Commands that look but cannot see: checks that never fail, filters that never match, waits without an end. */
import type { Phase, Step } from '../../model.ts'
import { flagOf, hasFlag, kubectlOf, placeOf, programOf, wordTexts } from '../context.ts'
import type { LintCall, PlacedCommand } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

const HEALTH =
  /\/(?:-\/)?(?:health(?:z|check)?|ready(?:z)?|livez?|readiness|liveness|healthy|status|ping|up)\/?(?:$|\?)/i

const curlUrl = (call: LintCall): string | null =>
  wordTexts(call.words).find((word) => word !== null && /^https?:\/\/|:\d+\/|^localhost/.test(word)) ?? null

function curlHas(call: LintCall, letter: string, long: RegExp): boolean {
  return wordTexts(call.words).some(
    (word) =>
      word !== null && ((/^-[a-zA-Z]+$/.test(word) && word.slice(1).includes(letter)) || long.test(word)),
  )
}

const isHealthCheck = (call: LintCall): boolean =>
  programOf(call) === 'curl' && HEALTH.test(curlUrl(call) ?? '')

const curlFail: LintRule = {
  id: 'curl-cannot-fail',
  severity: 'warning',
  summary: 'curl as a check without --fail: it exits 0 on HTTP 500',
  bad: bash('curl -s --max-time 5 http://web:8080/health'),
  good: bash('curl -sf --max-time 5 http://web:8080/health'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.filter(isHealthCheck).flatMap((call) => {
        if (
          curlHas(call, 'f', /^--fail/) ||
          curlHas(call, 'w', /^--write-out/) ||
          curlHas(call, 'I', /^--head$/)
        )
          return []
        if (call.pipedInto.length > 0 || call.captured || curlHas(call, 'X', /^--request/)) return []
        const word = call.words[0]
        const place = placeOf(command, word?.start ?? call.start)
        const message = `curl exits 0 also when ${curlUrl(call) ?? 'the service'} answers 500, so this check cannot fail`
        const inQuotes = word !== undefined && word.end - word.start !== 4
        const edits = inQuotes
          ? {}
          : { edits: [{ line: place.line, column: place.column + 4, length: 0, text: ' -f' }] }
        return [{ ...place, message, remedy: 'Write curl -fsS --max-time 5.', ...edits }]
      }),
    ),
}

const curlTime: LintRule = {
  id: 'no-timeout',
  severity: 'info',
  summary: 'A check or a wait without a time limit',
  bad: bash('kubectl rollout status deployment/web -n shop'),
  good: bash('kubectl rollout status deployment/web -n shop --timeout=5m'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.flatMap((call) => {
        if (command.tag === 'inline' || call.through.includes('timeout')) return []
        const place = placeOf(command, call.words[0]?.start ?? call.start)
        if (isHealthCheck(call) && !curlHas(call, 'm', /^--(?:max-time|connect-timeout)/)) {
          return [
            {
              ...place,
              message: 'curl waits for minutes when the service does not answer',
              remedy: 'Add --max-time 5.',
            },
          ]
        }
        const kubectl = kubectlOf(call)
        if (kubectl?.path.join(' ') !== 'rollout status' || flagOf(kubectl, 'timeout') !== undefined)
          return []
        if (flagOf(kubectl, 'watch') === 'false') return []
        return [
          {
            ...place,
            message: 'rollout status waits as long as the rollout takes, also for ever',
            remedy: 'Add --timeout=5m, and say what to do when it passes.',
          },
        ]
      }),
    ),
}

/** What `kubectl describe pod` prints, by a spelling that it never prints. */
const NEVER_PRINTED: Record<string, string> = { Memory: 'memory', MEMORY: 'memory', CPU: 'cpu', Cpu: 'cpu' }

const grepNever: LintRule = {
  id: 'grep-never-matches',
  severity: 'error',
  summary: 'grep for a word in a spelling that the command before it never prints',
  bad: bash('kubectl describe pod web-0 -n shop | grep Memory'),
  good: bash('kubectl describe pod web-0 -n shop | grep -i memory'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.flatMap((call) => {
        const kubectl = kubectlOf(call)
        if (kubectl?.verb !== 'describe' || !/^(?:po|pods?)(?:\/|$)/.test(kubectl.args[0] ?? '')) return []
        const [grep] = call.pipedInto
        const words = wordTexts(grep ?? [])
        if (
          grep === undefined ||
          words[0] !== 'grep' ||
          words.some((word) => word === null || /^-\w*[ivEP]/.test(word))
        )
          return []
        const pattern = grep.slice(1).find((word) => word.text !== null && !word.text.startsWith('-'))
        const printed = NEVER_PRINTED[pattern?.text ?? '']
        if (pattern === undefined || printed === undefined) return []
        const message = `kubectl describe pod prints "${printed}:", never "${pattern.text}": grep finds nothing and exits 1`
        const place = placeOf(command, grep[0]?.start ?? call.start)
        return [
          {
            ...place,
            message,
            remedy: `Write grep -i ${printed}.`,
            edits: [{ line: place.line, column: place.column + 4, length: 0, text: ' -i' }],
          },
        ]
      }),
    ),
}

const unboundedLogs: LintRule = {
  id: 'unbounded-logs',
  severity: 'info',
  summary: 'All logs since the start of the container, however many',
  bad: bash('kubectl logs deployment/web -n shop'),
  good: bash('kubectl logs deployment/web -n shop --since=15m --tail=1000'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.flatMap((call) => {
        const kubectl = kubectlOf(call)
        if (kubectl?.verb !== 'logs' || command.tag === 'inline' || kubectl.args.length === 0) return []
        if (hasFlag(kubectl, 'tail', 'since', 'since-time', 'limit-bytes', 'selector', 'follow', 'previous'))
          return []
        if (
          call.pipedInto.some((words) => /^(?:tail|head)$/.test(words[0]?.text ?? '')) ||
          call.redirects.length > 0
        )
          return []
        return [
          {
            ...placeOf(command, call.start),
            message: 'this reads the whole log of the container, which may be gigabytes',
            remedy: 'Add --since=15m or --tail=1000.',
          },
        ]
      }),
    ),
}

const allPods: LintRule = {
  id: 'logs-of-one-pod',
  severity: 'warning',
  summary: '"Logs from all pods" by a command that picks one pod',
  bad: bash('# Logs from all pods', 'kubectl logs deployment/web -n shop --all-containers --tail=100'),
  good: bash('# Logs from all pods', 'kubectl logs -l app=web -n shop --all-containers --prefix --tail=100'),
  check: ({ commands }) =>
    commands.flatMap((placed) =>
      placed.calls.flatMap((call) => {
        const kubectl = kubectlOf(call)
        if (kubectl?.verb !== 'logs' || hasFlag(kubectl, 'all-pods', 'selector')) return []
        if (
          !/^(?:deploy|deployments?|sts|statefulsets?|ds|daemonsets?|rs|replicasets?|jobs?|svc|services?)\//.test(
            kubectl.args[0] ?? '',
          )
        )
          return []
        if (
          !/\b(?:all|every|each)\s+(?:the\s+)?(?:pods?|replicas?|instances?)\b/i.test(
            placed.command.explanation ?? placed.step.title,
          )
        )
          return []
        const message = `"${kubectl.args[0]}" gives the log of one pod, which kubectl picks; the text says all`
        return [
          {
            ...placeOf(placed.command, call.start),
            message,
            remedy: 'Select with -l and add --prefix; from kubectl 1.31 on --all-pods does it, too.',
          },
        ]
      }),
    ),
}

const otherThanSaid: LintRule = {
  id: 'comment-says-otherwise',
  severity: 'info',
  summary: 'The comment announces something that the command below it does not show',
  bad: bash('# Check logs', 'kubectl describe deployment web -n shop'),
  good: bash('# Check logs', 'kubectl logs deployment/web -n shop --tail=100'),
  check: ({ commands }) =>
    commands.flatMap((placed) => {
      const { explanation } = placed.command
      const kubectl = placed.calls.map(kubectlOf).find((one) => one !== null)
      if (explanation === null || kubectl === null || kubectl === undefined || explanation.length > 80)
        return []
      const says = (what: RegExp): boolean => what.test(explanation)
      const reads = kubectl.verb
      const logs =
        says(/\bcheck (?:the )?logs?\b|\bview (?:the )?logs?\b/i) &&
        ['describe', 'get', 'top'].includes(reads)
      const rate = says(/\bmonitor (?:the )?error rate\b/i) && ['get', 'describe', 'top'].includes(reads)
      if (!logs && !rate) return []
      const message = `the comment says "${explanation}", but kubectl ${reads} shows ${reads === 'get' ? 'objects' : reads === 'top' ? 'usage' : 'state and events'}, not ${logs ? 'logs' : 'the error rate'}`
      return [
        {
          line: placed.command.line,
          column: placed.command.position.column,
          message,
          remedy: logs
            ? 'Use kubectl logs, or correct the comment.'
            : 'Query the error rate, or correct the comment.',
        },
      ]
    }),
}

const ASSERTS =
  /\b(?:rollout status|kubectl wait|wait\b.*--for|curl\b[^|]*\s-\w*f|--fail|grep\s+-\w*q|test\s|\[\s|pg_isready|promtool|jq\s+-e|diff\b|cmp\b|exit\s+1|nc\s+-\w*z)/

const assertsNothing: LintRule = {
  id: 'verification-asserts-nothing',
  severity: 'info',
  summary: 'A verification that only prints: nothing fails when all is not well',
  bad: [
    '# Example',
    '',
    '## Rollback',
    '',
    '### Verify',
    '',
    '```bash',
    'kubectl get pods -n shop',
    '```',
    '',
  ].join('\n'),
  good: [
    '# Example',
    '',
    '## Rollback',
    '',
    '### Verify',
    '',
    '```bash',
    'kubectl rollout status deployment/web -n shop --timeout=5m',
    '```',
    '',
  ].join('\n'),
  check: ({ commands }) => {
    const parts = new Map<Phase | Step, { title: string; commands: PlacedCommand[] }>()
    for (const placed of commands) {
      const { phase, step, command } = placed
      if (command.tag === 'inline') continue
      const whole = phase.kind === 'verify' && /\bverif(?:y|ication)\b|^resolution$/i.test(phase.name)
      if (!whole && (phase.kind === 'diagnose' || !/^verif(?:y|ication)\b/i.test(step.title))) continue
      const part = parts.get(whole ? phase : step) ?? { title: whole ? phase.name : step.title, commands: [] }
      part.commands.push(placed)
      parts.set(whole ? phase : step, part)
    }
    return [...parts.values()].flatMap((part) => silent(part.title, part.commands))
  },
}

/** Programs that only show something, whatever it is. */
const SHOWS =
  /^(?:watch|curl|cat|ls|less|tail|head|jq|sort|awk|echo|dig|ps|df|du|helm|oc|sed|cut|column|grep)$/

const onlyShows = ({ calls, command }: PlacedCommand): boolean =>
  calls.length > 0 &&
  command.expectation === null &&
  !ASSERTS.test(command.text) &&
  calls.every(
    (call) =>
      SHOWS.test(programOf(call)) ||
      ['get', 'describe', 'logs', 'top', 'events'].includes(kubectlOf(call)?.verb ?? ''),
  )

function silent(title: string, commands: PlacedCommand[]): Problem[] {
  const first = commands[0]?.command
  if (first === undefined || !commands.every(onlyShows)) return []
  const message = `"${title}" only prints; no command here fails when all is not well`
  const remedy =
    'Add what must hold: kubectl rollout status, kubectl wait, curl -f, grep -q; or "# Expected: …" above the command.'
  return [{ line: first.line, column: first.position.column, message, remedy }]
}

export const CHECK_RULES: LintRule[] = [
  curlFail,
  curlTime,
  grepNever,
  unboundedLogs,
  allPods,
  otherThanSaid,
  assertsNothing,
]
