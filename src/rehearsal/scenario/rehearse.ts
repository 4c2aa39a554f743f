import { delay } from '../../base/clock.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { newId } from '../../base/id.ts'
import { forTerminal } from '../../base/text.ts'
import type { Condition } from '../../runbook/index.ts'
import type { Fault } from '../cluster/world/fault.ts'
import type { Proof } from '../proof/index.ts'
import type { Followed, Host, Responder, Row } from '../story/index.ts'
import { followIncident, rows, scripted, whereItStood } from '../story/index.ts'
import { waitForRule, waitForTrigger, webhookOf } from './alert.ts'
import type { FiringSeries, ProcedureRule } from './firing.ts'
import { kubectl } from './kubectl.ts'
import type { Scenario } from './schema.ts'

/** Where a fault is made and the state afterwards is looked at. */
export interface RehearsalTarget {
  /** `sandbox`, or `kubeconfig:CONTEXT/NAMESPACE`. */
  name: string
  namespace: string
  /** Puts the cause in place. @throws AppError `unsupported` for what cannot be made there */
  inject(fault: Fault): Promise<void>
  /** What kubectl needs to look at everything. */
  environment: Readonly<Record<string, string>>
  /** Where the alert's expression is asked for; `null` where only the signal can be measured. */
  prometheusUrl: string | null
}

/** The procedure that has to help, and its exact text. */
export interface RehearsedProcedure {
  trigger: Condition
  /** The alerting rule that the trigger states; `null` where it states none. */
  rule: ProcedureRule | null
  contentHash: string
  commit: string | null
  severity: string | null
  responseTimeSeconds: number | null
}

export interface RehearseDeps {
  host: Host
  target: RehearsalTarget
  procedure: RehearsedProcedure
  service: string
  /** Times that the page declares are divided by this. */
  speed: number
  now(): Date
  write(text: string): void
  signal: AbortSignal
  /** Who answers. Default: the scenario's own choices. */
  responder?: Responder
}

export interface Rehearsal {
  proof: Proof
  /** The incident at its end; `null` when it did not get there. */
  incident: Row | null
}

/** The namespace that scenarios are written for. */
const SCENARIO_NAMESPACE = 'erlmcp'
const MAX_REASON = 2_000
const LOOK_EVERY_MS = 500

/** Injects the fault, waits for the alert, lets erlmcp work, answers, checks the state. Never rejects for a failure of the rehearsed. */
export async function rehearse(deps: RehearseDeps, scenario: Scenario): Promise<Rehearsal> {
  const startedAt = deps.now()
  const proof = blankProof(deps, deps.target.name, scenario, startedAt)
  const limit = AbortSignal.any([deps.signal, AbortSignal.timeout(scenario.timeLimitSeconds * 1_000)])
  let seen: Followed | null = null
  try {
    await deps.target.inject(scenario.fault)
    deps.write(`  fault injected: ${scenario.fault.kind} (${scenario.title})\n`)
    const { value, labels: found } = await waitForAlert(deps, limit)
    const firedAt = deps.now()
    proof.secondsToDetect = (firedAt.getTime() - startedAt.getTime()) / 1_000
    deps.write(`\n  ALERT  ${scenario.alert.name}: ${valueText(deps.procedure.trigger, value)}\n\n`)
    const labels = { ...found, namespace: deps.target.namespace }
    const answer = await deps.host.webhook(webhookOf(scenario, firedAt, proof.id, labels))
    const name = forTerminal(answer['incident'])
    const responder = deps.responder ?? scripted(scenario.choose)
    const following = { ...deps, responder, reason: `rehearsal of ${scenario.name}` }
    const incident = await followIncident(following, name, limit, (now) => (seen = now))
    fill(proof, incident, firedAt)
    const unmet = await unmetExpectation(deps.target, scenario, limit)
    // said by somebody, not by the time
    if (deps.signal.aborted) throw deps.signal.reason
    proof.passed = incident['state'] === 'resolved' && unmet === null
    proof.reason = (unmet ?? forTerminal(incident['reason'])).slice(0, MAX_REASON)
    return { proof, incident }
  } catch (error) {
    if (deps.signal.aborted) throw error
    const stood = seen === null ? '' : `; ${whereItStood(seen)}`
    const late = limit.aborted ? `not done within ${scenario.timeLimitSeconds} s` : messageOf(error)
    // the wait for the alert says what it saw last
    const why = limit.aborted && seen === null ? `${late}: ${messageOf(error)}` : `${late}${stood}`
    proof.reason = why.slice(0, MAX_REASON)
    await endIncident(deps, seen)
    return { proof, incident: null }
  }
}

