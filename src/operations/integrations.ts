import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError, messageOf } from '../base/error.ts'
import { testMessage } from '../communication/index.ts'
import type { Channel, ChannelFinding } from '../communication/index.ts'
import { withTransaction } from '../db/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { present } from './present.ts'

const TRY_MS = 15_000
/** What people call a channel. */
const ALIASES: Record<string, string> = { smtp: 'email', mail: 'email' }

export async function listIntegrations(deps: OperationDeps): Promise<unknown> {
  const { kysely } = deps.database
  const destinations = await kysely
    .selectFrom('destination')
    .select(['channel', 'target', 'sent_at', 'failing_since', 'failures', 'error', 'open_at'])
    .orderBy('channel')
    .orderBy('target')
    .limit(500)
    .execute()
  const waiting = await kysely
    .selectFrom('message')
    .select(['channel', (expression) => expression.fn.countAll<string>().as('waiting')])
    .where('state', '=', 'pending')
    .groupBy('channel')
    .execute()
  return {
    channels: (deps.channels ?? []).map(({ name, limits }) => ({
      name,
      perSecond: limits.perSecond,
      waiting: Number(waiting.find((row) => row.channel === name)?.waiting ?? 0),
    })),
    destinations: destinations.map(present),
  }
}

export async function tryIntegration(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'integration.test'>,
): Promise<unknown> {
  const name = ALIASES[input.channel] ?? input.channel
  const channels = deps.channels ?? []
  const channel = channels.find((candidate) => candidate.name === name)
  if (channel === undefined) {
    throw new AppError('not_found', `the channel ${name} is not configured`, {
      action: `Add it under channels (docs/guide/on-call.md). Configured: ${channels.map((one) => one.name).join(', ') || 'none'}.`,
    })
  }
  const at = deps.clock.now()
  const findings = await tryChannel(channel, input.target ?? null, at)
  const good = findings.every((finding) => finding.ok)
  await withTransaction(deps.database, (trx) =>
    appendAudit(trx, at, {
      actor,
      operation: 'integration.test',
      subject: name,
      outcome: good ? 'done' : 'failed',
      data: { target: input.target ?? null, findings },
    }),
  )
  return { channel: name, good, findings }
}

async function tryChannel(channel: Channel, target: string | null, at: Date): Promise<ChannelFinding[]> {
  const signal = AbortSignal.timeout(TRY_MS)
  try {
    if (channel.check !== undefined) return await channel.check(target, signal)
    const sent = await channel.send(testMessage(target, at), signal)
    const said = sent.outcome === 'sent' ? 'it took a test message' : sent.reason
    return [{ ok: sent.outcome === 'sent', what: 'test message', said }]
  } catch (error) {
    return [{ ok: false, what: 'test', said: messageOf(error) }]
  }
}
