import { sql } from 'kysely'
import { canonicalJson, sha256 } from '../base/id.ts'
import type { AuditRow, Database, Transaction } from '../db/index.ts'
import type { Actor } from './actor.ts'

/** Advisory lock that gives audit rows their order; held until the transaction ends, so append last. */
const AUDIT_LOCK = 4_711_001
const GENESIS = '0'.repeat(64)

export interface AuditEvent {
  actor: Actor
  /** `noun.verb`: `run.approve`. */
  operation: string
  /** What it was done to: an id. */
  subject: string
  outcome: 'done' | 'refused' | 'failed'
  /** Redacted facts; never secrets. */
  data?: Record<string, unknown>
}

/** Appends one row to the hash chain in the caller's transaction. Each row's hash covers the hash before it. */
export async function appendAudit(trx: Transaction, at: Date, event: AuditEvent): Promise<void> {
  await sql`select pg_advisory_xact_lock(${AUDIT_LOCK})`.execute(trx)
  const last = await trx
    .selectFrom('audit_entry')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  const row = {
    seq: last === undefined ? 1 : Number(last.seq) + 1,
    at,
    actor: event.actor.id,
    role: event.actor.role,
    operation: event.operation,
    subject: event.subject,
    outcome: event.outcome,
    data: JSON.parse(canonicalJson(event.data ?? {})) as unknown,
    previous_hash: last?.hash ?? GENESIS,
  }
  await trx
    .insertInto('audit_entry')
    .values({ ...row, data: JSON.stringify(row.data), hash: hashOf(row) })
    .execute()
}

export interface AuditVerdict {
  intact: boolean
  entries: number
  /** Sequence number of the first row that does not fit. */
  brokenAt: number | null
  reason: string | null
  /** Hash of the last row; compare it with one written down elsewhere to find truncation. */
  head: string
}

/** Walks the whole chain, in pages, and recomputes every hash. Finds a changed, removed or reordered row. */
export async function verifyAudit(database: Database, pageSize = 2_000): Promise<AuditVerdict> {
  let previous = GENESIS
  let entries = 0
  for (;;) {
    const rows = await database.kysely
      .selectFrom('audit_entry')
      .selectAll()
      .where('seq', '>', String(entries))
      .orderBy('seq')
      .limit(pageSize)
      .execute()
    for (const row of rows) {
      const reason = faultOf(row, entries + 1, previous)
      if (reason !== null) return { intact: false, entries, brokenAt: entries + 1, reason, head: previous }
      previous = row.hash
      entries += 1
    }
    if (rows.length < pageSize) return { intact: true, entries, brokenAt: null, reason: null, head: previous }
  }
}

function faultOf(row: AuditRow, expectedSeq: number, previous: string): string | null {
  if (Number(row.seq) !== expectedSeq) return `row ${expectedSeq} is missing`
  if (row.previous_hash !== previous) return `row ${row.seq} does not follow the row before it`
  if (hashOf({ ...row, seq: Number(row.seq) }) !== row.hash)
    return `row ${row.seq} was changed after it was written`
  return null
}

function hashOf(row: Omit<AuditRow, 'hash' | 'seq'> & { seq: number }): string {
  return sha256(
    canonicalJson({
      seq: row.seq,
      at: row.at,
      actor: row.actor,
      role: row.role,
      operation: row.operation,
      subject: row.subject,
      outcome: row.outcome,
      data: row.data,
      previousHash: row.previous_hash,
    }),
  )
}
