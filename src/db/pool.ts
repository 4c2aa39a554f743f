import { Socket } from 'node:net'
import { Kysely, PostgresDialect } from 'kysely'
import { Pool } from 'pg'
import type { ClientBase } from 'pg'
import type { Schema } from './schema.ts'
import type { Transaction } from './transaction.ts'

export interface DatabaseOptions {
  url: string
  /** Shown in pg_stat_activity and in gauges: `app`, `engine`. */
  name: string
  /** Connections at most. Default 10. */
  poolSize?: number
  /** A database role that every connection takes. Default: that of the user. */
  role?: string
  /** How long a caller waits for a connection before it fails. Default 10,000 ms; the driver's own default is for ever. */
  acquireTimeoutMs?: number
}

export interface PoolGauges {
  total: number
  idle: number
  waiting: number
  max: number
  /** Connections handed out since the start, how long their callers waited in all, and who waited in vain. */
  acquired: number
  waitedSeconds: number
  timeouts: number
}

export interface Database {
  kysely: Kysely<Schema>
  /** Run at the start of each transaction, within it. */
  begin?(trx: Transaction): Promise<void>
  gauges(): PoolGauges
  close(): Promise<void>
}

/** What a lost server looks like over a Unix socket, in the words of one over TCP. */
const SAME_AS: Readonly<Record<string, string>> = { ENOENT: 'ECONNREFUSED', EPIPE: 'ECONNRESET' }

/**
 * A cleanly stopped PostgreSQL removes its socket, one that was killed breaks the pipe that is written to. The engine
 * tries again after a refused or a reset connection; these two it takes for faults, and fails its workflows.
 */
function openSocket(): Socket {
  const socket = new Socket()
  // before the driver's own listener, which gets the same error
  socket.on('error', (error: NodeJS.ErrnoException) => {
    const code = SAME_AS[error.code ?? '']
    if (code !== undefined) error.code = code
  })
  return socket
}

/** A connection pool whose idle connections may break without taking the process along. */
export function createPool(options: DatabaseOptions): Pool {
  const { role } = options
  const pool = new Pool({
    connectionString: options.url,
    max: options.poolSize ?? 10,
    connectionTimeoutMillis: options.acquireTimeoutMs ?? 10_000,
    idleTimeoutMillis: 30_000,
    application_name: `erlmcp ${options.name}`,
    stream: openSocket,
    ...(role === undefined
      ? {}
      : {
          // its type says void, but the pool waits for it before it hands the connection out
          // oxlint-disable-next-line typescript/no-misused-promises
          onConnect: async (client: ClientBase) => {
            await client.query(`set role ${client.escapeIdentifier(role)}`)
          },
        }),
  })
  // an idle connection that breaks is replaced at the next use; without a listener it would end the process
  pool.on('error', () => undefined)
  // so would one that breaks between two statements of a transaction; the next statement reports it
  pool.on('connect', (client) => client.on('error', () => undefined))
  return pool
}

export function createDatabase(options: DatabaseOptions): Database {
  const pool = createPool(options)
  const counts = { acquired: 0, waitedSeconds: 0, timeouts: 0 }
  const counted = {
    async connect() {
      const asked = performance.now()
      try {
        return await pool.connect()
      } catch (error) {
        if (error instanceof Error && error.message.startsWith('timeout exceeded')) counts.timeouts += 1
        throw error
      } finally {
        counts.acquired += 1
        counts.waitedSeconds += (performance.now() - asked) / 1_000
      }
    },
    end: () => pool.end(),
    options: pool.options,
  }
  const kysely = new Kysely<Schema>({ dialect: new PostgresDialect({ pool: counted }) })
  return {
    kysely,
    gauges: () => ({
      total: pool.totalCount,
      idle: pool.idleCount,
      waiting: pool.waitingCount,
      max: options.poolSize ?? 10,
      ...counts,
    }),
    close: () => kysely.destroy(),
  }
}
