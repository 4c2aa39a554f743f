import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { Pool } from 'pg'
import { createFaults } from './faults.ts'
import type { Faults } from './faults.ts'
import type { Log } from './log.ts'
import { ownMemoryBytes } from './memory.ts'
import { Metrics } from './metrics.ts'
import type { Settings } from './settings.ts'

/** The release that went wrong, and the share of requests that it fails. */
const BAD_RELEASE = '1.2.3'
const BAD_SHARE = 0.085
const DATABASE_CHECK_MS = 1_000
const POOL_WAIT_MS = 1_500
const CACHED_MEGABYTES = 4

export interface Service {
  stop(): Promise<void>
}

/** The workload of the sandbox: a small HTTP service over PostgreSQL with the interface that the runbooks speak of. */
export async function startService(settings: Settings, log: Log): Promise<Service> {
  const pool = new Pool({
    host: settings.database.host,
    port: settings.database.port,
    database: settings.database.name,
    user: settings.database.user,
    password: settings.database.password,
    max: settings.poolSize,
    connectionTimeoutMillis: POOL_WAIT_MS,
    // the server gives up first: a query that only the client has given up still holds its connection
    statement_timeout: settings.requestTimeoutMs,
    query_timeout: settings.requestTimeoutMs + 1_000,
    application_name: `erlmcp@${settings.podName}`,
  })
  pool.on('error', (error) => log.write('error', `database connection lost: ${error.message}`))
  const state: State = { settings, log, pool, metrics: new Metrics(), faults: createFaults(pool), databaseUp: false, connections: 0, poolTimeouts: 0, cache: [], stopping: false } // prettier-ignore
  const check = setInterval(() => void checkDatabase(state), DATABASE_CHECK_MS)
  await checkDatabase(state)
  const server = createServer((request, response) => void answer(state, request, response))
  limitConnections(state, server)
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(settings.port, settings.host, resolve)
  })
  log.write('info', `erlmcp ${settings.version} is listening on ${settings.host}:${settings.port}, pool of ${settings.poolSize} connections, at most ${settings.maxConnections} clients`) // prettier-ignore
  return {
    async stop() {
      state.stopping = true
      clearInterval(check)
      server.closeIdleConnections()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
        setTimeout(() => server.closeAllConnections(), 1_500).unref()
      })
      await Promise.race([pool.end(), new Promise((resolve) => setTimeout(resolve, 1_000))])
    },
  }
}

interface State {
  settings: Settings
  log: Log
  pool: Pool
  metrics: Metrics
  faults: Faults
  databaseUp: boolean
  connections: number
  /** Requests that waited for a connection of the pool in vain. */
  poolTimeouts: number
  cache: Buffer[]
  stopping: boolean
}

function limitConnections(state: State, server: Server): void {
  server.on('connection', (socket) => {
    state.connections += 1
    socket.on('close', () => {
      state.connections -= 1
    })
  })
}

async function checkDatabase(state: State): Promise<void> {
  const was = state.databaseUp
  try {
    await state.pool.query('SELECT 1')
    state.databaseUp = true
    if (!was) state.log.write('info', 'database connection established')
  } catch (error) {
    state.databaseUp = poolFull(state)
    const why = error instanceof Error ? error.message : String(error)
    if (poolFull(state))
      state.log.write('error', `connection pool exhausted: ${state.pool.totalCount} of ${state.settings.poolSize} connections in use, ${state.pool.waitingCount} waiting`) // prettier-ignore
    else state.log.write('error', `database unreachable: ${why}`)
  }
}

const poolFull = (state: State): boolean =>
  state.pool.totalCount >= state.settings.poolSize && state.pool.idleCount === 0

async function answer(state: State, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://erlmcp')
  const started = performance.now()
  switch (url.pathname) {
    case '/health':
      send(response, 200, {
        status: 'ok',
        version: state.settings.version,
        uptime: Math.round(process.uptime()),
      })
      return
    case '/ready':
      send(response, ready(state) ? 200 : 503, { status: ready(state) ? 'ready' : 'not ready', database: state.databaseUp ? 'up' : 'down', log: state.log.problem() ?? 'ok' }) // prettier-ignore
      return
    case '/metrics':
      response
        .writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' })
        .end(state.metrics.text(gauges(state)))
      return
    case '/pool':
      send(response, 200, poolStatus(state))
      return
    case '/memory':
      send(response, 200, { ...process.memoryUsage(), limit: state.settings.memoryLimitBytes })
      return
    case '/debug/fault':
      send(response, state.faults.set(url.searchParams.get('kind') ?? '', Number(url.searchParams.get('value') ?? 0), Number(url.searchParams.get('upTo') ?? 0)) ? 200 : 400, {}) // prettier-ignore
      return
    default: {
      const code = await work(state, url)
      send(
        response,
        code,
        code === 200 ? { ok: true } : { error: code === 503 ? 'overloaded' : 'internal error' },
      )
      state.metrics.count('http_requests_total', { code: String(code), method: request.method ?? 'GET' })
      state.metrics.observe((performance.now() - started) / 1_000)
    }
  }
}

