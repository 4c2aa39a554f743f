import { withTransaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { PlannedStep } from '../run/index.ts'
import type { WorkflowContext } from '../workflow/index.ts'
import type { ResponseDeps, RunHandle } from './deps.ts'
import { runReads } from './execute.ts'
import type { Finding } from './execute.ts'
import { formatValue } from './tell.ts'

/**
 * Runs what only reads, at once: steps that do not depend on each other in parallel. A step that sets variables or
 * changes the folder runs before those that follow it.
 * @returns one line of evidence for each command that answered.
 */
export async function diagnose(
  deps: ResponseDeps,
  context: WorkflowContext,
  run: RunHandle,
): Promise<string[]> {
  await measureNow(deps, context, run)
  const slots = new Slots(deps.settings.parallelReads)
  const everybodys = slotsOfAll(deps)
  const evidence: string[] = []
  for (const group of independentGroups(run.plan.diagnosis)) {
    const findings = await Promise.all(
      group.map((step) =>
        context.step(`diagnose ${step.id}`, (signal) =>
          slots.use(() => everybodys.use(() => runReads(deps, run, step, 0, signal))),
        ),
      ),
    )
    evidence.push(
      ...findings
        .flat()
        .filter(answered)
        .map((finding) => finding.line),
    )
  }
  return evidence
}

/** Consecutive steps that touch no shell state form one group; each that does stands alone, in its place. */
export function independentGroups(steps: readonly PlannedStep[]): PlannedStep[][] {
  const groups: PlannedStep[][] = []
  let open: PlannedStep[] | null = null
  for (const step of steps) {
    if (step.commands.some((command) => command.changesShell)) {
      groups.push([step])
      open = null
    } else if (open === null) {
      open = [step]
      groups.push(open)
    } else open.push(step)
  }
  return groups
}

const answered = (finding: Finding): boolean => finding.state === 'done' && finding.line !== ''

/** The signal as it is while the incident is on, for the record. */
async function measureNow(deps: ResponseDeps, context: WorkflowContext, run: RunHandle): Promise<void> {
  const source = deps.service(run.serviceName).signals
  const signal = run.plan.recovery?.signal ?? run.plan.trigger?.signal ?? null
  if (source === null || signal === null) return
  await context.step('measure the signal', async () => {
    const measured = await deps.measure(source, signal)
    await withTransaction(deps.database, (trx) =>
      addTimeline(trx, deps.clock.now(), {
        incidentId: run.incidentId,
        kind: 'signal.measured',
        actor: 'system:erlmcp',
        message:
          measured.value === null
            ? `${signal} could not be measured`
            : `${signal} is ${formatValue(measured.value, run.plan.trigger?.unit ?? 'ratio')}`,
        data: { signal, value: measured.value, failedRequests: measured.failedRequests },
        dedupKey: `signal:${run.runId}`,
      }),
    )
  })
}

/** Runs that diagnose at their full width at one time; in a storm the others wait, so that each gets an answer at all. */
const WHOLE_RUNS = 4
const ofAll = new WeakMap<ResponseDeps['settings'], Slots>()

/** What all runs of this process have together. */
function slotsOfAll({ settings }: ResponseDeps): Slots {
  const slots = ofAll.get(settings) ?? new Slots(settings.parallelReads * WHOLE_RUNS)
  ofAll.set(settings, slots)
  return slots
}

/** At most `limit` at a time; the rest wait their turn. */
class Slots {
  #free: number
  readonly #waiting: (() => void)[] = []

  constructor(limit: number) {
    this.#free = limit
  }

  async use<T>(body: () => Promise<T>): Promise<T> {
    if (this.#free > 0) this.#free -= 1
    else await new Promise<void>((resolve) => this.#waiting.push(resolve))
    try {
      return await body()
    } finally {
      const next = this.#waiting.shift()
      if (next === undefined) this.#free += 1
      else next()
    }
  }
}
