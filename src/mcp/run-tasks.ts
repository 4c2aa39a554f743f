import type { CallToolResult } from '@modelcontextprotocol/server'
import { AppError } from '../base/error.ts'
import type { McpDeps } from './deps.ts'
import type { Caller } from './registry.ts'
import { seenIn } from './run-wait.ts'
import { declared } from './tasks.ts'
import type { TaskSource, TaskView } from './tasks.ts'

/** Runs are kept far longer than this; no client has to remember one for ever. */
const TTL_MS = 24 * 3_600_000
const POLL_MS = 2_000

/**
 * Runs as tasks: the id of a task is the run's. A task says what the run does and ends as it does; it decides nothing. A
 * run that waits for a person asks the client to open the page where that person signs in; whatever the client answers
 * is no approval. Only people end a run, so a client that cancels has stopped waiting and nothing more.
 */
export function runTasks(
  deps: McpDeps,
  present: (answer: Record<string, unknown>) => CallToolResult,
): TaskSource {
  const show = async (caller: Caller, id: string): Promise<Record<string, unknown> | null> => {
    try {
      return JSON.parse(JSON.stringify(await deps.invoke(caller.actor, 'run.show', { id }))) as Record<
        string,
        unknown
      >
    } catch (error) {
      if (error instanceof AppError && ['not_found', 'forbidden', 'input_invalid'].includes(error.code))
        return null
      throw error
    }
  }
  return {
    async get(caller, id, context) {
      const run = await show(caller, id)
      if (run === null) return null
      const opensPages = Object.hasOwn(declared(context)['elicitation'] ?? {}, 'url')
      return viewOf(id, run, deps.address(), opensPages, present)
    },
    update: async (caller, id) => (await show(caller, id)) !== null,
    cancel: async (caller, id) => (await show(caller, id)) !== null,
  }
}

function viewOf(
  taskId: string,
  run: Record<string, unknown>,
  address: string,
  opensPages: boolean,
  present: (answer: Record<string, unknown>) => CallToolResult,
): TaskView {
  const { answer, ended } = seenIn(run, address)
  const base = {
    taskId,
    createdAt: String(run['startedAt']),
    lastUpdatedAt: latest(run),
    ttlMs: TTL_MS,
    pollIntervalMs: POLL_MS,
  }
  if (ended) {
    if (run['state'] === 'cancelled')
      return {
        ...base,
        status: 'cancelled',
        statusMessage: typeof run['reason'] === 'string' ? run['reason'] : 'ended by a person',
      }
    // inlined, so it says itself that it is whole
    const result: CallToolResult = { ...present(answer), resultType: 'complete' }
    return {
      ...base,
      status: 'completed',
      result: run['state'] === 'failed' ? { ...result, isError: true } : result,
    }
  }
  const attention = answer['attention'] as { text: string; url: string } | null
  if (attention === null) return { ...base, status: 'working', statusMessage: String(run['state']) }
  const statusMessage = `A person has to decide at ${attention.url}`
  if (!opensPages) return { ...base, status: 'working', statusMessage }
  const inputRequests = {
    decision: {
      method: 'elicitation/create' as const,
      params: {
        mode: 'url' as const,
        message: 'A person signs in there and decides. What is answered here decides nothing.',
        url: attention.url,
        elicitationId: taskId,
      },
    },
  }
  return { ...base, status: 'input_required', statusMessage, inputRequests }
}

/** When the run was last seen to change. */
function latest(run: Record<string, unknown>): string {
  const waits = run['waitsFor'] as { askedAt?: string } | null | undefined
  const rows = ['executions', 'verifications', 'decisions'].flatMap((key) =>
    Array.isArray(run[key]) ? (run[key] as Record<string, unknown>[]) : [],
  )
  const times = [run['startedAt'], run['endedAt'], waits?.askedAt].concat(
    rows.flatMap((row) => [row['startedAt'], row['endedAt'], row['at'], row['decidedAt']]),
  )
  const known = times.filter(
    (time): time is string => typeof time === 'string' && !Number.isNaN(Date.parse(time)),
  )
  return known.toSorted((a, b) => Date.parse(a) - Date.parse(b)).at(-1) ?? String(run['startedAt'])
}
