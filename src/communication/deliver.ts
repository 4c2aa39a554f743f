import { messageOf } from '../base/error.ts'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'

export interface DeliverableMessage {
  id: string
  incidentId: string
  kind: string
  target: string | null
  body: string
}

/** Where messages go. `send` may be called again with the same id after a crash between sending and recording it. */
export interface Channel {
  readonly name: string
  send(message: DeliverableMessage, signal: AbortSignal): Promise<void>
}

const MAX_ATTEMPTS = 50
const SEND_TIMEOUT_MS = 10_000

/**
 * Sends what is due, oldest first, at most `limit` messages. A message that fails is tried again with growing pauses
 * (1 s to 5 min); rows are locked, so replicas do not send the same one at the same time.
 * @returns how many were sent.
 */
export async function deliverMessages(
  deps: { database: Database; channels: readonly Channel[]; now: () => Date },
  limit = 20,
): Promise<number> {
  return withTransaction(deps.database, async (trx) => {
    const due = await trx
      .selectFrom('message')
      .selectAll()
      .where('state', '=', 'pending')
      .where('next_attempt_at', '<=', deps.now())
      .orderBy('created_at')
      .orderBy('id')
      .limit(limit)
      .forUpdate()
      .skipLocked()
      .execute()
    let sent = 0
    for (const row of due) {
      const error = await trySend(deps.channels, row)
      if (error === null) sent += 1
      const attempts = row.attempts + 1
      await trx
        .updateTable('message')
        .set({
          attempts,
          error,
          ...(error === null
            ? { state: 'sent', sent_at: deps.now() }
            : {
                state: attempts >= MAX_ATTEMPTS ? 'failed' : 'pending',
                next_attempt_at: new Date(deps.now().getTime() + pauseMs(attempts)),
              }),
        })
        .where('id', '=', row.id)
        .execute()
    }
    return sent
  })
}

async function trySend(
  channels: readonly Channel[],
  row: {
    id: string
    incident_id: string
    kind: string
    channel: string
    target: string | null
    body: string
  },
): Promise<string | null> {
  const channel = channels.find((candidate) => candidate.name === row.channel)
  if (channel === undefined) return `no channel ${row.channel} is configured`
  try {
    await channel.send(
      { id: row.id, incidentId: row.incident_id, kind: row.kind, target: row.target, body: row.body },
      AbortSignal.timeout(SEND_TIMEOUT_MS),
    )
    return null
  } catch (error) {
    return messageOf(error).slice(0, 1_000)
  }
}

const pauseMs = (attempts: number): number => Math.min(300_000, 1_000 * 2 ** Math.min(attempts - 1, 9))
