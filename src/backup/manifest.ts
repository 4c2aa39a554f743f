import { z } from 'zod'
import { AppError } from '../base/error.ts'

const text = z.string().max(10_000)

export const measuredSchema = z.object({
  serverVersion: text,
  serverMajor: z.number().int(),
  database: text,
  /** Where the write-ahead log was in the snapshot. */
  lsn: text.nullable(),
  schemaHash: text,
  grantsHash: text,
  tables: z.array(z.object({ name: text, rows: z.number().int(), checksum: text })).max(100_000),
  sequences: z.array(z.object({ name: text, value: text })).max(100_000),
})
export type Measured = z.output<typeof measuredSchema>

/** How the rows were written: by pg_dump, or by erlmcp itself, whose schema its migrations make. */
export const FORMATS = ['pg_dump', 'erlmcp'] as const
export type Format = (typeof FORMATS)[number]

/** What stands beside each backup, as `NAME.json`. It holds names and numbers, no rows. */
export const manifestSchema = z.object({
  version: z.literal(1),
  id: text,
  target: text,
  format: z.enum(FORMATS),
  /** `pg_dump` of this major wrote it. */
  toolsMajor: z.number().int().nullable(),
  startedAt: text,
  finishedAt: text,
  /** Bytes before compression, and as stored. */
  plainBytes: z.number().int(),
  sizeBytes: z.number().int(),
  /** SHA-256 of what is stored. */
  sha256: z.string().length(64),
  recipients: z.array(text).max(20),
  measured: measuredSchema,
})
export type Manifest = z.output<typeof manifestSchema>

/** @throws AppError `backup_damaged` */
export function parseManifest(raw: string, where: string): Manifest {
  let value: unknown
  try {
    value = JSON.parse(raw)
  } catch {
    value = null
  }
  const parsed = manifestSchema.safeParse(value)
  if (parsed.success) return parsed.data
  throw new AppError(
    'backup_damaged',
    `${where} is no manifest of a backup: ${parsed.error.issues[0]?.message ?? ''}`,
    {
      action: 'Take another backup of the list.',
    },
  )
}

export interface Difference {
  /** `schema`, `grants`, or a table or sequence. */
  what: string
  expected: string
  found: string
}

/**
 * What a restored copy lacks. Schema texts of different major versions are not comparable, and owners and grants only
 * where the same roles exist: each is compared only when `same` says so.
 */
export function differences(expected: Measured, found: Measured, same: { grants: boolean }): Difference[] {
  const wrong: Difference[] = []
  const compare = (what: string, a: string, b: string): void => {
    if (a !== b) wrong.push({ what, expected: a, found: b })
  }
  if (expected.serverMajor === found.serverMajor) {
    compare('schema', expected.schemaHash, found.schemaHash)
    if (same.grants) compare('grants', expected.grantsHash, found.grantsHash)
  }
  const tables = new Map(found.tables.map((table) => [table.name, table]))
  for (const table of expected.tables) {
    const other = tables.get(table.name)
    tables.delete(table.name)
    if (other === undefined)
      wrong.push({ what: table.name, expected: `${table.rows} rows`, found: 'no table' })
    else if (table.rows !== other.rows)
      wrong.push({ what: table.name, expected: `${table.rows} rows`, found: `${other.rows} rows` })
    else compare(table.name, `checksum ${table.checksum}`, `checksum ${other.checksum}`)
  }
  for (const [name, { rows }] of tables)
    wrong.push({ what: name, expected: 'no table', found: `${rows} rows` })
  const values = new Map(found.sequences.map(({ name, value }) => [name, BigInt(value)]))
  for (const { name, value } of expected.sequences) {
    const other = values.get(name)
    // a sequence runs on while the snapshot stands still
    if (other === undefined || absolute(other) < absolute(BigInt(value)))
      wrong.push({ what: name, expected: `at least ${value}`, found: other?.toString() ?? 'no sequence' })
  }
  return wrong
}

const absolute = (value: bigint): bigint => (value < 0n ? -value : value)
