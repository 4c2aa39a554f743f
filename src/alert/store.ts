import { hash } from 'node:crypto'
import { zstdCompressSync } from 'node:zlib'
import { sql } from 'kysely'
import type { Database, Transaction } from '../db/index.ts'
import type { Sighting } from './known.ts'
import type { Delivery, EpisodeAlert } from './model.ts'

/** Of a larger body only the digest and the alerts themselves are kept. */
const MAX_KEPT_BODY_BYTES = 8 * 1_048_576

/** Below this, compressing costs more than it saves. A compressed body begins with zstd's magic number. */
const MIN_COMPRESSED_BYTES = 4_096

/** What a delivery was; its body is kept where it brought something new. One statement, also outside a transaction. */
export async function storeDeliveries(
  trx: Transaction | Database['kysely'],
  at: Date,
  deliveries: readonly { delivery: Delivery; isNew: boolean }[],
): Promise<void> {
  const bodies = deliveries.map(({ delivery, isNew }) =>
    isNew && delivery.raw.length > 0 && delivery.raw.length <= MAX_KEPT_BODY_BYTES
      ? packed(delivery.raw)
      : null,
  )
  await sql`
    insert into webhook_delivery (id, source, received_at, body_digest, body_packed, alerts, truncated_alerts)
    select k.id, k.source, ${at}, k.digest, k.body, k.alerts, k.left_out
    from unnest(${deliveries.map(({ delivery }) => delivery.id)}::text[],
                ${deliveries.map(({ delivery }) => delivery.source)}::text[],
                ${deliveries.map(({ delivery }) => hash('sha256', delivery.raw))}::text[],
                ${bodies}::bytea[],
                ${deliveries.map(({ delivery }) => delivery.batch.alerts.length)}::integer[],
                ${deliveries.map(({ delivery }) => delivery.batch.truncated?.leftOut ?? 0)}::integer[])
      as k(id, source, digest, body, alerts, left_out)`.execute(trx)
}

const packed = (raw: Uint8Array): Uint8Array =>
  raw.length < MIN_COMPRESSED_BYTES ? Buffer.from(raw) : zstdCompressSync(raw)

export interface Placed {
  source: string
  alert: EpisodeAlert
  /** The open incident of its group, where there is one. */
  incidentId: string | null
}

/** Where an episode stood before this delivery; `null`: it is new. */
export interface Before {
  status: string
  incidentId: string | null
}

export const keyOf = (source: string, fingerprint: string, startsAt: Date): string =>
  `${source}\n${fingerprint}\n${startsAt.toISOString()}`

/**
 * Writes episodes, one row each, in key order: two writers with unsorted keys deadlock each other. A resolved episode
 * never fires again by a late or repeated delivery.
 * @returns what was there before, by `keyOf`.
 */
