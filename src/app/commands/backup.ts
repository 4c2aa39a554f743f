import { mkdir } from 'node:fs/promises'
import { recoverOwn, writeKey } from '../../backup/index.ts'
import { loadConfig } from '../../base/config.ts'
import { createLogger } from '../../base/log.ts'
import { startEmbedded } from '../../db/index.ts'
import { dataDirOf } from './context.ts'
import type { CommandContext } from './context.ts'

export const keygen = (file: string): Promise<{ recipient: string }> => writeKey(file)

/** Into the data folder or the database that the configuration names; both have to be empty. */
export async function recover(
  context: CommandContext,
  file: string,
  identityFile: string,
): Promise<{ tables: number; rows: number; startedAt: string }> {
  const config = loadConfig(context.env, dataDirOf(context))
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 })
  const log = createLogger({ level: 'error' })
  const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir, log }) : null
  try {
    const url = embedded?.url ?? config.databaseUrl ?? ''
    return await recoverOwn(url, file, identityFile, new AbortController().signal)
  } finally {
    await embedded?.stop()
  }
}
