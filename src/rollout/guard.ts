import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { Selectable } from 'kysely'
import type { Logger } from '../base/log.ts'
import { newId } from '../base/id.ts'
import type { GuardedRolloutTable } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import type { SeverityLevel } from '../incident/index.ts'
import { annotationOf, itemsOf, nameOf, ownedBy, REVISION, takeSnapshot } from '../kubernetes/index.ts'
import type { OpenCluster } from './cluster.ts'
import type { ChangeDeps } from './execute.ts'
import { actOnFailure } from './guard-act.ts'
import type { GuardActDeps } from './guard-act.ts'
import { revisionsOf } from './history.ts'
import type { Revision } from './history.ts'
import { judgeRollout } from './judge.ts'
import type { GuardLimits } from './judge.ts'
import { progressOf } from './wait.ts'

export interface GuardSettings extends GuardLimits {
  mode: 'dry-run' | 'on'
  /** `key=value` */
  label: string
  errorRateAbove: number
  severity: SeverityLevel
}

export interface GuardDeps extends Pick<ChangeDeps, 'database' | 'clock' | 'clusters' | 'tell' | 'policy'>, GuardActDeps {
  log: Logger
  settings: GuardSettings
} // prettier-ignore

export type GuardedRollout = Selectable<GuardedRolloutTable>

interface Seen {
  opened: OpenCluster & { service: string }
  deployment: Deployment
  revisions: Revision[]
  current: Revision
  pods: Pod[]
}

/**
 * One look at every labelled Deployment: rollouts that begin are written down, those that are watched are judged, and one
 * that has failed is undone, once. Any number of replicas may look; the row decides who acts.
 */
export async function lookAtRollouts(deps: GuardDeps): Promise<void> {
  for (const service of deps.clusters.names()) {
    try {
      await lookAtService(deps, service)
    } catch (error) {
      deps.log.warn({ err: error, service }, 'the guard could not look; it looks again')
    }
  }
}

async function lookAtService(deps: GuardDeps, service: string): Promise<void> {
  const opened = { ...deps.clusters.open({ service }), service }
  const snapshot = await takeSnapshot(opened.kubectl, ['deployments', 'replicasets', 'pods'])
  const [key = '', value = ''] = deps.settings.label.split('=')
  for (const deployment of itemsOf(snapshot.deployments)) {
    if (deployment.metadata?.labels?.[key] !== value) continue
    const seen = see(opened, deployment, itemsOf(snapshot.replicasets), itemsOf(snapshot.pods))
    if (seen !== null) await lookAt(deps, seen)
  }
}

function see(
  opened: Seen['opened'],
  deployment: Deployment,
  sets: readonly ReplicaSet[],
  pods: readonly Pod[],
): Seen | null {
  const revisions = revisionsOf(deployment, sets)
  const current = revisions.find((each) => each.current)
  const set = sets.find(
    (each) =>
      ownedBy(each, deployment.metadata?.uid) &&
      annotationOf(each, REVISION) === annotationOf(deployment, REVISION),
  )
  // the controller has not come to the newest template yet
  const isBehind = (deployment.status?.observedGeneration ?? 0) < (deployment.metadata?.generation ?? 0)
  if (current === undefined || set === undefined || isBehind) return null
  const own = pods.filter((pod) => ownedBy(pod, set.metadata?.uid))
  return { opened, deployment, revisions, current, pods: own }
}

async function lookAt(deps: GuardDeps, seen: Seen): Promise<void> {
  const row = await rowFor(deps, seen)
  if (row === null || row.ended_at !== null || row.state !== 'watching') return
  const failingSince = await measure(deps, seen, row)
  const at = deps.clock.now()
  const facts = {
    at,
    deployment: seen.deployment,
    current: seen.current,
    pods: seen.pods,
    seenAt: row.seen_at,
    failingSince,
  }
  const verdict = judgeRollout(facts, deps.settings)
  if (verdict.verdict === 'watching') return
  if (verdict.verdict === 'failed')
    return actOnFailure(deps, { ...seen, row, reason: verdict.reason }, deps.settings)
  await finish(deps, row.id, verdict.verdict, verdict.reason)
}

/** The row of the current revision: made when it is new; those of older revisions are over then. */
async function rowFor(deps: GuardDeps, seen: Seen): Promise<GuardedRollout | null> {
  const uid = seen.deployment.metadata?.uid ?? ''
  const at = deps.clock.now()
  return withTransaction(deps.database, async (trx) => {
    const rows = await trx
      .selectFrom('guarded_rollout')
      .selectAll()
      .where('uid', '=', uid)
      .orderBy('revision', 'desc')
      .limit(50)
      .execute()
    const known = rows.find((row) => row.revision === seen.current.revision)
    if (known !== undefined) return known
    await trx
      .updateTable('guarded_rollout')
      .set({ state: 'superseded', ended_at: at, reason: `revision ${seen.current.revision} came after it` })
      .where('uid', '=', uid)
      .where('state', '=', 'watching')
      .execute()
    // what ran well before the guard came is where it begins
    const isBaseline = rows.length === 0 && progressOf(seen.deployment).complete
    const good = rows.find((row) => row.state === 'healthy' || row.state === 'baseline')
    const inserted = await trx
      .insertInto('guarded_rollout')
      .values({
        id: newId('grd'),
        service: seen.opened.service,
        context: seen.opened.context,
        namespace: seen.opened.namespace,
        workload: nameOf(seen.deployment),
        uid,
        revision: seen.current.revision,
        previous: previousOf(seen, good?.revision ?? null),
        state: isBaseline ? 'baseline' : 'watching',
        seen_at: at,
        ended_at: isBaseline ? at : null,
      })
      .onConflict((conflict) => conflict.columns(['uid', 'revision']).doNothing())
      .returningAll()
      .executeTakeFirst()
    return inserted ?? null
  })
}

/** The revision that the guard has seen well, where it is still there; else the one before. */
function previousOf({ revisions, current }: Seen, good: number | null): number | null {
  const others = revisions.filter((each) => each.revision < current.revision)
  const proven = others.find((each) => each.revision === good)
  return (proven ?? others[0])?.revision ?? null
}

async function measure(deps: GuardDeps, seen: Seen, row: GuardedRollout): Promise<Date | null> {
  const { signals } = seen.opened
  if (signals === null) return null
  const { value } = await deps.clusters.measure(signals, 'error_rate')
  // what cannot be measured says nothing, neither for nor against
  if (value === null) return row.failing_since
  const failing = value > deps.settings.errorRateAbove
  const since = failing ? (row.failing_since ?? deps.clock.now()) : null
  if (since?.getTime() !== row.failing_since?.getTime())
    await deps.database.kysely
      .updateTable('guarded_rollout')
      .set({ failing_since: since })
      .where('id', '=', row.id)
      .execute()
  return since
}

async function finish(deps: GuardDeps, id: string, state: string, reason: string): Promise<void> {
  await deps.database.kysely
    .updateTable('guarded_rollout')
    .set({ state, reason, ended_at: deps.clock.now() })
    .where('id', '=', id)
    .where('state', '=', 'watching')
    .execute()
}
