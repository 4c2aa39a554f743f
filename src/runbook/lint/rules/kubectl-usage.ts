import { parseKubectl } from '../../../command/index.ts'
import type { UsageProblem, UsageProblemKind } from '../../../command/index.ts'
import { kubectlOf, placeOf } from '../context.ts'
import type { LintContext } from '../context.ts'
import { bash } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

/** In prose `kubectl logs` names the command; only what is wrong in the words that are there counts. */
const INCOMPLETE: ReadonlySet<UsageProblemKind> = new Set([
  'missing-argument',
  'missing-flag',
  'missing-value',
  'plugin',
])
/** In a comment the command may end anywhere. */
const SURE_IN_A_COMMENT: ReadonlySet<UsageProblemKind> = new Set([
  'unknown-command', 'unknown-resource', 'type-and-name-mixed',
]) // prettier-ignore

function usageRule(rule: Omit<LintRule, 'check'>, kinds: readonly UsageProblemKind[]): LintRule {
  return { ...rule, check: (context) => [...inCommands(context, kinds), ...inComments(context, kinds)] }
}

function inCommands(context: LintContext, kinds: readonly UsageProblemKind[]): Problem[] {
  return context.commands.flatMap(({ command, calls }) =>
    calls.flatMap((call) => {
      const inline = command.tag === 'inline'
      return (kubectlOf(call)?.problems ?? [])
        .filter((one) => kinds.includes(one.kind) && !(inline && (INCOMPLETE.has(one.kind) || !one.certain)))
        .map((one) => toProblem(one, placeOf(command, call.words[one.argIndex]?.start ?? call.start)))
    }),
  )
}

/** `# - Image not found: kubectl get imagepullsecrets` is read by people as an instruction, too. */
function inComments(context: LintContext, kinds: readonly UsageProblemKind[]): Problem[] {
  const comments = context.runbook.procedures.flatMap((procedure) =>
    procedure.phases.flatMap((phase) =>
      phase.steps.flatMap((step) => [
        ...(step.comments ?? []),
        ...(step.alternatives ?? []).flatMap((alternative) => alternative.comments ?? []),
      ]),
    ),
  )
  return comments.flatMap(({ text, line }) => {
    const command = /(?:^|[\s:`(])(kubectl (?:(?:-n|--namespace)[ =]\S+ )?[a-z][\w ./=:@-]*)/.exec(text)?.[1]
    if (
      command === undefined ||
      /\b(?:kubectl (?:and|or|to|is|command|will|can)|[a-z]+ (?:the|a|to|and|is|for|it))\b/.test(command)
    )
      return []
    const column = (context.lines[line - 1] ?? '').indexOf(command) + 1
    return parseKubectl(command.trim().split(/\s+/))
      .problems.filter((one) => one.certain && kinds.includes(one.kind) && SURE_IN_A_COMMENT.has(one.kind))
      .map((one) => toProblem(one, { line, column: Math.max(column, 1) }))
  })
}

const toProblem = ({ message, remedy }: UsageProblem, place: { line: number; column: number }): Problem => ({
  ...place,
  message,
  remedy,
})

export const KUBECTL_USAGE_RULES: LintRule[] = [
  usageRule(
    {
      id: 'kubectl-unknown-command',
      severity: 'error',
      summary: 'kubectl has no such command',
      bad: bash('kubectl endpoints web -n shop'),
      good: bash('kubectl get endpoints web -n shop'),
    },
    ['unknown-command'],
  ),
  usageRule(
    {
      id: 'kubectl-plugin',
      severity: 'info',
      summary: 'A command that works only where a kubectl plug-in is installed',
      bad: bash('kubectl cnpg status main -n shop'),
      good: bash('kubectl get clusters.postgresql.cnpg.io main -n shop'),
    },
    ['plugin'],
  ),
  usageRule(
    {
      id: 'kubectl-unknown-resource',
      severity: 'error',
      summary: 'A word that is no resource type of any API',
      bad: bash('kubectl get imagepullsecrets -n shop'),
      good: bash('kubectl get serviceaccount default -n shop -o yaml'),
    },
    ['unknown-resource'],
  ),
  usageRule(
    {
      id: 'kubectl-type-and-name',
      severity: 'error',
      summary: 'A resource type and TYPE/NAME in one command',
      bad: bash('kubectl describe pod deployment/web -n shop'),
      good: bash('kubectl describe deployment/web -n shop'),
    },
    ['type-and-name-mixed'],
  ),
  usageRule(
    {
      id: 'kubectl-unknown-flag',
      severity: 'error',
      summary: 'A flag that the command does not have',
      bad: bash('kubectl top pods -w'),
      good: bash('kubectl top pods'),
    },
    ['unknown-flag'],
  ),
  usageRule(
    {
      id: 'kubectl-removed-flag',
      severity: 'error',
      summary: 'A flag that supported versions of kubectl no longer have',
      bad: bash('kubectl version --short'),
      good: bash('kubectl version'),
    },
    ['removed-flag'],
  ),
  usageRule(
    {
      id: 'kubectl-deprecated-flag',
      severity: 'info',
      summary: 'A flag that will be removed from kubectl',
      bad: bash('kubectl set image deployment/web web=registry.local/web:2 --record'),
      good: bash('kubectl set image deployment/web web=registry.local/web:2'),
    },
    ['deprecated-flag'],
  ),
  usageRule(
    {
      id: 'kubectl-bad-value',
      severity: 'error',
      summary: 'A flag without its value, or with one that kubectl cannot read',
      bad: bash('kubectl wait pod/web-0 --for=delete --timeout=60'),
      good: bash('kubectl wait pod/web-0 --for=delete --timeout=60s'),
    },
    ['missing-value', 'bad-value'],
  ),
  usageRule(
    {
      id: 'kubectl-arguments',
      severity: 'error',
      summary: 'Arguments that kubectl refuses: too few, too many, or at odds with a flag',
      bad: bash('kubectl get daemonset web --all-namespaces'),
      good: bash('kubectl get daemonset web -n shop'),
    },
    [
      'name-with-all-namespaces', 'name-with-selector', 'exec-without-dash', 'missing-argument',
      'too-many-arguments', 'missing-flag',
    ], // prettier-ignore
  ),
]
