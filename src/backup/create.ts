import { mkdir, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { canonicalJson } from '../base/id.ts'
import type { Manifest } from './manifest.ts'
import { sealTo, unwritable } from './seal.ts'
import type { BackupDeps, BackupTarget } from './target.ts'

export interface Created {
  key: string
  manifest: Manifest
}

const EXTENSION = { pg_dump: '.dump.zst.age', erlmcp: '.sql.zst.age' } as const

/**
 * Makes one backup. It is in the store whole or not at all: the object under its last name first, the manifest, without
 * which nothing is a backup, after it. Called again for the same id it begins anew and clears away what it left.
 */
export async function createBackup(
  deps: Pick<BackupDeps, 'clock' | 'spool'>,
  target: BackupTarget,
  request: { id: string; startedAt: Date },
  signal: AbortSignal,
): Promise<Created> {
  const { store, dumper } = target
  const prefix = `${target.name}/${stampOf(request.startedAt)}-${request.id.slice(-6)}-`
  await clearLeftovers(target, prefix, signal)
  const spool = store.spool ?? deps.spool
  await mkdir(spool, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
    throw unwritable(spool, error)
  })
  const file = path.join(spool, request.id)
  await rm(file, { force: true })
  try {
    const recipients = await target.recipients()
    const { sealed, dumped } = await dumper.dump(
      await target.url(),
      async ({ stream, done }) => {
        const written = await sealTo(file, stream, recipients, signal)
        return { sealed: written, dumped: await done }
      },
      signal,
    )
    const name = `${prefix}${sealed.sha256.slice(0, 12)}`
    const manifest: Manifest = {
      version: 1,
      id: request.id,
      target: target.name,
      format: dumper.format,
      toolsMajor: dumped.toolsMajor,
      startedAt: request.startedAt.toISOString(),
      finishedAt: deps.clock.now().toISOString(),
      ...sealed,
      recipients: [...recipients],
      measured: dumped.measured,
    }
    const key = `${name}${EXTENSION[dumper.format]}`
    await store.put(file, key, signal)
    const note = `${file}.json`
    await writeFile(note, `${canonicalJson(manifest)}\n`, { mode: 0o600, flush: true })
    await store.put(note, `${name}.json`, signal)
    return { key, manifest }
  } finally {
    await Promise.all([rm(file, { force: true }), rm(`${file}.json`, { force: true })])
  }
}

/** `20261124T225501123Z` */
export const stampOf = (at: Date): string => at.toISOString().replaceAll(/[-:.]/g, '')

export const manifestKey = (key: string): string => key.replace(/\.(dump|sql)\.zst\.age$/, '.json')

/** Of an earlier try of the same backup, which a crash ended between the object and its row. */
async function clearLeftovers(target: BackupTarget, prefix: string, signal: AbortSignal): Promise<void> {
  for (const { key } of await target.store.list(prefix, signal)) await target.store.remove(key, signal)
}
