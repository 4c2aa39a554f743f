import { monitorEventLoopDelay, performance } from 'node:perf_hooks'
import { getHeapSpaceStatistics, getHeapStatistics } from 'node:v8'

/** How this process is doing. Bytes, seconds and milliseconds as named. */
export interface Vitals {
  uptimeSeconds: number
  /** Share of one core over the last interval; 1.5 is one and a half cores. */
  cpu: number
  rssBytes: number
  heapUsedBytes: number
  heapLimitBytes: number
  externalBytes: number
  eventLoop: {
    /** Share of the last interval in which it was busy, 0 to 1. */
    utilisation: number
    delayP50Ms: number
    delayP99Ms: number
    delayMaxMs: number
  }
  /** What keeps the process busy, by kind: sockets, timers, pipes. */
  resources: Readonly<Record<string, number>>
}

export interface VitalsSampler {
  /** As of the last interval. */
  read(): Vitals
  memory(): MemoryReport
  stop(): void
}

export interface MemoryReport {
  rssBytes: number
  heapUsedBytes: number
  heapTotalBytes: number
  heapLimitBytes: number
  externalBytes: number
  arrayBuffersBytes: number
  spaces: { name: string; usedBytes: number; sizeBytes: number }[]
  /** Since the first sample, by the oldest that is kept; `null` until there are two. */
  growth: { overSeconds: number; rssBytes: number; heapUsedBytes: number } | null
}

const NANOSECONDS_PER_MS = 1e6
const KEEP = 360

interface Sample {
  at: number
  rssBytes: number
  heapUsedBytes: number
}

/** Samples this process every `everyMs`; the memory of up to 360 minutes is kept for its growth. */
export function createVitals(everyMs = 5_000): VitalsSampler {
  const delays = monitorEventLoopDelay({ resolution: 20 })
  delays.enable()
  const kept: Sample[] = []
  let cpu = process.cpuUsage()
  let loop = performance.eventLoopUtilization()
  let at = performance.now()
  let last = sample()
  const timer = setInterval(() => {
    last = sample()
  }, everyMs)
  timer.unref()

  function sample(): Vitals {
    const now = performance.now()
    const used = process.cpuUsage(cpu)
    const elapsedMs = Math.max(1, now - at)
    const busy = performance.eventLoopUtilization(loop)
    const memory = process.memoryUsage()
    const vitals: Vitals = {
      uptimeSeconds: Math.round(process.uptime()),
      cpu: round((used.user + used.system) / 1_000 / elapsedMs),
      rssBytes: memory.rss,
      heapUsedBytes: memory.heapUsed,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
      externalBytes: memory.external,
      eventLoop: {
        utilisation: round(busy.utilization),
        delayP50Ms: round(milliseconds(delays.percentile(50))),
        delayP99Ms: round(milliseconds(delays.percentile(99))),
        delayMaxMs: round(milliseconds(delays.max)),
      },
      resources: count(process.getActiveResourcesInfo()),
    }
    cpu = process.cpuUsage()
    loop = performance.eventLoopUtilization()
    at = now
    delays.reset()
    keep({ at: now, rssBytes: memory.rss, heapUsedBytes: memory.heapUsed })
    return vitals
  }

  /** One a minute is enough to see growth. */
  function keep(each: Sample): void {
    const newest = kept.at(-1)
    if (newest !== undefined && each.at - newest.at < 60_000) return
    kept.push(each)
    if (kept.length > KEEP) kept.shift()
  }

  return {
    read: () => last,
    memory: () => memoryReport(kept[0] ?? null),
    stop() {
      clearInterval(timer)
      delays.disable()
    },
  }
}

function memoryReport(oldest: Sample | null): MemoryReport {
  const memory = process.memoryUsage()
  const overSeconds = oldest === null ? 0 : Math.round((performance.now() - oldest.at) / 1_000)
  return {
    rssBytes: memory.rss,
    heapUsedBytes: memory.heapUsed,
    heapTotalBytes: memory.heapTotal,
    heapLimitBytes: getHeapStatistics().heap_size_limit,
    externalBytes: memory.external,
    arrayBuffersBytes: memory.arrayBuffers,
    spaces: getHeapSpaceStatistics()
      .map((space) => ({
        name: space.space_name,
        usedBytes: space.space_used_size,
        sizeBytes: space.space_size,
      }))
      .filter(({ sizeBytes }) => sizeBytes > 0),
    growth:
      oldest === null || overSeconds === 0
        ? null
        : {
            overSeconds,
            rssBytes: memory.rss - oldest.rssBytes,
            heapUsedBytes: memory.heapUsed - oldest.heapUsedBytes,
          },
  }
}

/** The delay beyond the resolution of the timer itself; before the first tick there is none. */
const milliseconds = (nanoseconds: number): number =>
  Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / NANOSECONDS_PER_MS - 20) : 0
const round = (value: number): number => Math.round(value * 1_000) / 1_000

function count(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1
  return counts
}
