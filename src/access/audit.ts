import { createHash } from 'node:crypto'
import { canonicalJson } from '../base/id.ts'
import type { AuditRow, Database, Transaction } from '../db/index.ts'
import type { Actor } from './actor.ts'

/** The hash that the first row covers. */
export const GENESIS = '0'.repeat(64)

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

/** A row of the chain, as it is stored and exported. */
export interface ChainedRow {
  seq: number
  at: string
  actor: string
  role: string
  operation: string
  subject: string
  outcome: string
  data: unknown
  previousHash: string
  hash: string
}

/**
 * Appends one row to the hash chain in the caller's transaction, in one round trip and without a lock: the row gets its
 * place, and the hash over the row before it, while the transaction commits.
 */
export async function appendAudit(trx: Transaction, at: Date, event: AuditEvent): Promise<void> {
  const row = {
    at: at.toISOString(),
    actor: event.actor.id,
    role: event.actor.role,
    operation: event.operation,
    subject: event.subject.replaceAll('\u0000', '\ufffd').toWellFormed(),
    outcome: event.outcome,
    data: JSON.parse(storable(canonicalJson(event.data ?? {}))) as unknown,
  }
  const { head, middle, tail } = piecesOf(row)
  await trx
    .insertInto('audit_intake')
    .values({ ...row, at, data: JSON.stringify(row.data), head, middle, tail })
    .execute()
}

/** PostgreSQL stores neither NUL nor half a surrogate pair; an odd text must not keep a refusal from being recorded. */
const storable = (json: string): string =>
  json.replaceAll(/\\u0000/g, '\\ufffd').replaceAll(/\\u(?:d[89ab]|d[c-f])[0-9a-f]{2}/gi, '\\ufffd')

/** The canonical JSON of a row, cut where its previous hash and its sequence number stand. */
function piecesOf(row: Omit<ChainedRow, 'seq' | 'previousHash' | 'hash'>): {
  head: string
  middle: string
  tail: string
} {
  const { role, subject, ...before } = row
  return {
    head: `${canonicalJson(before).slice(0, -1)},"previousHash":"`,
    middle: `","role":${JSON.stringify(role)},"seq":`,
    tail: `,"subject":${JSON.stringify(subject)}}`,
  }
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
  const walk = createChainWalk()
  for (let after = 0; ;) {
    const rows = await readChain(database, after, pageSize)
    for (const row of rows) {
      const reason = walk.next(row)
      if (reason !== null) {
        const { entries, head } = walk.state()
        return { intact: false, entries, brokenAt: entries + 1, reason, head }
      }
    }
    after += rows.length
    if (rows.length < pageSize) return { intact: true, brokenAt: null, reason: null, ...walk.state() }
  }
}

/** Rows of the chain after a sequence number, in their order. */
export async function readChain(database: Database, after: number, limit: number): Promise<ChainedRow[]> {
  const rows = await database.kysely
    .selectFrom('audit_entry')
    .selectAll()
    .where('seq', '>', String(after))
    .orderBy('seq')
    .limit(limit)
    .execute()
  return rows.map(chainedRow)
}

const chainedRow = (row: AuditRow): ChainedRow => ({
  seq: Number(row.seq),
  at: row.at.toISOString(),
  actor: row.actor,
  role: row.role,
  operation: row.operation,
  subject: row.subject,
  outcome: row.outcome,
  data: row.data,
  previousHash: row.previous_hash,
  hash: row.hash,
})

/** Checks rows one after the other; `next` says what is wrong with a row, or `null`. */
export function createChainWalk(): {
  next(row: ChainedRow): string | null
  state(): { entries: number; head: string }
} {
  let entries = 0
  let head = GENESIS
  return {
    next(row) {
      if (row.seq !== entries + 1) return `row ${entries + 1} is missing: row ${row.seq} stands in its place`
      if (row.previousHash !== head) return `row ${row.seq} does not follow the row before it`
      if (hashOf(row) !== row.hash) return `row ${row.seq} was changed after it was written`
      head = row.hash
      entries += 1
      return null
    },
    state: () => ({ entries, head }),
  }
}

function hashOf(row: ChainedRow): string {
  const covered: Partial<ChainedRow> = { ...row }
  delete covered.hash
  return createHash('sha256').update(canonicalJson(covered)).digest('hex')
}
