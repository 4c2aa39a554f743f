import { sql } from 'kysely'
import type { AlertBatch, Delivery, EpisodeAlert } from '../alert/index.ts'
import type { Transaction } from '../db/index.ts'

/** A dead-man's switch: an alert that always fires, so that its silence means that nobody watches any more. */
export interface Watchdog {
  source: string
  name: string
  /** Labels that the alert carries. */
  match: Readonly<Record<string, string>>
  withinMs: number
  severity: 'P1' | 'P2' | 'P3' | 'P4'
}

/** The alerts of a delivery without its watchdogs: those make no incident while they come. */
export function withoutWatchdogs(watchdogs: readonly Watchdog[], delivery: Delivery): EpisodeAlert[] {
  const own = watchdogs.filter((each) => each.source === delivery.source)
  if (own.length === 0) return delivery.alerts
  return delivery.alerts.filter((alert) => !own.some((each) => matches(each, alert.labels)))
}

const matches = (watchdog: Watchdog, labels: Readonly<Record<string, string>>): boolean =>
  Object.entries(watchdog.match).every(([name, value]) => labels[name] === value)

/** Notes that a watchdog was heard. A resolved one was not: its source says itself that it is gone. */
export async function noteWatchdogs(
  trx: Transaction,
  watchdogs: readonly Watchdog[],
  at: Date,
  deliveries: readonly Delivery[],
): Promise<void> {
  const heard = watchdogs.filter((each) =>
    deliveries.some(
      (delivery) =>
        delivery.source === each.source &&
        delivery.alerts.some((alert) => alert.status === 'firing' && matches(each, alert.labels)),
    ),
  )
  for (const { source, name } of heard) {
    await sql`
      insert into watchdog as w (source, name, last_seen_at) values (${source}, ${name}, ${at})
      on conflict (source, name) do update set last_seen_at = greatest(w.last_seen_at, excluded.last_seen_at)`.execute(
      trx,
    )
  }
}

export interface SilentWatchdog {
  source: string
  batch: AlertBatch
}

/**
 * What the watchdogs say by their silence, as alerts of erlmcp's own: firing for one that has not been heard in time,
 * resolved once it is heard again. The same for every replica, and for every repetition.
 */
export async function judgeWatchdogs(
  trx: Transaction,
  watchdogs: readonly Watchdog[],
  at: Date,
): Promise<SilentWatchdog[]> {
  const said: SilentWatchdog[] = []
  for (const watchdog of watchdogs) {
    const { source, name, withinMs } = watchdog
    await sql`
      insert into watchdog (source, name, last_seen_at) values (${source}, ${name}, ${at})
      on conflict (source, name) do nothing`.execute(trx)
    const row = await trx
      .selectFrom('watchdog')
      .selectAll()
      .where('source', '=', source)
      .where('name', '=', name)
      .forUpdate()
      .executeTakeFirstOrThrow()
    const lateAt = new Date(row.last_seen_at.getTime() + withinMs)
    const isLate = lateAt.getTime() <= at.getTime()
    const since = isLate ? (row.missing_since ?? lateAt) : null
    if (since?.getTime() !== row.missing_since?.getTime()) {
      await trx
        .updateTable('watchdog')
        .set({ missing_since: since })
        .where('source', '=', source)
        .where('name', '=', name)
        .execute()
    }
    if (since !== null) said.push(alertOf(watchdog, 'firing', since, row.last_seen_at))
    else if (row.missing_since !== null) said.push(alertOf(watchdog, 'resolved', row.missing_since, at))
  }
  return said
}

function alertOf(
  watchdog: Watchdog,
  status: 'firing' | 'resolved',
  startsAt: Date,
  lastSeenAt: Date,
): SilentWatchdog {
  const { source, name, severity, withinMs } = watchdog
  const alertName = 'AlertSourceSilent'
  return {
    source: 'erlmcp',
    batch: {
      truncated: null,
      alerts: [
        {
          fingerprint: `watchdog:${source}:${name}`,
          status,
          name: alertName,
          labels: { alertname: alertName, source, watchdog: name, priority: severity },
          annotations: {
            summary: `${source} has gone silent: no ${name} for ${Math.round(withinMs / 1_000)} s`,
            description: `Last heard at ${lastSeenAt.toISOString()}. While it is silent, alerts of this source do not arrive.`,
          },
          startsAt,
          endsAt: status === 'resolved' ? lastSeenAt : null,
          expiresAt: null,
          generatorUrl: null,
          groupKey: `watchdog:${source}:${name}`,
          heldBy: null,
        },
      ],
    },
  }
}
