import { sql } from 'kysely'
import type { AlertBatch, ReceivedAlert } from '../alert/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Logger } from '../base/log.ts'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import type { AlertReceiver } from './receive.ts'
import { judgeWatchdogs } from './watchdog.ts'
import type { Watchdog } from './watchdog.ts'

export interface SweepDeps {
  database: Database
  clock: Clock
  log: Logger
  receiver: AlertReceiver
  watchdogs: readonly Watchdog[]
  /** The firing alerts of a group, from its source's own API. */
  listGroup(
    source: string,
    group: { groupKey: string; groupLabels: Record<string, string> },
  ): Promise<AlertBatch>
  keepDeliveriesMs: number
}

const LIMIT = 1_000
const CHECK_AGAIN_MS = 60_000
const NOTHING = new Uint8Array()

/** What no delivery brings: silence, episodes that ran out, alerts that were held or left out. */
export async function sweepAlerts(deps: SweepDeps): Promise<void> {
  const { database, clock, receiver, watchdogs } = deps
  await receiver.flush()
  const silent =
    watchdogs.length === 0
      ? []
      : await withTransaction(database, (trx) => judgeWatchdogs(trx, watchdogs, clock.now()))
  for (const { source, batch } of silent) await receiver.receive(source, batch, NOTHING)
  await endExpired(deps)
  await takeHeld(deps)
  await askForLeftOut(deps)
}

/** A source whose word has run out (Prometheus repeats it every minute): its alerts are over, as Alertmanager sees it. */
async function endExpired(deps: SweepDeps): Promise<void> {
  const rows = await deps.database.kysely
    .selectFrom('alert')
    .selectAll()
    .where('status', '=', 'firing')
    .where('expires_at', '<', deps.clock.now())
    .orderBy('expires_at')
    .limit(LIMIT)
    .execute()
  await receiveBySource(
    deps,
    rows.map((row) => ({
      source: row.source,
      alert: { ...alertOf(row), status: 'resolved', endsAt: row.expires_at },
    })),
  )
}

/** Firing alerts without an incident: their maintenance or silence may be over. */
async function takeHeld(deps: SweepDeps): Promise<void> {
  const rows = await deps.database.kysely
    .selectFrom('alert')
    .selectAll()
    .where('status', '=', 'firing')
    .where('incident_id', 'is', null)
    // a silence ends at its source, which says so itself
    .where((where) => where.or([where('held_by', 'is', null), where('held_by', 'like', 'maintenance: %')]))
    .orderBy('source')
    .orderBy('group_key')
    .limit(LIMIT)
    .execute()
  await receiveBySource(deps, rows.map((row) => ({ source: row.source, alert: alertOf(row) }))) // prettier-ignore
}

async function askForLeftOut(deps: SweepDeps): Promise<void> {
  const { database, clock, log } = deps
  const due = await sql<{ source: string; group_key: string; group_labels: Record<string, string> }>`
    update alert_truncation set next_check_at = ${new Date(clock.now().getTime() + CHECK_AGAIN_MS)}
    where (source, group_key) in (
      select source, group_key from alert_truncation where next_check_at <= ${clock.now()}
      order by next_check_at limit 20 for update skip locked
    )
    returning source, group_key, group_labels`.execute(database.kysely)
  for (const { source, group_key: groupKey, group_labels: groupLabels } of due.rows) {
    try {
      const listed = await deps.listGroup(source, { groupKey, groupLabels })
      const gone = await goneSince(deps, source, groupKey, listed.alerts)
      await deps.receiver.receive(source, { truncated: null, alerts: [...listed.alerts, ...gone] }, NOTHING)
      if (listed.alerts.length > 0) continue
      await database.kysely
        .deleteFrom('alert_truncation')
        .where('source', '=', source)
        .where('group_key', '=', groupKey)
        .execute()
    } catch (error) {
      log.warn({ err: error, source, groupKey }, 'alerts that were left out could not be asked for')
    }
  }
}

/** Of those that fire here, the ones that do not fire there any more: nobody would ever say so. */
async function goneSince(
  deps: SweepDeps,
  source: string,
  groupKey: string,
  listed: readonly ReceivedAlert[],
): Promise<ReceivedAlert[]> {
  const there = new Set(listed.map((alert) => `${alert.fingerprint} ${alert.startsAt?.getTime()}`))
  const rows = await deps.database.kysely
    .selectFrom('alert')
    .selectAll()
    .where('source', '=', source)
    .where('group_key', '=', groupKey)
    .where('status', '=', 'firing')
    .execute()
  return rows
    .filter((row) => !there.has(`${row.fingerprint} ${row.starts_at.getTime()}`))
    .map((row) => ({ ...alertOf(row), status: 'resolved', endsAt: deps.clock.now() }))
}

async function receiveBySource(
  deps: SweepDeps,
  found: readonly { source: string; alert: ReceivedAlert }[],
): Promise<void> {
  for (const [source, entries] of Map.groupBy(found, (each) => each.source)) {
    const batch = { truncated: null, alerts: entries.map(({ alert }) => alert) }
    await deps.receiver.receive(source, batch, NOTHING)
  }
}

function alertOf(row: {
  fingerprint: string
  name: string
  labels: unknown
  annotations: unknown
  starts_at: Date
  expires_at: Date | null
  generator_url: string | null
  group_key: string
}): ReceivedAlert {
  return {
    fingerprint: row.fingerprint,
    status: 'firing',
    name: row.name,
    labels: row.labels as Record<string, string>,
    annotations: row.annotations as Record<string, string>,
    startsAt: row.starts_at,
    endsAt: null,
    expiresAt: row.expires_at,
    generatorUrl: row.generator_url,
    groupKey: row.group_key,
    heldBy: null,
  }
}

/** Deletes what was received long ago, in small pieces. The alerts themselves stay with their incidents. */
export async function pruneDeliveries(
  deps: Pick<SweepDeps, 'database' | 'clock' | 'keepDeliveriesMs'>,
): Promise<void> {
  const before = new Date(deps.clock.now().getTime() - deps.keepDeliveriesMs)
  for (;;) {
    const { numAffectedRows } = await sql`
      delete from webhook_delivery where ctid = any(array(
        select ctid from webhook_delivery where received_at < ${before} limit 2000))`.execute(
      deps.database.kysely,
    )
    if ((numAffectedRows ?? 0n) < 2_000n) return
  }
}
