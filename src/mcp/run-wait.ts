import { setTimeout as pause } from 'node:timers/promises'
import { z } from 'zod'
import { canonicalJson, sha256 } from '../base/id.ts'
import type { ToolSpec } from './tools.ts'

/** Below the 60 s after which common hosts give a call up. */
const MOST_SECONDS = 50
const LOOK_EVERY_MS = 1_000
const OVER = new Set(['succeeded', 'failed', 'cancelled'])

export const waitInput = z.strictObject({
  id: z.string().min(1).max(100).describe('of run_list'),
  until: z
    .enum(['change', 'attention', 'end'])
    .default('change')
    .describe('change: anything at all; attention: a person is needed, or it is over; end: it is over'),
  version: z.string().max(64).optional().describe('of the last answer: returns at once when it is older'),
  timeout_s: z.coerce.number().int().min(1).max(MOST_SECONDS).default(25).describe('1 to 50'),
})

export const waitOutput = z.looseObject({
  run: z.string(),
  state: z.string(),
  version: z.string().describe('changes with everything that changes'),
  changed: z.boolean(),
  ended: z.boolean(),
  attention: z
    .looseObject({
      kind: z.string(),
      text: z.string(),
      url: z.string().describe('where a person signs in and decides; show it to them'),
      since: z.string(),
    })
    .nullable()
    .describe('what only a person can decide'),
  next: z.string(),
})

interface Seen {
  version: string
  answer: Record<string, unknown>
  attention: boolean
  ended: boolean
}

/** Looks at a run until something of note has happened, and tells of progress where it was asked to. */
export const waitForRun: NonNullable<ToolSpec['run']> = async (call, input, context, address) => {
  const { id, until, timeout_s: seconds } = input as z.output<typeof waitInput>
  const look = async (): Promise<Seen> => seenIn(await call('run.show', { id }), address)
  const first = await look()
  const known = typeof input['version'] === 'string' ? input['version'] : first.version
  const deadline = performance.now() + seconds * 1_000
  const progress = progressOf(context, seconds)
  let seen = first
  for (let step = 1; ; step += 1) {
    const changed = seen.version !== known
    const enough = seen.ended || (until !== 'end' && seen.attention && until === 'attention')
    if (enough || (until === 'change' && changed) || performance.now() >= deadline)
      return { ...seen.answer, changed, next: nextOf(seen) }
    await pause(LOOK_EVERY_MS, undefined, { signal: context.mcpReq.signal })
    seen = await look()
    await progress(step, String(seen.answer['state']))
  }
}

function progressOf(context: Parameters<typeof waitForRun>[2], total: number) {
  const token = context.mcpReq._meta?.progressToken
  return async (progress: number, message: string): Promise<void> => {
    if (token === undefined) return
    const params = { progressToken: token, progress: Math.min(progress, total), total, message }
    await context.mcpReq.notify({ method: 'notifications/progress', params })
  }
}

/** What an agent is told of a run. */
export function seenIn(run: Record<string, unknown>, address: string): Seen {
  const { id, state, waitsFor, executions, verifications, endedAt, reason, incidentId } = run
  const ended = (endedAt !== null && endedAt !== undefined) || OVER.has(String(state))
  const waits = waitsFor as { kind?: string; question?: { text?: string }; askedAt?: string } | null
  const steps = (Array.isArray(executions) ? executions : []) as Record<string, unknown>[]
  const attention =
    waits === null || waits === undefined
      ? null
      : {
          kind: waits.kind ?? '',
          text: waits.question?.text ?? '',
          url: `${address}/incidents/${encodeURIComponent(String(incidentId))}`,
          since: waits.askedAt ?? '',
        }
  const brief = steps.map((step) => ({
    id: step['id'],
    stepId: step['stepId'],
    state: step['state'],
    exitCode: step['exitCode'],
  }))
  const version = digest([state, waits, brief, (verifications as unknown[] | undefined)?.length ?? 0])
  return {
    version,
    ended,
    attention: attention !== null,
    answer: { run: id, state, version, ended, reason, attention, executions: brief.slice(-20) },
  }
}

const nextOf = ({ ended, attention }: Seen): string =>
  ended
    ? 'It is over: run_get has what was done, incident_review the review.'
    : attention
      ? 'Show the person attention.url, then call run_wait with this version.'
      : 'Call run_wait again with this version.'

const digest = (value: unknown): string => sha256(canonicalJson(value)).slice(0, 16)
