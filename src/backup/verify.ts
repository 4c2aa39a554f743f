import { createWriteStream } from 'node:fs'
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { pipeline } from 'node:stream/promises'
import { verifyAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { createDatabase } from '../db/index.ts'
import { differences } from './manifest.ts'
import type { Difference, Manifest } from './manifest.ts'
import { inSnapshot, measure } from './measure.ts'
import { createDatabaseLike, dropMadeDatabase } from './scratch.ts'
import { checkSum, unseal } from './seal.ts'
import { withSession } from './session.ts'
import type { BackupDeps, BackupTarget, Check } from './target.ts'

export interface Verification {
  good: boolean
  tables: number
  rows: number
  differences: Difference[]
  /** What the questions of the target answered. */
  checks: { name: string; good: boolean; answer: string }[]
  tookMs: number
}

const CHECK_LIMIT_MS = 60_000

/** Restores a backup into a scratch database, compares it with what was backed up, and drops it. */
export async function verifyBackup(
  deps: Pick<BackupDeps, 'clock' | 'spool'>,
  target: BackupTarget,
  backup: { id: string; key: string; manifest: Manifest },
  signal: AbortSignal,
): Promise<Verification> {
  const url = await target.url()
  const name = `erlmcp_scratch_${backup.id.replaceAll(/\W/g, '').slice(-24)}`
  try {
    return await restoreInto(deps, target, backup, { url, name, id: backup.id }, signal)
  } finally {
    await dropMadeDatabase(url, name, backup.id)
  }
}

/** The same into a database that stays; beside the one at `url`. It is empty again where this fails. */
export async function restoreInto(
  deps: Pick<BackupDeps, 'clock' | 'spool'>,
  target: BackupTarget,
  backup: { key: string; manifest: Manifest },
  beside: { url: string; name: string; id: string },
  signal: AbortSignal,
): Promise<Verification> {
  const began = performance.now()
  const identities = await target.identities()
  return withFetched(deps, target, backup, beside.id, signal, async (file) => {
    const scratch = await createDatabaseLike(beside.url, beside.name, beside.id)
    await target.dumper.load(scratch, unseal(file, identities, signal), signal)
    const found = await withSession(scratch, (session) => inSnapshot(session, () => measure(session, signal)))
    const { measured } = backup.manifest
    const wrong = differences(measured, found, { grants: target.dumper.format === 'pg_dump' })
    const checks = [...(await ask(scratch, target.checks)), ...(await ownChecks(target, scratch))]
    return {
      good: wrong.length === 0 && checks.every(({ good }) => good),
      tables: found.tables.length,
      rows: found.tables.reduce((sum, table) => sum + table.rows, 0),
      differences: wrong.slice(0, 50),
      checks,
      tookMs: Math.round(performance.now() - began),
    }
  })
}

/** @throws AppError `backup_mismatch` for a verification that is not good. */
export function assertGood(verification: Verification): void {
  if (verification.good) return
  const [first] = verification.differences
  const check = verification.checks.find(({ good }) => !good)
  const how =
    first !== undefined
      ? `${first.what}: expected ${first.expected}, found ${first.found}`
      : `check ${check?.name ?? ''}: ${check?.answer ?? ''}`
  throw new AppError('backup_mismatch', `what was restored is not what was backed up: ${how}`, {
    action: 'Take another backup; `erlmcp backup show` lists every difference.',
    data: { differences: verification.differences.slice(0, 10) },
  })
}

async function withFetched<T>(
  deps: Pick<BackupDeps, 'spool'>,
  target: BackupTarget,
  { key, manifest }: { key: string; manifest: Manifest },
  id: string,
  signal: AbortSignal,
  body: (file: string) => Promise<T>,
): Promise<T> {
  const file = path.join(deps.spool, `fetched-${id}`)
  await mkdir(deps.spool, { recursive: true, mode: 0o700 })
  try {
    await pipeline(await target.store.open(key, signal), createWriteStream(file, { mode: 0o600 }), { signal })
    await checkSum(file, manifest, signal)
    return await body(file)
  } finally {
    await rm(file, { force: true })
  }
}

/** Asks a database the questions of its target, each in a transaction that only reads. */
export async function ask(url: string, checks: readonly Check[]): Promise<Verification['checks']> {
  if (checks.length === 0) return []
  return withSession(url, async (session) => {
    const answers: Verification['checks'] = []
    for (const { name, sql, expect } of checks) {
      await session.query('begin transaction read only')
      await session.query(`set local statement_timeout = ${CHECK_LIMIT_MS}`)
      const answer = await session
        .query<Record<string, unknown>>(sql)
        .then(({ rows }) => answerOf(Object.values(rows[0] ?? {})[0]))
        .catch((error: unknown) => (error instanceof Error ? error.message : String(error)))
      await session.query('rollback')
      answers.push({ name, good: answer === expect, answer: answer.slice(0, 500) })
    }
    return answers
  })
}

const answerOf = (value: unknown): string =>
  typeof value === 'string' ? value : value === undefined ? 'nothing' : JSON.stringify(value)

/** erlmcp's own audit has a proof of its own that nothing is missing in it. */
async function ownChecks(target: BackupTarget, url: string): Promise<Verification['checks']> {
  if (target.dumper.format !== 'erlmcp') return []
  const database = createDatabase({ url, name: 'backup', poolSize: 1 })
  try {
    const { intact, entries, reason } = await verifyAudit(database)
    return [{ name: 'audit', good: intact, answer: reason ?? `${entries} rows, unbroken` }]
  } finally {
    await database.close()
  }
}
