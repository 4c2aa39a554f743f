import { z } from 'zod'
import { AppError, messageOf } from '../base/error.ts'
import { bytesText, coresText } from '../kubernetes/index.ts'

/** Above what was used nearly always, so that a peak does not hit the limit at once. */
const CPU_ROOM = 1.2
const MEMORY_ROOM = 1.3
/** A limit, over the request: short peaks of CPU may borrow; memory cannot be taken back. */
const CPU_LIMIT = 2
const TIMEOUT_MS = 10_000

export interface Recommendation {
  container: string
  days: number
  requests: { cpu: string; memory: string }
  limits: { cpu: string; memory: string }
  /** How each number came about. */
  arithmetic: string[]
}

const Reply = z.object({
  status: z.string(),
  data: z.object({ result: z.array(z.object({ value: z.tuple([z.number(), z.string()]) })) }).optional(),
})

interface Request {
  url: string
  namespace: string
  workload: string
  container: string
  days: number
}

/**
 * Requests and limits from the usage that Prometheus has seen: the 95th percentile over a window, of the pod that used most.
 * @throws AppError `unavailable` (Prometheus), `not_found` (it has no usage of this container).
 */
export async function recommend(
  deps: { fetch: typeof globalThis.fetch },
  request: Request,
): Promise<Recommendation> {
  const { namespace, workload, container, days } = request
  const series = `{namespace="${namespace}",pod=~"${workload}-.*",container="${container}"}`
  const window = `${days}d`
  const cpuQuery = `max(quantile_over_time(0.95, rate(container_cpu_usage_seconds_total${series}[5m])[${window}:5m]))`
  const memoryQuery = `max(quantile_over_time(0.95, container_memory_working_set_bytes${series}[${window}]))`
  const peakQuery = `max(max_over_time(container_memory_working_set_bytes${series}[${window}]))`
  const [cpu, memory, peak] = await Promise.all([cpuQuery, memoryQuery, peakQuery].map((query) => ask(deps, request.url, query))) // prettier-ignore
  if (cpu == null || memory == null || peak == null) {
    throw new AppError('not_found', `Prometheus has no usage of ${container} in ${workload} for ${window}`, {
      action: 'Check that it scrapes cAdvisor (container_cpu_usage_seconds_total), or take a shorter time.',
    })
  }
  return advise(request, { cpu, memory, peak })
}

/** The arithmetic alone. CPU in cores, memory in bytes. */
export function advise(
  { container, days }: Pick<Request, 'container' | 'days'>,
  used: { cpu: number; memory: number; peak: number },
): Recommendation {
  const cpu = Math.max(0.01, used.cpu * CPU_ROOM)
  const memory = used.memory * MEMORY_ROOM
  const memoryLimit = Math.max(memory, used.peak * MEMORY_ROOM)
  const cpuLimit = cpu * CPU_LIMIT
  return {
    container,
    days,
    requests: { cpu: coresText(cpu), memory: bytesText(memory) },
    limits: { cpu: coresText(cpuLimit), memory: bytesText(memoryLimit) },
    arithmetic: [
      `CPU request: p95 of ${coresText(used.cpu)} over ${days} d x ${CPU_ROOM} = ${coresText(cpu)}`,
      `CPU limit: request x ${CPU_LIMIT} = ${coresText(cpuLimit)}`,
      `memory request: p95 of ${bytesText(used.memory)} over ${days} d x ${MEMORY_ROOM} = ${bytesText(memory)}`,
      `memory limit: peak of ${bytesText(used.peak)} x ${MEMORY_ROOM} = ${bytesText(memoryLimit)}`,
    ],
  }
}

async function ask(
  deps: { fetch: typeof globalThis.fetch },
  url: string,
  query: string,
): Promise<number | null> {
  const address = new URL(`${url.replace(/\/+$/, '')}/api/v1/query`)
  address.searchParams.set('query', query)
  let reply
  try {
    const response = await deps.fetch(address, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
      redirect: 'error',
    })
    reply = Reply.parse(await response.json())
  } catch (error) {
    throw new AppError('unavailable', `${address.origin} gives no usage: ${messageOf(error).slice(0, 300)}`, {
      action: 'Check `signals.url` of the service.',
      retryable: true,
      cause: error,
    })
  }
  const value = Number(reply.data?.result[0]?.value[1] ?? Number.NaN)
  return Number.isFinite(value) ? value : null
}
