import type { Alternative, Phase, Procedure, RunbookCommand } from '../../model.ts'
import { flagOf, kubectlOf, placeOf } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

const incident = (...lines: string[]): string =>
  [
    '# Example', '', '## Web errors', '', '**Alert:** WebErrors', '**Alert Trigger:** Error rate > 5% for 1 minute',
    '**Severity:** P2', '**Impact:** Customers see errors', '', ...lines, '',
  ].join('\n') // prettier-ignore

const CHECK =
  /\brollout status\b|\bkubectl wait\b|\bwait\b.*--for|\bcurl\b[^|]*(?:\s-\w*f|--fail)|\bgrep\s+-\w*q|\bpg_isready\b|\bpromtool\b|\btest\s+-|\bexit 1\b/

const changes = (command: RunbookCommand): boolean =>
  command.tag !== 'inline' &&
  command.risk !== 'read' &&
  command.language !== 'text' &&
  command.language !== 'output' &&
  !CHECK.test(command.text)

function checkedAfter(commands: RunbookCommand[]): boolean {
  const last = commands.findLastIndex(changes)
  return (
    commands.slice(last + 1).some((command) => CHECK.test(command.text)) ||
    commands.some((command) => command.expectation !== null)
  )
}

const hasVerification = ({ phases, recovery }: Procedure): boolean =>
  recovery !== null || phases.some((phase) => phase.kind === 'verify' && phase.steps.length > 0)

const unverified: LintRule = {
  id: 'mitigation-without-verification',
  severity: 'warning',
  summary: 'A mitigation after which nothing shows whether it has helped',
  bad: incident(
    '### Mitigation',
    '',
    '**Option 1: Restart**',
    '',
    '```bash',
    'kubectl rollout restart deployment/web -n shop',
    '```',
  ),
  good: incident(
    '### Mitigation',
    '',
    '**Option 1: Restart**',
    '',
    '```bash',
    'kubectl rollout restart deployment/web -n shop',
    'kubectl rollout status deployment/web -n shop --timeout=5m',
    '```',
  ),
  check: ({ runbook }) =>
    runbook.procedures
      .filter(
        (procedure) =>
          procedure.kind === 'incident' && procedure.severity !== null && !hasVerification(procedure),
      )
      .flatMap((procedure) =>
        procedure.phases.filter(({ kind }) => kind === 'mitigate').flatMap(unverifiedIn),
      ),
}

function unverifiedIn(phase: Phase): Problem[] {
  return phase.steps.flatMap((step) => {
    const parts: (Pick<Alternative, 'line' | 'title' | 'commands' | 'position'> & { what: string })[] =
      step.alternatives === undefined
        ? [{ ...step, what: step.title }]
        : step.alternatives.map((one) => ({
            ...one,
            what: `${one.kind === 'option' ? 'Option' : 'Cause'} ${one.label ?? ''}: ${one.title}`,
          }))
    return parts.flatMap((part) => {
      if (!part.commands.some(changes) || checkedAfter(part.commands)) return []
      const message = `nothing after "${part.what}" shows whether it has helped`
      const remedy =
        'Say when it counts as solved ("error rate below 1 % for 5 minutes"), and add the command that shows it; else the next option is chosen blindly.'
      return [{ line: part.line, column: part.position.column, message, remedy }]
    })
  })
}

const timeout: LintRule = {
  id: 'timeout-fills-phase',
  severity: 'info',
  summary: 'One command may wait as long as the whole phase has',
  bad: [
    '# Example',
    '',
    '## Roll out',
    '',
    '### Prepare (0-5 minutes)',
    '',
    '```bash',
    'kubectl rollout status deployment/web -n shop --timeout=5m',
    '```',
    '',
  ].join('\n'),
  good: [
    '# Example',
    '',
    '## Roll out',
    '',
    '### Prepare (0-10 minutes)',
    '',
    '```bash',
    'kubectl rollout status deployment/web -n shop --timeout=5m',
    '```',
    '',
  ].join('\n'),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls, phase }) => {
      if (phase.startMinute === null || phase.endMinute === null) return []
      const room = (phase.endMinute - phase.startMinute) * 60
      return calls.flatMap((call) => {
        const kubectl = kubectlOf(call)
        const seconds = kubectl === null ? null : goSeconds(flagOf(kubectl, 'timeout') ?? null)
        if (seconds === null || seconds < room) return []
        const message = `this may wait ${seconds} s, and "${phase.name}" has ${room} s for everything`
        return [
          {
            ...placeOf(command, call.start),
            message,
            remedy: 'Shorten the timeout or lengthen the phase, and say what to do when it passes.',
          },
        ]
      })
    }),
}