/** The page's rule where Prometheus can be asked, else its signal. */
async function waitForAlert(deps: RehearseDeps, limit: AbortSignal): Promise<FiringSeries> {
  const { rule, trigger } = deps.procedure
  const { prometheusUrl } = deps.target
  if (rule !== null && prometheusUrl !== null) return waitForRule({ ...deps, rule, prometheusUrl }, limit)
  return { value: await waitForTrigger({ ...deps, trigger }, limit), labels: {} }
}

/** Of a scenario that could not even begin: `reason` is why. */
export const proofOfNothing = (
  deps: Pick<RehearseDeps, 'procedure' | 'speed' | 'now'>,
  target: string,
  scenario: Scenario,
  reason: string,
): Proof => ({ ...blankProof(deps, target, scenario, deps.now()), reason: reason.slice(0, MAX_REASON) })

function blankProof(
  deps: Pick<RehearseDeps, 'procedure' | 'speed'>,
  target: string,
  scenario: Scenario,
  startedAt: Date,
): Proof {
  const { contentHash, commit, severity, responseTimeSeconds } = deps.procedure
  return {
    id: newId('proof'),
    scenario: scenario.name,
    page: scenario.page,
    procedure: scenario.procedure,
    contentHash,
    commit,
    target,
    at: startedAt.toISOString(),
    speed: deps.speed,
    passed: false,
    reason: '',
    incident: null,
    severity,
    responseTimeSeconds,
    secondsToDetect: null,
    secondsToAcknowledge: null,
    secondsToMitigate: null,
    secondsToResolve: null,
    commands: [],
  }
}

function valueText(trigger: Condition, value: number): string {
  const measured =
    trigger.unit === 'ratio' ? `${(value * 100).toFixed(1)} %` : String(Number(value.toPrecision(4)))
  const signal = (trigger.signal ?? '').replaceAll('_', ' ')
  return `${signal} ${measured} (${trigger.text})`
}

function fill(proof: Proof, incident: Row, firedAt: Date): void {
  const after = (value: unknown): number | null =>
    value === null ? null : Math.max(0, (Date.parse(forTerminal(value)) - firedAt.getTime()) / 1_000)
  proof.incident = forTerminal(incident['name'])
  proof.severity = forTerminal(incident['severity'])
  proof.secondsToAcknowledge = after(incident['acknowledgedAt'])
  proof.secondsToMitigate = after(incident['mitigatedAt'])
  proof.secondsToResolve = after(incident['resolvedAt'])
  proof.commands = rows(incident['timeline'])
    .filter((entry) => forTerminal(entry['kind']).startsWith('command.'))
    .map((entry) => forTerminal(entry['message']).slice(0, 300))
}

/** What does not hold when the time is over; `null` as soon as everything does. A state may come a little after the signal. */
export async function unmetExpectation(
  target: Pick<RehearsalTarget, 'namespace' | 'environment'>,
  scenario: Pick<Scenario, 'expect' | 'timeLimitSeconds'>,
  limit: AbortSignal,
): Promise<string | null> {
  for (const { kubectl: written, equals } of scenario.expect) {
    const args = written.map((word) => (word === SCENARIO_NAMESPACE ? target.namespace : word))
    for (;;) {
      const { out, err } = await kubectl(args, target.environment)
      if (out.trim() === equals.trim()) break
      const over = await delay(LOOK_EVERY_MS, limit).then(
        () => false,
        () => true,
      )
      if (!over) continue
      const given = out.trim() || err.trim()
      return `after the mitigation \`kubectl ${args.join(' ')}\` still gives "${given.slice(0, 200)}" at the end of the ${scenario.timeLimitSeconds} s, not "${equals}"`
    }
  }
  return null
}

/** What failed is over too: the next rehearsal starts from nothing. */
async function endIncident(deps: RehearseDeps, seen: Followed | null): Promise<void> {
  if (seen === null) return
  const name = forTerminal(seen.incident['name'])
  const reason = 'the rehearsal ended'
  await deps.host.api('POST', `/incidents/${name}/resolve`, { reason }).catch((error: unknown) => {
    if (!(error instanceof AppError)) throw error
  })
}
