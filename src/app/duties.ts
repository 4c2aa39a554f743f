import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { ChangeFeed } from '../db/index.ts'
import type { ClusterDesk, ChangeDeps } from '../rollout/index.ts'
import { CHANGE_WORKFLOW, executeChange, lookAtRollouts } from '../rollout/index.ts'
import { carryOutWindow, MAINTENANCE_WORKFLOW } from '../maintenance/index.ts'
import type { MaintenanceDeps } from '../maintenance/index.ts'
import { verify } from '../verification/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import { buildClusters } from './cluster.ts'
import { loopDuty } from './loop.ts'
import type { AppOptions, Duty } from './options.ts'
import type { Store } from './store.ts'

/** What changes of workloads need. `null`: no service runs in a cluster. */
export function changeDeps(options: AppOptions, clock: Clock, store: Store): ChangeDeps | null {
  const clusters = buildClusters(options.config)
  return clusters === undefined ? null : dependencies(options, clock, store, clusters)
}

function dependencies(
  { config, speed = 1 }: AppOptions,
  clock: Clock,
  { database, permissions }: Store,
  clusters: ClusterDesk,
): ChangeDeps {
  const { changes, response } = config
  const now = () => clock.now()
  return {
    database,
    clock,
    now,
    delay,
    policy: permissions.policy.policy,
    clusters,
    pollMs: changes.pollSeconds * 1_000,
    tell: changes.tell,
    settings: {
      readyTimeoutMs: changes.readyTimeoutSeconds * 1_000,
      commandTimeoutMs: response.commandTimeoutSeconds * 1_000,
      recovered: {
        comparison: '<',
        threshold: changes.errorRateBelow,
        forSeconds: changes.verifySeconds / speed,
      },
    },
    verify: (request, signal) =>
      verify(
        { fetch: globalThis.fetch, now, delay },
        {
          ...request,
          sampleEveryMs: response.sampleEverySeconds * 1_000,
          // longer than it has to hold, by what old failures need to drop out of the window
          giveUpAfterMs: (changes.verifySeconds / speed) * 1_000 + changes.verifyGraceSeconds * 1_000,
        },
        signal,
      ),
  }
}

/** The workflows of standing duties; before the engine is launched. */
export function defineDuties(
  options: AppOptions,
  clock: Clock,
  store: Store,
  engine: Pick<WorkflowEngine, 'define' | 'start'>,
): void {
  const deps = changeDeps(options, clock, store)
  engine.define<{ changeId: string }>(CHANGE_WORKFLOW, async (context, { changeId }) => {
    if (deps === null) throw new Error('no service runs in a cluster any more')
    await executeChange(deps, context, changeId)
  })
  engine.define<{ sessionId: string }>(MAINTENANCE_WORKFLOW, (context, { sessionId }) =>
    carryOutWindow(maintenanceDeps(options, clock, store, engine), context, sessionId),
  )
}

/** Watches rollouts and undoes those that fail, where the configuration says so. */
export function guardDuties(
  options: AppOptions,
  clock: Clock,
  store: Store,
  engine: Pick<WorkflowEngine, 'start'>,
  changes: ChangeFeed,
): Duty[] {
  const { guard, response } = options.config
  const deps = changeDeps(options, clock, store)
  if (deps === null || guard.mode === 'off') return []
  const { mode, label, severity, errorRateAbove, restarts } = guard
  const settings = {
    mode,
    label,
    severity,
    errorRateAbove,
    restarts,
    readyDeadlineMs: guard.readyDeadlineSeconds * 1_000,
    windowMs: guard.windowSeconds * 1_000,
    errorRateForMs: guard.errorRateForSeconds * 1_000,
  }
  const approvalTtlMs = response.approvalTtlSeconds * 1_000
  return [
    loopDuty({
      name: 'guard',
      everyMs: guard.everySeconds * 1_000,
      log: options.log,
      changes,
      async look() {
        await lookAtRollouts({ ...deps, log: options.log, engine, approvalTtlMs, settings })
        return false
      },
    }),
  ]
}

function maintenanceDeps(
  options: AppOptions,
  clock: Clock,
  store: Store,
  engine: Pick<WorkflowEngine, 'start'>,
): MaintenanceDeps {
  const { changes, maintenance, response } = options.config
  return {
    database: store.database,
    clock,
    now: () => clock.now(),
    delay,
    policy: store.permissions.policy.policy,
    clusters: buildClusters(options.config) ?? NO_CLUSTER,
    pollMs: changes.pollSeconds * 1_000,
    tell: changes.tell,
    engine,
    settings: {
      readyTimeoutMs: maintenance.readyTimeoutSeconds * 1_000,
      commandTimeoutMs: response.commandTimeoutSeconds * 1_000,
      severity: maintenance.severity,
    },
  }
}

/** Windows of services that run elsewhere only hold pages back. */
const NO_CLUSTER: ClusterDesk = {
  names: () => [],
  open: () => {
    throw new Error('no service runs in a cluster any more')
  },
  measure: async () => ({ value: null }),
}