const ready = (state: State): boolean => state.databaseUp && !state.stopping && state.log.problem() === null

/** One request of a client: a query through the pool. @returns the status code */
async function work(state: State, url: URL): Promise<number> {
  const { settings, log } = state
  if (state.connections > settings.maxConnections) {
    log.write('warning', `connection limit reached: ${state.connections} of ${settings.maxConnections} connections (ERLMCP_MAX_CONNECTIONS)`) // prettier-ignore
    return 503
  }
  if (Math.random() < state.faults.stuck()) {
    log.write('error', `request ${url.pathname} failed: worker process is stuck`)
    return 500
  }
  if (settings.version === BAD_RELEASE && Math.random() < BAD_SHARE) {
    log.write('error', `request ${url.pathname} failed: cannot read field "tool_id" of undefined (release ${settings.version})`)
    return 500
  }
  fillCache(state)
  const started = performance.now()
  try {
    await state.pool.query('SELECT count(*) FROM sessions WHERE id > $1', [0])
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    const text = poolFull(state) ? `connection pool exhausted (pool size ${settings.poolSize}, ${state.pool.waitingCount} waiting)` : why
    if (/timeout exceeded when trying to connect/.test(why)) state.poolTimeouts += 1
    log.write('error', `request ${url.pathname} failed: ${text}`)
    return poolFull(state) ? 503 : 500
  }
  const ms = Math.round(performance.now() - started)
  if (ms > 500) log.write('warning', `slow query: ${ms} ms for ${url.pathname}`)
  return 200
} // prettier-ignore

/** Each request leaves an answer in the cache, until that is full. */
function fillCache({ settings, cache }: State): void {
  if (cache.length * CACHED_MEGABYTES < settings.cacheMegabytes)
    // filled, so that the memory is really used
    cache.push(Buffer.alloc(CACHED_MEGABYTES * 1024 * 1024, 1))
}

function poolStatus(state: State): Record<string, number> {
  const { totalCount, idleCount, waitingCount } = state.pool
  return {
    size: state.settings.poolSize,
    open: totalCount,
    inUse: totalCount - idleCount,
    idle: idleCount,
    waiting: waitingCount,
  }
}

/** The pool as OpenTelemetry's semantic conventions name it. */
function poolGauges(state: State): Record<string, number> {
  const { totalCount, idleCount, waitingCount } = state.pool
  const name = 'db_client_connection_pool_name="erlmcp"'
  return {
    [`db_client_connection_count{${name},db_client_connection_state="used"}`]: totalCount - idleCount,
    [`db_client_connection_count{${name},db_client_connection_state="idle"}`]: idleCount,
    [`db_client_connection_max{${name}}`]: state.settings.poolSize,
    [`db_client_connection_pending_requests{${name}}`]: waitingCount,
    [`db_client_connection_timeouts_total{${name}}`]: state.poolTimeouts,
  }
}

function gauges(state: State): Record<string, number> {
  const memory = process.memoryUsage()
  const cpu = process.cpuUsage()
  const pool = poolStatus(state)
  return {
    process_cpu_seconds_total: (cpu.user + cpu.system) / 1e6,
    process_resident_memory_bytes: memory.rss,
    process_start_time_seconds: Math.round(Date.now() / 1_000 - process.uptime()),
    erlmcp_memory_bytes: ownMemoryBytes(),
    erlmcp_memory_limit_bytes: state.settings.memoryLimitBytes,
    erlmcp_cpu_limit_cores: state.settings.cpuLimitCores,
    erlmcp_connections: state.connections,
    erlmcp_connections_limit: state.settings.maxConnections,
    erlmcp_db_up: state.databaseUp ? 1 : 0,
    erlmcp_db_pool_size: pool['size'] ?? 0,
    erlmcp_db_pool_in_use: pool['inUse'] ?? 0,
    erlmcp_db_pool_waiting: pool['waiting'] ?? 0,
    ...poolGauges(state),
    [`erlmcp_build_info{version="${state.settings.version}"}`]: 1,
  }
}

function send(response: ServerResponse, code: number, body: Record<string, unknown>): void {
  response.writeHead(code, { 'Content-Type': 'application/json' }).end(`${JSON.stringify(body)}\n`)
}
