import { rmSync } from 'node:fs'
import path from 'node:path'
import { Client } from 'pg'
import type { Logger } from '../../base/log.ts'
import { findBinaries, packagedNative } from './binaries.ts'
import { executorIdOf, initialise, majorOf, stopLeftover } from './cluster.ts'
import { prepareDataDir, socketFolder } from './folder.ts'
import { unprivilegedIdentity } from './identity.ts'
import { lockDataDir } from './owner-lock.ts'
import { Server } from './server.ts'

export interface EmbeddedOptions {
  dataDir: string
  log: Logger
  /** The npm package's `native` folder. Default: the installed one; `null`: a PostgreSQL of the system. */
  native?: string | null
}

export interface EmbeddedPostgres {
  url: string
  /** Stable for this data folder: recovery of its own work need not wait for a lease. */
  executorId: string
  /** Version of the server. */
  major: number
  /** Of the server; it changes when the server had to be started again. */
  pid(): number
  stop(): Promise<void>
}

const DATABASE = 'erlmcp'

/**
 * Starts PostgreSQL on a data folder, as a child that ends with this process. Reached over a Unix socket only.
 * One erlmcp owns a folder at a time; what a killed one left running is stopped first.
 * @throws AppError `data_locked`, `data_newer`, `data_unwritable`, `database_missing`.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const { log } = options
  const dataDir = path.resolve(options.dataDir)
  const cluster = path.join(dataDir, 'pg')
  const identity = unprivilegedIdentity()
  prepareDataDir(dataDir, identity)
  const lock = lockDataDir(dataDir)
  try {
    const native = options.native === undefined ? await packagedNative() : options.native
    const binaries = findBinaries({ dataDir, identity, major: majorOf(cluster), native })
    await stopLeftover(cluster, log)
    initialise(binaries, cluster, identity)
    const socketDir = socketFolder(cluster, identity)
    const server = new Server({
      postgres: binaries.postgres,
      cluster,
      socketDir,
      logFile: path.join(dataDir, 'postgres.log'),
      identity,
      log,
    })
    await server.start()
    await createDatabaseOnce(server.url('postgres')).catch(async (error: unknown) => {
      await server.stop()
      throw error
    })
    return {
      url: server.url(DATABASE),
      executorId: executorIdOf(cluster),
      major: binaries.major,
      pid: () => server.pid,
      async stop() {
        await server.stop()
        if (socketDir !== cluster) rmSync(socketDir, { recursive: true, force: true })
        lock.release()
      },
    }
  } catch (error) {
    lock.release()
    throw error
  }
}

async function createDatabaseOnce(url: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [DATABASE])
    if (rowCount === 0) await client.query(`create database ${DATABASE}`)
  } finally {
    await client.end()
  }
}
