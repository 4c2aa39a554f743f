import {
  CLIENT_CAPABILITIES_META_KEY,
  MissingRequiredClientCapabilityError,
  ProtocolError,
  ProtocolErrorCode,
} from '@modelcontextprotocol/server'
import type { CallToolResult, InputRequests, Server, ServerContext } from '@modelcontextprotocol/server'
import { z } from 'zod'
import type { CallContext, Caller } from './registry.ts'

/** The Tasks extension of MCP 2026-07-28 (SEP-2663). */
export const TASKS_EXTENSION = 'io.modelcontextprotocol/tasks'

export interface TaskView {
  taskId: string
  status: 'working' | 'input_required' | 'completed' | 'cancelled' | 'failed'
  statusMessage?: string
  /** RFC 3339. */
  createdAt: string
  lastUpdatedAt: string
  /** It can be asked for at least this long. */
  ttlMs: number
  pollIntervalMs: number
  /** When it is completed. */
  result?: CallToolResult
  /** When the protocol, not the work, failed. */
  error?: { code: number; message: string }
  inputRequests?: InputRequests
}

/** Where tasks come from. Whoever may not see one hears that there is none. */
export interface TaskSource {
  get(caller: Caller, taskId: string, context: CallContext): Promise<TaskView | null>
  /** Takes what a client answers to `inputRequests`; false when there is no such task. */
  update(caller: Caller, taskId: string, responses: Record<string, unknown>): Promise<boolean>
  /** Asks for its end; false when there is no such task. */
  cancel(caller: Caller, taskId: string): Promise<boolean>
}

/** What a tool answers instead of its result. */
export type TaskCreated = Omit<TaskView, 'result' | 'error' | 'inputRequests'> & {
  resultType: 'task'
  /** Nothing: the SDK knows a tool's answer by it. */
  content: []
}

export const created = ({ result: _r, error: _e, inputRequests: _i, ...view }: TaskView): TaskCreated => ({
  resultType: 'task',
  content: [],
  ...view,
})

export const isTaskCreated = (result: object): result is TaskCreated =>
  (result as { resultType?: unknown }).resultType === 'task'

/** What this request says its client can do; every request says it anew. */
export function declared(context: CallContext): Record<string, object | undefined> {
  const envelope = context.mcpReq.envelope as Record<string, unknown> | undefined
  return (envelope?.[CLIENT_CAPABILITIES_META_KEY] ?? {}) as Record<string, object | undefined>
}

export const declaresTasks = (context: CallContext): boolean =>
  Object.hasOwn(declared(context)['extensions'] ?? {}, TASKS_EXTENSION)

export function requireTasks(context: CallContext): void {
  if (declaresTasks(context)) return
  throw new MissingRequiredClientCapabilityError({
    requiredCapabilities: { extensions: { [TASKS_EXTENSION]: {} } },
  })
}

const taskId = z.string().min(1).max(200)
const LOOK = { params: z.looseObject({ taskId }) }
const UPDATE = {
  params: z.looseObject({ taskId, inputResponses: z.record(z.string(), z.unknown()).optional() }),
}

/** A method of the extension, as the server records and answers it. */
export type Recording = <Result>(
  context: ServerContext,
  about: { method: string; subject: string; input: Record<string, unknown> },
  act: () => Promise<Result>,
) => Promise<Result>

/** The three methods, for those who declare the extension with the request. */
export function serveTasks(server: Server, source: TaskSource, caller: Caller, record: Recording): void {
  const known = <T>(found: T | null | false): T => {
    if (found === null || found === false)
      throw new ProtocolError(ProtocolErrorCode.InvalidParams, 'There is no such task')
    return found
  }
  server.setRequestHandler('tasks/get', LOOK, async ({ taskId: id }, context) => {
    requireTasks(context)
    return record(context, { method: 'tasks/get', subject: id, input: { id } }, async () => ({
      resultType: 'complete',
      ...known(await source.get(caller, id, context)),
    }))
  })
  server.setRequestHandler('tasks/update', UPDATE, async ({ taskId: id, inputResponses }, context) => {
    requireTasks(context)
    const responses = inputResponses ?? context.mcpReq.inputResponses ?? {}
    return record(context, { method: 'tasks/update', subject: id, input: { id } }, async () => {
      known(await source.update(caller, id, responses))
      return { resultType: 'complete' }
    })
  })
  server.setRequestHandler('tasks/cancel', LOOK, async ({ taskId: id }, context) => {
    requireTasks(context)
    return record(context, { method: 'tasks/cancel', subject: id, input: { id } }, async () => {
      known(await source.cancel(caller, id))
      return { resultType: 'complete' }
    })
  })
}
