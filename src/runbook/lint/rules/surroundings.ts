/** What a page takes for granted: where its commands run, who runs them, what was said further up. */
import { kubectlOf, placeOf, programOf, wordTexts } from '../context.ts'
import type { LintCall, PlacedCommand } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

/** A host that only the cluster's DNS knows: one label, or a name below `svc`. */
const CLUSTER_HOST = /^(?:[a-z][a-z0-9-]*|[a-z0-9-]+(?:\.[a-z0-9-]+)?\.svc(?:\.[a-z0-9.-]+)?)$/
const OWN_HOST = /^(?:localhost|host|hostname|server|example|web\d+|db\d+|node\d*)$/

function clusterHost(call: LintCall): { host: string; start: number } | null {
  if (!/^(?:curl|wget|http|https)$/.test(programOf(call))) return null
  for (const { text, start } of call.words.slice(1)) {
    const host = /^https?:\/\/([^/:?#@]+)(?::\d+)?(?:[/?#]|$)/.exec(text ?? '')?.[1]
    if (host !== undefined && CLUSTER_HOST.test(host) && !OWN_HOST.test(host)) return { host, start }
  }
  return null
}

const LOCAL = /^(?:watch|sudo|time|timeout|nice|env|xargs|bash -c|sh -c)$/
const clusterName: LintRule = {
  id: 'cluster-name-outside',
  severity: 'warning',
  summary: 'A name that only the cluster resolves, used on the machine of the person on call',
  bad: bash('kubectl get pods -n shop', 'curl -fsS --max-time 5 http://shop-web:8080/health'),
  good: bash(
    'kubectl get pods -n shop',
    'kubectl exec -n shop deployment/shop-web -- curl -fsS --max-time 5 http://shop-web:8080/health',
  ),
  check: ({ commands }) => {
    const usesCluster = commands.some(({ calls }) => calls.some((call) => programOf(call) === 'kubectl'))
    if (!usesCluster) return []
    return commands.flatMap(({ command, calls, procedure }) => {
      if (procedure.service != null) return []
      return calls.flatMap((call): Problem[] => {
        const found = call.through.every((through) => LOCAL.test(through)) ? clusterHost(call) : null
        if (found === null) return []
        return [
          {
            ...placeOf(command, found.start),
            message: `${found.host} is a name inside the cluster: kubectl runs outside, and there nothing resolves it`,
            remedy:
              "Run it through kubectl exec or behind kubectl port-forward, or name the page's service in the front matter (service: …), so that commands run beside it.",
          },
        ]
      })
    })
  },
}

const alias: LintRule = {
  id: 'shell-alias',
  severity: 'warning',
  summary: "An alias of the person who wrote the page: nobody else's shell has it",
  bad: bash('k get pods -n shop'),
  good: bash('kubectl get pods -n shop'),
  check: ({ commands }) => {
    const places = commands.flatMap(({ command, calls }) =>
      calls.flatMap((call) => {
        const [word] = call.words
        if (word?.text !== 'k' || (kubectlOf(call)?.path.length ?? 0) === 0) return []
        return [{ ...placeOf(command, word.start), plain: word.end - word.start === 1 }]
      }),
    )
    const [first] = places
    if (first === undefined) return []
    const times = places.length === 1 ? '' : ` (${places.length} times on this page)`
    return [
      {
        line: first.line,
        column: first.column,
        message: `k is an alias of somebody's own shell${times}: elsewhere it is an unknown program, and is judged as one`,
        remedy: 'Write kubectl.',
        edits: places
          .filter(({ plain }) => plain)
          .map(({ line, column }) => ({ line, column, length: 1, text: 'kubectl' })),
      },
    ]
  },
}

/** The part of a word before a value that is made as it runs: `backup-$(date +%s)`. */
const madeName = (word: string): string | null =>
  /^["']?([A-Za-z][\w./-]{3,})(?:\$\(date\b|`date\b|\$RANDOM\b|\$\{RANDOM\})/.exec(word)?.[1] ?? null

const nameLost: LintRule = {
  id: 'made-name-not-kept',
  severity: 'warning',
  summary: 'A name made up with the time of day, that a later command needs and cannot know',
  bad: bash(
    'velero backup create shop-backup-$(date +%s) --wait',
    'velero backup describe shop-backup-XXX',
  ).replace('# Example', '---\ninputs:\n  XXX:\n    description: the time\n---\n\n# Example'),
  good: bash(
    'BACKUP=shop-backup-$(date +%s)',
    'velero backup create "$BACKUP" --wait',
    'velero backup describe "$BACKUP"',
  ),
  check: ({ commands }) =>
    commands.flatMap((placed, at): Problem[] => {
      const { command, calls } = placed
      return calls.flatMap((call): Problem[] => {
        const source = command.text.slice(call.start, call.end)
        const names = source.split(/\s+(?![^(]*\))/).flatMap((word) => madeName(word) ?? [])
        const name = names.find((one) => neededLater(commands, placed, at, one))
        if (name === undefined || call.captured) return []
        return [
          {
            ...placeOf(command, command.text.indexOf(name, call.start)),
            message: `the name ${name}… is made as this runs and kept nowhere, but a later command needs it`,
            remedy: 'Set it once (NAME=…$(date +%s)) and use "$NAME" in every command.',
          },
        ]
      })
    }),
}

function neededLater(
  commands: readonly PlacedCommand[],
  of: PlacedCommand,
  at: number,
  name: string,
): boolean {
  return commands
    .slice(at + 1)
    .some(
      ({ command, procedure }) =>
        procedure === of.procedure &&
        command.text.includes(name) &&
        madeName(command.text.slice(command.text.indexOf(name))) === null,
    )
}

const logsAsProgress: LintRule = {
  id: 'logs-as-progress',
  severity: 'warning',
  summary: 'The log of a Velero backup as a view of its progress: it exists only once the backup has ended',
  bad: bash('# Monitor backup progress', 'velero backup logs nightly'),
  good: bash('# Monitor backup progress', 'velero backup describe nightly --details'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }) =>
      calls.flatMap((call): Problem[] => {
        const [program, kind, verb] = wordTexts(call.words)
        if (program !== 'velero' || verb !== 'logs' || (kind !== 'backup' && kind !== 'restore')) return []
        if (!/\b(?:monitor|progress|watch|follow)\b/i.test(command.explanation ?? '')) return []
        return [
          {
            ...placeOf(command, call.start),
            message: `velero ${kind} logs gives an error until the ${kind} has ended: it shows no progress`,
            remedy: `Use velero ${kind} describe NAME --details, or create it with --wait.`,
          },
        ]
      }),
    ),
}

const STYLES: Record<string, string> = {
  angle: '<name>',
  brace: '{name}',
  square: '[name]',
  'at-brace': '@{name}',
  upper: 'NAME',
  xxx: 'XXX',
}

const placeholderStyles: LintRule = {
  id: 'placeholder-styles',
  severity: 'info',
  summary: 'Placeholders written in several ways on one page',
  bad: bash('kubectl describe pod <pod> -n shop', 'kubectl get pod POD_NAME -n shop').replace(
    '# Example',
    '---\ninputs:\n  POD:\n    description: a pod\n  POD_NAME:\n    description: a pod\n---\n\n# Example',
  ),
  good: bash('kubectl describe pod <pod> -n shop', 'kubectl get pod <pod> -n shop').replace(
    '# Example',
    '---\ninputs:\n  POD:\n    description: a pod\n---\n\n# Example',
  ),
  check: ({ commands }) => {
    const first = new Map<string, { text: string; line: number; column: number }>()
    for (const { command } of commands) {
      if (!command.runnable) continue
      for (const { form, text, places } of command.inputs) {
        if (STYLES[form] !== undefined && places[0] !== undefined && !first.has(form))
          first.set(form, { text, ...placeOf(command, places[0].start) })
      }
    }
    const [usual, other, ...more] = first.values()
    if (usual === undefined || other === undefined) return []
    const all = [usual, other, ...more].map(({ text, line }) => `${text} (line ${line})`).join(', ')
    return [
      {
        line: other.line,
        column: other.column,
        message: `placeholders are written in ${first.size} ways: ${all}`,
        remedy: `Choose one, and declare each value in the front matter under "inputs:".`,
      },
    ]
  },
}

const MATRIX = [
  '| Severity | Response Time | Escalation |',
  '|---|---|---|',
  '| P1 | 5 minutes | On-call, Team Lead |',
]
const escalationPage = (contact: string): string =>
  [
    '# Example',
    '',
    '## Severities',
    '',
    ...MATRIX,
    '',
    '## Contacts',
    '',
    `- **Team Lead:** ${contact}`,
    '',
  ].join('\n')

const escalationDiffers: LintRule = {
  id: 'escalation-differs',
  severity: 'info',
  summary: 'A contact who is called later than the severity matrix allows for a response',
  bad: escalationPage('@web-lead in Slack, escalate after 30 min'),
  good: escalationPage('@web-lead in Slack, escalate after 5 min'),
  check: ({ runbook }) =>
    runbook.contacts.flatMap(({ name, contact, line }): Problem[] => {
      const after = /\bafter\s+(\d{1,3})\s*(m|h)/i.exec(contact)
      if (after === null || !/escalat/i.test(contact)) return []
      const minutes = Number(after[1]) * (after[2]?.toLowerCase() === 'h' ? 60 : 1)
      const rule = runbook.severityPolicy.find(
        ({ escalation, responseTimeMinutes }) =>
          responseTimeMinutes !== null &&
          responseTimeMinutes < minutes &&
          escalation.some((role) => role.toLowerCase().includes(name.toLowerCase())),
      )
      if (rule === undefined) return []
      return [
        {
          line,
          column: 1,
          message: `${name} is called after ${minutes} min, but the matrix has them answer ${rule.severity} together with a response within ${rule.responseTimeMinutes ?? 0} min`,
          remedy: 'Say in one place, for each severity, who is called when.',
        },
      ]
    }),
}

export const SURROUNDINGS_RULES: LintRule[] = [
  clusterName,
  alias,
  nameLost,
  logsAsProgress,
  placeholderStyles,
  escalationDiffers,
]