function goSeconds(text: string | null): number | null {
  if (text === null || !/^(?:\d+(?:h|m|s))+$/.test(text)) return null
  const factor: Record<string, number> = { h: 3600, m: 60, s: 1 }
  return [...text.matchAll(/(\d+)([hms])/g)].reduce(
    (sum, [, count, unit]) => sum + Number(count) * (factor[unit ?? 's'] ?? 1),
    0,
  )
}

const AUTOMATIC =
  /\b(?:kubernetes|k8s|deployments?|cluster)\b[^.\n]{0,60}?\bautomatically\s+(?:rolls?|rolled|rolling|reverts?)[\s-]*back\b|\b(?:kubernetes|k8s|deployments?)\b[^.\n]{0,40}?\broll(?:s|ed)?[\s-]?back\s+automatically\b/i

const autoRollback: LintRule = {
  id: 'false-automatic-rollback',
  severity: 'error',
  summary: 'The page says that Kubernetes rolls back by itself; it does not',
  bad: [
    '# Example',
    '',
    '## Rollback',
    '',
    'Kubernetes automatically rolls back when the health check fails.',
    '',
    bash('kubectl rollout history deployment/web -n shop').split('\n').slice(4).join('\n'),
  ].join('\n'),
  good: [
    '# Example',
    '',
    '## Rollback',
    '',
    'Kubernetes does not roll back by itself: it reports ProgressDeadlineExceeded.',
    '',
    bash('kubectl rollout history deployment/web -n shop').split('\n').slice(4).join('\n'),
  ].join('\n'),
  check: ({ lines }) =>
    lines.flatMap((text, at) => {
      const match = AUTOMATIC.exec(text)
      if (match === null || /\b(?:not|never|n't|argo|flagger|helm|--atomic|spinnaker|keptn)\b/i.test(text))
        return []
      const message =
        'Kubernetes does not roll back by itself: a failed rollout stops and reports ProgressDeadlineExceeded after 10 minutes, and failed probes only restart the container'
      return [
        {
          line: at + 1,
          column: match.index + 1,
          message,
          remedy: 'Say who rolls back and how (kubectl rollout undo), or name the tool that does it.',
        },
      ]
    }),
}

const APPROVAL =
  /\bonly\s+(?:do\s+this\s+)?(?:when|if|after|with)\b[^.\n]{0,20}\b(?:instructed|approv(?:ed|al)|permission|authori[sz]ed|told|sign-?off)\b|\((?:be\s+)?(?:very\s+)?careful!*\)|\bask (?:your )?(?:team lead|manager) (?:before|first)\b/i

const approvalInProse: LintRule = {
  id: 'approval-in-prose',
  severity: 'info',
  summary: 'An approval that exists only as a sentence; nothing asks for it',
  bad: [
    '# Example',
    '',
    '## Restore',
    '',
    'Only do this when instructed by the team lead.',
    '',
    bash('pg_restore --list shop.dump').split('\n').slice(4).join('\n'),
  ].join('\n'),
  good: [
    '# Example',
    '',
    '## Restore',
    '',
    '**Approval:** team lead',
    '',
    bash('pg_restore --list shop.dump').split('\n').slice(4).join('\n'),
  ].join('\n'),
  check: ({ lines }) =>
    lines.flatMap((text, at) => {
      const match = APPROVAL.exec(text)
      if (match === null || /\*\*approv/i.test(text)) return []
      const message = `"${match[0].trim()}" asks for care or consent, but no gate stands behind it`
      return [
        {
          line: at + 1,
          column: match.index + 1,
          message,
          remedy:
            'Name the approver: "**Approval:** team lead"; destructive steps are asked for one by one in any case.',
        },
      ]
    }),
}

export const MITIGATION_RULES: LintRule[] = [unverified, timeout, autoRollback, approvalInProse]
