import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import type { SlackBlocks } from '../communication/index.ts'
import { invoke, invokeOnce } from '../operations/index.ts'
import type { OperationDeps } from '../operations/index.ts'

/** What somebody is told, and nobody else sees. */
export interface SlackReply {
  text: string
  blocks?: SlackBlocks
}

/** Acknowledges; whoever is late hears who was first. */
export async function takeIncident(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  id: string,
): Promise<SlackReply> {
  const done = acknowledged.parse(
    await invokeOnce(operations, actor, 'incident.acknowledge', { id }, keyOf(requestId)),
  )
  if (done.acknowledged) return { text: `You have taken ${done.incident}.` }
  const shown = incident.parse(await invoke(operations, actor, 'incident.show', { id }))
  if (shown.acknowledgedBy !== null)
    return { text: `${shown.acknowledgedBy} was first: ${done.incident} is taken, nothing has changed.` }
  return { text: `${done.incident} is ${shown.state}: nothing has changed.` }
}

/** The key under which what was asked is done once. */
export const keyOf = (requestId: string): string => `slack:${requestId}`.slice(0, 200)

const acknowledged = z.object({ incident: z.string(), acknowledged: z.boolean() })
const incident = z.object({ state: z.string(), acknowledgedBy: z.string().nullable() })
