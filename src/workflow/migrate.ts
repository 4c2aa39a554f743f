import { migrateSystemDatabase } from '@dbos-inc/dbos-sdk/internal/system_database'
import { GlobalLogger } from '@dbos-inc/dbos-sdk/internal/telemetry/logs'
import { migrate, withMigrationLock } from '../db/index.ts'

/** Brings the engine's schema and ours to this version, one process at a time; ours with `only` these migrations. */
export async function migrateAll(url: string, only?: readonly string[]): Promise<void> {
  await withMigrationLock(url, async () => {
    // as `DBOS.migrate` does it, which writes to standard output; what goes wrong is thrown
    const silent = new GlobalLogger(undefined, { logger: { info: no, debug: no, warn: no, error: no } })
    await migrateSystemDatabase(url, silent, 'dbos')
    await migrate(url, only)
  })
}

const no = (): void => undefined
