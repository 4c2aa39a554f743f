import { DBOS } from '@dbos-inc/dbos-sdk'
import { migrate, withMigrationLock } from '../db/index.ts'

/** Brings the engine's schema and ours to this version, one process at a time. */
export async function migrateAll(url: string): Promise<void> {
  await withMigrationLock(url, async () => {
    await DBOS.migrate(url, { schemaName: 'dbos' })
    await migrate(url)
  })
}
