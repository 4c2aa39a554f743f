import { sql } from 'kysely'
import { newId, sha256, canonicalJson } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import type { AlertBatch, IngestResult, ReceivedAlert } from './model.ts'

/**
 * Stores one delivery: the body as received, and every episode in it, deduplicated by (source, fingerprint, startsAt).
 * A resolved episode never fires again by a late or repeated delivery. Rows are written in key order: two writers with
 * unsorted keys deadlock each other.
 */
export async function ingestAlerts(
  trx: Transaction,
  at: Date,
  source: string,
  batch: AlertBatch,
  body: unknown,
): Promise<IngestResult> {
  const text = canonicalJson(body)
  const deliveryId = newId('dlv')
  await trx
    .insertInto('webhook_delivery')
    .values({
      id: deliveryId,
      source,
      received_at: at,
      body_digest: sha256(text),
      body: storable(text),
      alerts: batch.alerts.length,
      truncated_alerts: batch.truncatedAlerts,
    })
    .execute()
  const alerts = latestPerEpisode(batch.alerts)
  const before = await statusBefore(trx, source, alerts)
  await upsert(trx, at, source, batch.groupKey, alerts)

  const fired: ReceivedAlert[] = []
  const resolved: ReceivedAlert[] = []
  for (const alert of alerts) {
    const known = before.get(episodeKey(alert))
    if (alert.status === 'firing' && known === undefined) fired.push(alert)
    if (alert.status === 'resolved' && known === 'firing') resolved.push(alert)
  }
  return {
    deliveryId,
    groupKey: batch.groupKey,
    fired,
    resolved,
    unchanged: alerts.length - fired.length - resolved.length,
    truncatedAlerts: batch.truncatedAlerts,
  }
}

const episodeKey = (alert: { fingerprint: string; startsAt: Date }): string =>
  `${alert.fingerprint} ${alert.startsAt.toISOString()}`

/** One row per episode, sorted; of two states of one episode in a delivery, resolved is the later one. */
function latestPerEpisode(alerts: readonly ReceivedAlert[]): ReceivedAlert[] {
  const byKey = new Map<string, ReceivedAlert>()
  for (const alert of alerts) {
    const key = episodeKey(alert)
    if (byKey.get(key)?.status !== 'resolved') byKey.set(key, alert)
  }
  return [...byKey.entries()].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)).map(([, alert]) => alert)
}

async function statusBefore(
  trx: Transaction,
  source: string,
  alerts: readonly ReceivedAlert[],
): Promise<Map<string, string>> {
  if (alerts.length === 0) return new Map()
  const keys = JSON.stringify(
    alerts.map((alert) => ({ f: alert.fingerprint, s: alert.startsAt.toISOString() })),
  )
  const result = await sql<{ fingerprint: string; starts_at: Date; status: string }>`
    select a.fingerprint, a.starts_at, a.status
    from jsonb_to_recordset(${keys}::jsonb) as k(f text, s timestamptz)
    join alert a on a.source = ${source} and a.fingerprint = k.f and a.starts_at = k.s
    order by a.fingerprint, a.starts_at
    for update of a`.execute(trx)
  return new Map(
    result.rows.map((row) => [
      episodeKey({ fingerprint: row.fingerprint, startsAt: row.starts_at }),
      row.status,
    ]),
  )
}

async function upsert(
  trx: Transaction,
  at: Date,
  source: string,
  groupKey: string,
  alerts: readonly ReceivedAlert[],
): Promise<void> {
  if (alerts.length === 0) return
  const rows = storable(
    JSON.stringify(
      alerts.map((alert) => ({
        f: alert.fingerprint,
        s: alert.startsAt.toISOString(),
        st: alert.status,
        e: alert.endsAt?.toISOString() ?? null,
        n: alert.name,
        l: alert.labels,
        a: alert.annotations,
        g: alert.generatorUrl,
      })),
    ),
  )
  await sql`
    insert into alert (source, fingerprint, starts_at, status, ends_at, name, labels, annotations, generator_url,
                       group_key, first_seen_at, last_seen_at)
    select ${source}, k.f, k.s, k.st, k.e, k.n, k.l, k.a, k.g, ${groupKey}, ${at}, ${at}
    from jsonb_to_recordset(${rows}::jsonb)
      as k(f text, s timestamptz, st text, e timestamptz, n text, l jsonb, a jsonb, g text)
    order by k.f, k.s
    on conflict (source, fingerprint, starts_at) do update set
      status = case when alert.status = 'resolved' then 'resolved' else excluded.status end,
      ends_at = coalesce(alert.ends_at, excluded.ends_at),
      last_seen_at = excluded.last_seen_at,
      annotations = case when alert.status = 'resolved' then alert.annotations else excluded.annotations end,
      seen_count = alert.seen_count + 1`.execute(trx)
}

/** PostgreSQL text cannot hold U+0000: it is shown as U+FFFD instead of losing the delivery. */
function storable(json: string): string {
  return json.replace(/(?<!\\)((?:\\\\)*)\\u0000/g, '$1\\ufffd')
}
