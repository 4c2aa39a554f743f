import { quantity } from '../quantity.ts'
import type { ContainerRunner } from './container.ts'
import { cpuSecondsOf, memoryBytesOf, treeOf } from './processes.ts'

interface Sample {
  at: number
  /** Of all processes since the container started; never falls. */
  cpuSeconds: number
  memoryBytes: number
}

interface Entry {
  pid: number
  /** The processes of the container when they were last looked for. */
  pids: readonly number[]
  list: Sample[]
  /** What each process has been seen to use, so that the sum does not fall when one ends. */
  seconds: Map<number, number>
  cpuSeconds: number
}

export interface Usage {
  /** Mean over the window. */
  cpuCores: number
  /** Since the container started. */
  cpuSeconds: number
  memoryBytes: number
  at: Date
  windowMs: number
}

/** CPU is the mean over this time, as the metrics pipeline of a real cluster gives it. */
const WINDOW_MS = 10_000
const FIRST_MS = 3_000
const SAMPLE_EVERY_MS = 900
/** A container that has just started gets its processes one after another. */
const SETTLED_SAMPLES = 4

/** Measures containers from `/proc` and ends those over their memory limit. */
export class UsageMeter {
  #samples = new Map<ContainerRunner, Entry>()

  /** Called several times a second. */
  measure(runner: ContainerRunner): void {
    const pid = runner.treePid
    if (pid === null) {
      this.#samples.delete(runner)
      return
    }
    let entry = this.#samples.get(runner)
    if (entry?.pid !== pid) entry = { pid, pids: [], list: [], seconds: new Map(), cpuSeconds: 0 }
    this.#samples.set(runner, entry)
    const now = Date.now()
    const due = now - (entry.list.at(-1)?.at ?? 0) >= SAMPLE_EVERY_MS
    // walking the tree costs more than all else here; a memory limit is looked at in between, for those that are known
    if (due || entry.list.length < SETTLED_SAMPLES) entry.pids = treeOf(pid)
    const { pids } = entry
    const memoryBytes = memoryBytesOf(pids)
    const limit = quantity(runner.spec.resources?.limits?.['memory'])
    if (limit > 0 && memoryBytes > limit) {
      runner.killForMemory()
      return
    }
    if (!due) return
    for (const each of pids) {
      const seconds = cpuSecondsOf(each)
      entry.cpuSeconds += Math.max(0, seconds - (entry.seconds.get(each) ?? 0))
      entry.seconds.set(each, seconds)
    }
    entry.list.push({ at: now, memoryBytes, cpuSeconds: entry.cpuSeconds })
    while (entry.list.length > 2 && now - (entry.list[1]?.at ?? now) >= WINDOW_MS) entry.list.shift()
  }

  /** `null` until there is enough to measure by: a new container has no metrics for a moment. */
  of(runner: ContainerRunner): Usage | null {
    const list = this.#samples.get(runner)?.list ?? []
    const [first] = list
    const last = list.at(-1)
    if (first === undefined || last === undefined || last.at - first.at < FIRST_MS) return null
    const cpuCores = Math.max(0, last.cpuSeconds - first.cpuSeconds) / ((last.at - first.at) / 1_000)
    const { memoryBytes, cpuSeconds } = last
    return { cpuCores, cpuSeconds, memoryBytes, at: new Date(last.at), windowMs: last.at - first.at }
  }

  forget(runner: ContainerRunner): void {
    this.#samples.delete(runner)
  }
}
