import { readFile } from 'node:fs/promises'
import { AppError } from '../base/error.ts'
import { migrateAll } from '../workflow/index.ts'
import { manifestKey } from './create.ts'
import { ownDumper } from './dump-own.ts'
import { readIdentities } from './key.ts'
import { differences, parseManifest } from './manifest.ts'
import { inSnapshot, measure } from './measure.ts'
import { checkSum, unseal } from './seal.ts'
import { withSession } from './session.ts'

/**
 * Fills an empty database with a backup of erlmcp that lies in a file, its manifest beside it. For a machine that has
 * nothing but these two files and the key.
 * @throws AppError `conflict` for a database that is not empty, `backup_damaged`, `backup_key`, `backup_mismatch`, `data_newer`.
 */
export async function recoverOwn(
  url: string,
  file: string,
  identityFile: string,
  signal: AbortSignal,
): Promise<{ tables: number; rows: number; startedAt: string }> {
  const note = manifestKey(file)
  const manifest = parseManifest(
    await readFile(note, 'utf8').catch(() => {
      throw new AppError('not_found', `the manifest ${note} does not exist`, {
        action: 'Fetch it too: it lies beside the backup, with `.json` at its end.',
      })
    }),
    note,
  )
  if (manifest.format !== 'erlmcp')
    throw new AppError('input_invalid', `${file} is a backup of ${manifest.target}, not of erlmcp`, {
      action: 'Restore it with `erlmcp backup restore`.',
    })
  const identities = await readIdentities(identityFile)
  await checkSum(file, manifest, signal)
  await assertEmpty(url)
  await ownDumper.load(url, unseal(file, identities, signal), signal)
  const found = await withSession(url, (session) => inSnapshot(session, () => measure(session, signal)))
  const [wrong] = differences(manifest.measured, found, { grants: false })
  if (wrong !== undefined)
    throw new AppError('backup_mismatch', `${wrong.what}: expected ${wrong.expected}, found ${wrong.found}`, {
      action: 'Do not use this database; take another backup of the list.',
    })
  // what this version adds to the schema of the one that made the backup
  await migrateAll(url)
  return {
    tables: found.tables.length,
    rows: found.tables.reduce((sum, { rows }) => sum + rows, 0),
    startedAt: manifest.startedAt,
  }
}

async function assertEmpty(url: string): Promise<void> {
  const { rows } = await withSession(url, (session) =>
    session.query<{ count: number }>(
      `select count(*)::int as count from pg_class c join pg_namespace n on n.oid = c.relnamespace
       where c.relkind = 'r' and n.nspname in ('public', 'dbos')`,
    ),
  )
  if (rows[0]?.count === 0) return
  throw new AppError('conflict', 'the database is not empty; nothing was changed', {
    action: 'Recover into a new data folder (ERLMCP_DATA_DIR) or an empty database (DATABASE_URL).',
  })
}
