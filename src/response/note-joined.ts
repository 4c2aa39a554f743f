import { sql } from 'kysely'
import type { Transaction } from '../db/index.ts'
import type { FiringGroup } from './place.ts'

const BUCKET_MS = 10_000

/**
 * Says on the timeline that more alerts fire: one entry in ten seconds for one incident and alert name, which counts on.
 * A storm would otherwise write a timeline that nobody can read.
 */
export async function noteJoined(
  trx: Transaction,
  at: Date,
  incidentId: string,
  group: FiringGroup,
): Promise<void> {
  const byName = new Map<string, string[]>()
  for (const { alert } of group.members) {
    byName.set(alert.name, [...(byName.get(alert.name) ?? []).slice(0, 100), alert.fingerprint])
  }
  const counts = new Map<string, number>()
  for (const { alert } of group.members) counts.set(alert.name, (counts.get(alert.name) ?? 0) + 1)
  for (const [name, fingerprints] of [...byName].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const count = counts.get(name) ?? 0
    const data = { alertName: name, count, fingerprints: fingerprints.slice(0, 100) }
    const key = `fired:${name}:${Math.floor(at.getTime() / BUCKET_MS)}`
    await sql`
      insert into timeline_entry as t (incident_id, at, kind, actor, message, data, dedup_key)
      values (${incidentId}, ${at}, 'alert.fired', ${`source:${group.source}`}, ${sentence(name, count)},
              ${JSON.stringify(data)}::jsonb, ${key.slice(0, 1_000)})
      on conflict (incident_id, dedup_key) do update set
        message = ((t.data ->> 'count')::integer + ${count}) || ' more alerts fire (' || ${name}::text || ')',
        data = jsonb_set(t.data, '{count}', to_jsonb((t.data ->> 'count')::integer + ${count}))`.execute(trx)
  }
}

const sentence = (name: string, count: number): string =>
  `${count} more ${count === 1 ? 'alert fires' : 'alerts fire'} (${name})`
