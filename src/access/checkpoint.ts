import { createPrivateKey, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto'
import { appendFile, chmod, open, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { AppError, messageOf } from '../base/error.ts'
import { canonicalJson } from '../base/id.ts'
import type { Database } from '../db/index.ts'
import { createChainWalk } from './audit.ts'

const checkpoint = z.strictObject({
  seq: z.number().int().min(1),
  hash: z.string().length(64),
  at: z.string().max(40),
  /** Ed25519 over the canonical JSON of the rest, base64. */
  signature: z.string().max(100),
})
export type Checkpoint = z.output<typeof checkpoint>

export interface AuditSigner {
  /** SPKI, PEM. */
  publicKey: string
  sign(point: Omit<Checkpoint, 'signature'>): Checkpoint
}

/** The key of this installation: made at the first start, readable by its user alone, with its public half beside it. */
export async function openSigner(dataDir: string): Promise<AuditSigner> {
  const file = path.join(dataDir, 'audit-key.pem')
  let pem = await readFile(file, 'utf8').catch(() => null)
  if (pem === null) {
    pem = generateKeyPairSync('ed25519').privateKey.export({ type: 'pkcs8', format: 'pem' }).toString()
    const handle = await open(file, 'wx', 0o600)
    await handle.writeFile(pem)
    await handle.close()
  }
  await chmod(file, 0o600)
  const key = createPrivateKey(pem)
  const publicKey = createPublicKey(key).export({ type: 'spki', format: 'pem' }).toString()
  await writeFile(path.join(dataDir, 'audit-key.pub'), publicKey)
  return {
    publicKey,
    sign: (point) => ({
      ...point,
      signature: sign(null, Buffer.from(canonicalJson(point)), key).toString('base64'),
    }),
  }
}

/**
 * Writes a checkpoint over the newest row to `audit-checkpoints.jsonl`, outside the database, where rows came since the
 * last. @returns it, or `null` where nothing is new.
 */
export async function writeCheckpoint(
  database: Database,
  now: Date,
  signer: AuditSigner,
  dataDir: string,
  lastSeq: number,
): Promise<Checkpoint | null> {
  const row = await database.kysely
    .selectFrom('audit_entry')
    .select(['seq', 'hash'])
    .orderBy('seq', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (row === undefined || Number(row.seq) <= lastSeq) return null
  const point = signer.sign({ seq: Number(row.seq), hash: row.hash, at: now.toISOString() })
  await appendFile(path.join(dataDir, 'audit-checkpoints.jsonl'), `${JSON.stringify(point)}\n`, {
    mode: 0o600,
  })
  return point
}

const row = z.strictObject({
  seq: z.number(),
  at: z.string(),
  actor: z.string(),
  role: z.string(),
  operation: z.string(),
  subject: z.string(),
  outcome: z.string(),
  data: z.unknown(),
  previousHash: z.string(),
  hash: z.string(),
})

export interface ExportVerdict {
  intact: boolean
  entries: number
  brokenAt: number | null
  reason: string | null
  head: string
  /** Checkpoints that were compared: the export's own, and those of the file given beside it. */
  checkpoints: number
}

/**
 * Checks an export without a database: every row in its place and unchanged, and every signed checkpoint met. The file
 * is one JSON object a line: rows, and at the end `{"checkpoint": …}`. A file that was cut off lacks its end.
 * @throws AppError `input_invalid` for a key that is none.
 */
export function verifyExport(text: string, publicKeyPem: string, checkpointsText = ''): ExportVerdict {
  const key = readKey(publicKeyPem)
  const lines = text.split('\n').filter((line) => line !== '')
  const points: Checkpoint[] = []
  const hashes = new Map<number, string>()
  const walk = createChainWalk()
  const broken = (brokenAt: number | null, reason: string): ExportVerdict => ({
    intact: false,
    brokenAt,
    reason,
    ...walk.state(),
    checkpoints: points.length,
  })
  let ended = false
  for (const [index, line] of lines.entries()) {
    const value = parse(line)
    const end = z.strictObject({ checkpoint }).safeParse(value)
    if (end.success) {
      points.push(end.data.checkpoint)
      ended = true
      continue
    }
    if (ended) return broken(walk.state().entries + 1, `line ${index + 1} stands after the end`)
    const parsed = row.safeParse(value)
    if (!parsed.success) return broken(walk.state().entries + 1, `line ${index + 1} is no row of an audit`)
    const fault = walk.next(parsed.data)
    if (fault !== null) return broken(walk.state().entries + 1, fault)
    hashes.set(parsed.data.seq, parsed.data.hash)
  }
  if (!ended) return broken(walk.state().entries + 1, 'the export has no signed end: it was cut off')
  for (const line of checkpointsText.split('\n').filter((each) => each !== '')) {
    const parsed = checkpoint.safeParse(parse(line))
    if (!parsed.success) return broken(null, 'the file of checkpoints holds a line that is none')
    points.push(parsed.data)
  }
  for (const { signature, ...point } of points) {
    if (!verify(null, Buffer.from(canonicalJson(point)), key, Buffer.from(signature, 'base64')))
      return broken(point.seq, `the signature of the checkpoint over row ${point.seq} does not fit the key`)
    if (hashes.get(point.seq) !== point.hash) {
      const what = hashes.has(point.seq) ? 'is another one' : 'is missing'
      return broken(point.seq, `row ${point.seq}, which a checkpoint was signed over, ${what}`)
    }
  }
  const { entries, head } = walk.state()
  const end = points[0]
  if (end?.seq !== entries) return broken(entries + 1, `rows are missing after row ${entries}`)
  return { intact: true, entries, brokenAt: null, reason: null, head, checkpoints: points.length }
}

function readKey(pem: string): ReturnType<typeof createPublicKey> {
  try {
    return createPublicKey(pem)
  } catch (error) {
    throw new AppError('input_invalid', `the key is no public key: ${messageOf(error)}`, {
      action: 'Give audit-key.pub from the data folder of the server, kept where the export is not.',
      cause: error,
    })
  }
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return null
  }
}
