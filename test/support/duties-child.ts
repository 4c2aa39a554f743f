// erlmcp's standing duties on a small cluster, as a process of its own that kills itself at one place.
import { delay } from '../../src/base/clock.ts'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { createDatabase } from '../../src/db/index.ts'
import { carryOutWindow, MAINTENANCE_WORKFLOW } from '../../src/maintenance/index.ts'
import { CHANGE_WORKFLOW, executeChange } from '../../src/rollout/index.ts'
import type { ClusterDesk } from '../../src/rollout/index.ts'
import { createEngine } from '../../src/workflow/index.ts'
import type { CrashPoint } from '../../src/workflow/index.ts'
import { silentLog } from './log.ts'
import { smallKubectl } from './small-cluster.ts'

export interface DutiesChild {
  url: string
  executorId: string
  /** The file of the small cluster. */
  cluster: string
  /** Kills itself there, in the first step whose name begins so. */
  crashAt: { point: CrashPoint; name: string } | null
}

const options = JSON.parse(process.argv[2] ?? '{}') as DutiesChild
const database = createDatabase({ url: options.url, name: 'child', acquireTimeoutMs: 2_000 })
const engine = createEngine({
  url: options.url,
  database,
  executorId: options.executorId,
  host: 'test',
  log: silentLog,
  beatMs: 200,
  leaseMs: 1_500,
  async reach(point, place) {
    if (point !== options.crashAt?.point || !place.name.startsWith(options.crashAt.name)) return
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => undefined)
  },
})

await loadCommandGrammars()
const kubectl = smallKubectl(options.cluster)
const clusters: ClusterDesk = {
  names: () => ['shop'],
  open: () => ({
    service: 'shop',
    workload: 'shop',
    context: 'small',
    namespace: 'shop',
    kubectl,
    signals: null,
  }),
  measure: async () => ({ value: null }),
}
const clock = { now: () => new Date() }
const shared = { database, clock, now: () => clock.now(), delay, pollMs: 20, clusters, tell: [] }
engine.define<{ sessionId: string }>(MAINTENANCE_WORKFLOW, (context, { sessionId }) =>
  carryOutWindow(
    {
      ...shared,
      engine,
      settings: { readyTimeoutMs: 5_000, commandTimeoutMs: 5_000, severity: 'P1' },
    },
    context,
    sessionId,
  ),
)
engine.define<{ changeId: string }>(CHANGE_WORKFLOW, (context, { changeId }) =>
  executeChange(
    {
      ...shared,
      settings: { readyTimeoutMs: 5_000, commandTimeoutMs: 5_000, recovered: { comparison: '<', threshold: 0.01, forSeconds: 1 } }, // prettier-ignore
      verify: async () => ({ verdict: 'unknown', samples: [], reason: 'not measured here' }),
    },
    context,
    changeId,
  ),
)
await engine.launch()
process.stdout.write('ready\n')
