import { messageOf } from '../../../base/error.ts'
import { Autoscaler } from './autoscaler.ts'
import { syncClaims } from './claims.ts'
import type { ControllerDeps } from './deps.ts'
import { syncDeployments } from './deployment.ts'
import { syncEndpoints } from './endpoints.ts'
import { collectGarbage, syncNamespaces } from './garbage.ts'
import { syncBudgets, syncJobs } from './job.ts'
import { syncReplicaSets } from './replicaset.ts'
import { syncScheduler } from './scheduler.ts'

const AUTOSCALER_PERIOD_MS = 15_000
/** Deadlines are noticed at this pace when nothing changes. */
const TICK_MS = 1_000
/** A round that changes something calls for another; this many rounds mean that two controllers disagree. */
const MAX_ROUNDS = 50

/**
 * Brings the cluster to the state that its objects ask for. After every change all controllers run again until
 * nothing changes any more: the cluster is small, and there is no queue to get wrong.
 */
export class Controllers {
  #deps: ControllerDeps
  #scheduled = false
  #unsubscribe: () => void
  #timers: NodeJS.Timeout[]
  #stopped = false

  constructor(deps: ControllerDeps) {
    this.#deps = deps
    const autoscaler = new Autoscaler()
    this.#unsubscribe = deps.context.store.subscribe((change) => {
      if (change.resource !== 'events') this.#schedule()
    })
    this.#timers = [
      setInterval(() => this.#schedule(), TICK_MS),
      setInterval(
        () => this.#guard('autoscaler', () => autoscaler.sync(deps)),
        AUTOSCALER_PERIOD_MS / deps.speed,
      ),
    ]
    this.#schedule()
  }

  stop(): void {
    this.#stopped = true
    this.#unsubscribe()
    for (const timer of this.#timers) clearInterval(timer)
  }

  #schedule(): void {
    if (this.#scheduled || this.#stopped) return
    this.#scheduled = true
    setImmediate(() => {
      this.#scheduled = false
      if (!this.#stopped) this.#reconcile()
    })
  }

  #reconcile(): void {
    const { store } = this.#deps.context
    for (let round = 0; round < MAX_ROUNDS; round += 1) {
      const before = store.version
      for (const [name, sync] of CONTROLLERS) this.#guard(name, () => sync(this.#deps))
      if (store.version === before) return
    }
    this.#deps.context.log('the controllers did not come to rest')
  }

  #guard(name: string, work: () => void): void {
    try {
      work()
    } catch (error) {
      this.#deps.context.log(`${name}: ${messageOf(error)}`)
    }
  }
}

const CONTROLLERS: [string, (deps: ControllerDeps) => void][] = [
  ['namespaces', syncNamespaces],
  ['claims', syncClaims],
  ['deployments', syncDeployments],
  ['replica sets', syncReplicaSets],
  ['jobs', syncJobs],
  ['scheduler', syncScheduler],
  ['endpoints', syncEndpoints],
  ['budgets', syncBudgets],
  ['garbage', collectGarbage],
]