export async function writeEpisodes(
  trx: Transaction,
  at: Date,
  placed: readonly Placed[],
): Promise<Map<string, Before | null>> {
  const before = new Map<string, Before | null>()
  if (placed.length === 0) return before
  const sorted = placed
    .map((each) => ({ ...each, key: keyOf(each.source, each.alert.fingerprint, each.alert.startsAt) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  const inserted = await insertNew(trx, at, sorted)
  for (const row of inserted) before.set(row, null)
  const rest = sorted.filter(({ key }) => !before.has(key))
  if (rest.length === 0) return before
  for (const row of await lockKnown(trx, rest)) {
    before.set(keyOf(row.source, row.fingerprint, row.starts_at), {
      status: row.status,
      incidentId: row.incident_id,
    })
  }
  await updateKnown(trx, at, rest)
  return before
}

type Sorted = readonly (Placed & { key: string })[]

const columns = (rows: Sorted) => ({
  sources: rows.map(({ source }) => source),
  fingerprints: rows.map(({ alert }) => alert.fingerprint),
  starts: rows.map(({ alert }) => alert.startsAt.toISOString()),
})

async function insertNew(trx: Transaction, at: Date, rows: Sorted): Promise<string[]> {
  const { sources, fingerprints, starts } = columns(rows)
  const result = await sql<{ source: string; fingerprint: string; starts_at: Date }>`
    insert into alert (source, fingerprint, starts_at, status, ends_at, expires_at, name, labels, annotations,
                       generator_url, group_key, incident_id, held_by, first_seen_at, last_seen_at)
    select k.source, k.f, k.s, k.st, k.e, k.x, k.n, k.l::jsonb, k.a::jsonb, k.g, k.gk, k.i, k.h, ${at}, ${at}
    from unnest(${sources}::text[], ${fingerprints}::text[], ${starts}::timestamptz[],
                ${rows.map(({ alert }) => alert.status)}::text[],
                ${rows.map(({ alert }) => alert.endsAt?.toISOString() ?? null)}::timestamptz[],
                ${rows.map(({ alert }) => alert.expiresAt?.toISOString() ?? null)}::timestamptz[],
                ${rows.map(({ alert }) => alert.name)}::text[],
                ${rows.map(({ alert }) => JSON.stringify(alert.labels))}::text[],
                ${rows.map(({ alert }) => JSON.stringify(alert.annotations))}::text[],
                ${rows.map(({ alert }) => alert.generatorUrl)}::text[],
                ${rows.map(({ alert }) => alert.groupKey)}::text[],
                ${rows.map(({ alert, incidentId }) => (alert.status === 'firing' ? incidentId : null))}::text[],
                ${rows.map(({ alert }) => alert.heldBy)}::text[])
      as k(source, f, s, st, e, x, n, l, a, g, gk, i, h)
    order by k.source, k.f, k.s
    on conflict (source, fingerprint, starts_at) do nothing
    returning source, fingerprint, starts_at`.execute(trx)
  return result.rows.map((row) => keyOf(row.source, row.fingerprint, row.starts_at))
}

async function lockKnown(trx: Transaction, rows: Sorted) {
  const { sources, fingerprints, starts } = columns(rows)
  const result = await sql<{
    source: string
    fingerprint: string
    starts_at: Date
    status: string
    incident_id: string | null
  }>`
    select a.source, a.fingerprint, a.starts_at, a.status, a.incident_id
    from unnest(${sources}::text[], ${fingerprints}::text[], ${starts}::timestamptz[]) as k(source, f, s)
    join alert a on a.source = k.source and a.fingerprint = k.f and a.starts_at = k.s
    order by a.source, a.fingerprint, a.starts_at
    for update of a`.execute(trx)
  return result.rows
}

async function updateKnown(trx: Transaction, at: Date, rows: Sorted): Promise<void> {
  const { sources, fingerprints, starts } = columns(rows)
  await sql`
    update alert as a set
      status = case when a.status = 'resolved' then 'resolved' else k.st end,
      ends_at = coalesce(a.ends_at, k.e),
      expires_at = k.x,
      annotations = case when a.status = 'resolved' then a.annotations else k.a::jsonb end,
      incident_id = case when a.status = 'firing' then coalesce(a.incident_id, k.i) else a.incident_id end,
      held_by = k.h,
      last_seen_at = greatest(a.last_seen_at, ${at}),
      seen_count = a.seen_count + 1
    from unnest(${sources}::text[], ${fingerprints}::text[], ${starts}::timestamptz[],
                ${rows.map(({ alert }) => alert.status)}::text[],
                ${rows.map(({ alert }) => alert.endsAt?.toISOString() ?? null)}::timestamptz[],
                ${rows.map(({ alert }) => alert.expiresAt?.toISOString() ?? null)}::timestamptz[],
                ${rows.map(({ alert }) => JSON.stringify(alert.annotations))}::text[],
                ${rows.map(({ incidentId }) => incidentId)}::text[],
                ${rows.map(({ alert }) => alert.heldBy)}::text[])
      as k(source, f, s, st, e, x, a, i, h)
    where a.source = k.source and a.fingerprint = k.f and a.starts_at = k.s`.execute(trx)
}

/** Binds firing episodes that belong to no incident yet. An episode keeps the incident it has. */
export async function bindEpisodes(
  trx: Transaction,
  bound: readonly { source: string; alert: EpisodeAlert; incidentId: string }[],
): Promise<void> {
  if (bound.length === 0) return
  await sql`
    update alert as a set incident_id = k.i, held_by = null
    from unnest(${bound.map(({ source }) => source)}::text[],
                ${bound.map(({ alert }) => alert.fingerprint)}::text[],
                ${bound.map(({ alert }) => alert.startsAt.toISOString())}::timestamptz[],
                ${bound.map(({ incidentId }) => incidentId)}::text[]) as k(source, f, s, i)
    where a.source = k.source and a.fingerprint = k.f and a.starts_at = k.s
      and a.incident_id is null and a.status = 'firing'`.execute(trx)
}

/** Says why firing episodes have no incident. */
export async function holdEpisodes(
  trx: Transaction,
  held: readonly { source: string; alert: EpisodeAlert; reason: string }[],
): Promise<void> {
  if (held.length === 0) return
  await sql`
    update alert as a set held_by = k.h
    from unnest(${held.map(({ source }) => source)}::text[],
                ${held.map(({ alert }) => alert.fingerprint)}::text[],
                ${held.map(({ alert }) => alert.startsAt.toISOString())}::timestamptz[],
                ${held.map(({ reason }) => reason)}::text[]) as k(source, f, s, h)
    where a.source = k.source and a.fingerprint = k.f and a.starts_at = k.s
      and a.incident_id is null`.execute(trx)
}

/** What the short path counted, written down later. Never a status: that is the long path's. */
export async function writeSightings(trx: Transaction, sightings: readonly Sighting[]): Promise<void> {
  if (sightings.length === 0) return
  const sorted = sightings
    .map((each) => ({ ...each, key: keyOf(each.source, each.fingerprint, each.startsAt) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
  await sql`
    with k as (
      select a.ctid as at, k.l, k.x, k.n
      from unnest(${sorted.map(({ source }) => source)}::text[],
                  ${sorted.map(({ fingerprint }) => fingerprint)}::text[],
                  ${sorted.map(({ startsAt }) => startsAt.toISOString())}::timestamptz[],
                  ${sorted.map(({ lastSeenAt }) => lastSeenAt.toISOString())}::timestamptz[],
                  ${sorted.map(({ expiresAt }) => expiresAt?.toISOString() ?? null)}::timestamptz[],
                  ${sorted.map(({ repeats }) => repeats)}::integer[]) as k(source, f, s, l, x, n)
      join alert a on a.source = k.source and a.fingerprint = k.f and a.starts_at = k.s
      order by a.source, a.fingerprint, a.starts_at
      for update of a
    )
    update alert as a set
      last_seen_at = greatest(a.last_seen_at, k.l),
      expires_at = k.x,
      seen_count = a.seen_count + k.n
    from k where a.ctid = k.at`.execute(trx)
}

/**
 * Gives every alert its episode: a source that names no start means the episode that fires already; a new one begins
 * now. What is resolved without a start ends every firing episode of its fingerprint.
 */
export async function settleStarts(
  trx: Transaction,
  at: Date,
  source: string,
  alerts: readonly EpisodeAlert[] | readonly (Omit<EpisodeAlert, 'startsAt'> & { startsAt: Date | null })[],
): Promise<EpisodeAlert[]> {
  const unsettled = alerts.flatMap((alert) => (alert.startsAt === null ? [alert.fingerprint] : []))
  const firing = new Map<string, Date[]>()
  if (unsettled.length > 0) {
    const rows = await trx
      .selectFrom('alert')
      .select(['fingerprint', 'starts_at'])
      .where('source', '=', source)
      .where('fingerprint', 'in', [...new Set(unsettled)])
      .where('status', '=', 'firing')
      .execute()
    for (const row of rows) {
      firing.set(row.fingerprint, [...(firing.get(row.fingerprint) ?? []), row.starts_at])
    }
  }
  return alerts.flatMap((alert): EpisodeAlert[] => {
    const { startsAt } = alert
    if (startsAt !== null) return [{ ...alert, startsAt }]
    const known = firing.get(alert.fingerprint) ?? []
    if (alert.status === 'resolved') return known.map((start) => ({ ...alert, startsAt: start }))
    return [{ ...alert, startsAt: known.at(-1) ?? at }]
  })
}
