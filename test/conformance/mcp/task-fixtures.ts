import { randomUUID } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { CallToolResult, InputRequests, Tool } from '@modelcontextprotocol/server'
import { created, declaresTasks } from '../../../src/mcp/tasks.ts'
import type { TaskCreated, TaskSource, TaskView } from '../../../src/mcp/tasks.ts'
import type { CallContext, RegisteredTool } from '../../../src/mcp/index.ts'

/** The tools that the suite asks for its scenarios on tasks, over a store that lasts as long as the test. */
interface Kept {
  view: TaskView
  answers: Record<string, Record<string, unknown>>
  stop: AbortController
  /** Called when all that was asked is answered. */
  resume(): void
}

type Ended = { result: CallToolResult } | { error: { code: number; message: string } }
type Body = (task: Kept) => Promise<Ended>

const store = new Map<string, Kept>()

export const taskFixtures: TaskSource = {
  get: async (_caller, id) => store.get(id)?.view ?? null,
  async update(_caller, id, responses) {
    const task = store.get(id)
    if (task === undefined) return false
    const waiting: InputRequests = { ...task.view.inputRequests }
    for (const [key, response] of Object.entries(responses)) {
      if (!(key in waiting)) continue
      task.answers[key] = (response as { content?: Record<string, unknown> }).content ?? {}
      delete waiting[key]
    }
    if (Object.keys(waiting).length > 0) change(task, { inputRequests: waiting })
    else {
      change(task, { status: 'working', inputRequests: undefined })
      task.resume()
    }
    return true
  },
  async cancel(_caller, id) {
    const task = store.get(id)
    if (task === undefined) return false
    if (['working', 'input_required'].includes(task.view.status)) {
      change(task, { status: 'cancelled', inputRequests: undefined })
      task.stop.abort()
    }
    return true
  },
}

function change(task: Kept, to: { [K in keyof TaskView]?: TaskView[K] | undefined }): void {
  const next = { ...task.view, ...to, lastUpdatedAt: new Date().toISOString() }
  task.view = Object.fromEntries(
    Object.entries(next).filter(([, value]) => value !== undefined),
  ) as unknown as TaskView
}

function begin(body: Body): TaskCreated {
  const now = new Date().toISOString()
  const task: Kept = {
    view: {
      taskId: randomUUID(),
      status: 'working',
      createdAt: now,
      lastUpdatedAt: now,
      ttlMs: 60_000,
      pollIntervalMs: 100,
    },
    answers: {},
    stop: new AbortController(),
    resume: () => undefined,
  }
  store.set(task.view.taskId, task)
  const made = created(task.view)
  void settle(task, body)
  return made
}

async function settle(task: Kept, body: Body): Promise<void> {
  const ended = await body(task).catch(() => null)
  if (ended === null || task.stop.signal.aborted) return
  change(task, { status: 'error' in ended ? 'failed' : 'completed', ...ended })
}

const asked = async (task: Kept, inputRequests: InputRequests): Promise<void> => {
  change(task, { status: 'input_required', inputRequests })
  await new Promise<void>((resolve) => {
    task.resume = resolve
  })
}
const say = (text: string, isError = false): Ended => ({
  result: { content: [{ type: 'text', text }], resultType: 'complete', ...(isError ? { isError } : {}) },
})
const form = (message: string, name: string) => ({
  method: 'elicitation/create' as const,
  params: {
    mode: 'form' as const,
    message,
    requestedSchema: {
      type: 'object' as const,
      properties: { [name]: { type: 'string' as const } },
      required: [name],
    },
  },
})

export const TASK_TOOLS = new Map<string, RegisteredTool>()

function tool(
  name: string,
  properties: Record<string, unknown>,
  body: (input: Record<string, unknown>) => Body,
  kind: 'sync' | 'optional' | 'required' = 'optional',
): void {
  TASK_TOOLS.set(name, {
    definition: {
      name,
      description: `Fixture of the suite: ${name}`,
      inputSchema: { type: 'object', properties } as Tool['inputSchema'],
    },
    isVisible: () => true,
    needsTasks: kind === 'required',
    async call(_caller, input, context: CallContext) {
      if (kind !== 'sync' && declaresTasks(context)) return begin(body(input))
      const alone: Kept = { view: { status: 'working' } as TaskView, answers: {}, stop: new AbortController(), resume: () => undefined } // prettier-ignore
      const ended = await body(input)(alone)
      if ('error' in ended) throw new Error(ended.error.message)
      return ended.result
    },
  })
}

tool(
  'greet',
  { name: { type: 'string' } },
  ({ name }) =>
    async () =>
      say(`Hello, ${String(name)}!`),
  'sync',
)
tool(
  'slow_compute',
  { seconds: { type: 'number' }, label: { type: 'string' } },
  ({ seconds, label }) =>
    async ({ stop }) => {
      await pause(Number(seconds ?? 0) * 1_000, undefined, { signal: stop.signal })
      return say(`computed ${String(label)}`)
    },
)
tool('failing_job', {}, () => async () => {
  await pause(300)
  return say('the job failed', true)
}, 'required') // prettier-ignore
tool('protocol_error_job', {}, () => async () => {
  await pause(100)
  return { error: { code: -32_603, message: 'the worker is gone' } }
}) // prettier-ignore
tool('confirm_delete', { filename: { type: 'string' } }, ({ filename }) => async (task) => {
  await asked(task, { confirm: form(`Delete ${String(filename)}?`, 'confirm') })
  return say(`answered for ${String(filename)}`)
}) // prettier-ignore
tool('multi_input', {}, () => async (task) => {
  await asked(task, { first: form('First?', 'first'), second: form('Second?', 'second') })
  return say(`both: ${JSON.stringify(task.answers)}`)
}) // prettier-ignore

TASK_TOOLS.set('test_tool_with_task', {
  definition: {
    name: 'test_tool_with_task',
    description: 'Fixture of the suite: asks, then works',
    inputSchema: { type: 'object', properties: {} },
  },
  isVisible: () => true,
  needsTasks: true,
  async call(_caller, _input, context) {
    const answer = context.mcpReq.inputResponses?.['user_name'] as { content?: { name?: string } } | undefined
    if (answer === undefined)
      return { resultType: 'input_required', inputRequests: { user_name: form('Who are you?', 'name') } }
    return begin(async () => say(`done for ${String(answer.content?.name)}`))
  },
})
