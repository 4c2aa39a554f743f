import type { Clock } from '../base/clock.ts'
import type { Database } from '../db/index.ts'
import type { Reading } from '../http/index.ts'
import { countProofs, lastVerified } from '../operations/index.ts'
import type { OperationDeps } from '../operations/index.ts'
import { isFinal, RUN_STATES } from '../run/index.ts'

/** What the store says of work that is open or late; one query for each kind, at each scrape. */
export function storeReadings(
  deps: Pick<OperationDeps, 'database' | 'clock' | 'pages' | 'backups'>,
): () => Promise<readonly Reading[]> {
  return async () => [
    ...poolReadings(deps.database),
    ...(await Promise.all([
      openIncidents(deps.database),
      openRuns(deps.database),
      oldestDecision(deps.database, deps.clock),
      waitingMessages(deps.database),
      dueEscalations(deps.database, deps.clock),
      proofReading(deps),
      verifiedReading(deps),
    ])),
  ]
}

/** By the names of OpenTelemetry's semantic conventions, which the shipped rules ask for. */
function poolReadings(database: Database): Reading[] {
  const { total, idle, waiting, max, acquired, waitedSeconds, timeouts } = database.gauges()
  const pool = { db_client_connection_pool_name: 'app' }
  const one = (name: string, help: string, value: number, type: 'gauge' | 'counter' = 'gauge'): Reading => ({
    name: `db_client_connection_${name}`,
    help,
    type,
    values: [{ labels: pool, value }],
  })
  return [
    {
      name: 'db_client_connection_count',
      help: 'Connections to the database, by state.',
      type: 'untyped',
      values: [
        { labels: { ...pool, db_client_connection_state: 'used' }, value: total - idle },
        { labels: { ...pool, db_client_connection_state: 'idle' }, value: idle },
      ],
    },
    one('limit', 'ERLMCP_DB_POOL_SIZE.', max),
    one('pending_requests', 'Callers that wait for a connection.', waiting),
    one('acquired_total', 'Times a connection was asked for.', acquired, 'counter'),
    one('wait_time_seconds_total', 'How long callers waited, in all.', waitedSeconds, 'counter'),
    one('timeouts_total', 'Callers that got no connection in time.', timeouts, 'counter'),
  ]
}

async function openIncidents(database: Database): Promise<Reading> {
  const rows = await database.kysely
    .selectFrom('incident')
    .select((eb) => ['state', 'severity', eb.fn.countAll<string>().as('count')])
    .where('state', 'not in', ['resolved', 'closed'])
    .groupBy(['state', 'severity'])
    .execute()
  const values = rows.map(({ state, severity, count }) => ({
    labels: { state, severity },
    value: Number(count),
  }))
  return {
    name: 'erlmcp_incidents_open',
    help: 'Incidents that are not resolved.',
    values: values.length > 0 ? values : [{ labels: { state: 'open', severity: 'P1' }, value: 0 }],
  }
}

async function openRuns(database: Database): Promise<Reading> {
  const rows = await database.kysely
    .selectFrom('run')
    .select((eb) => ['state', eb.fn.countAll<string>().as('count')])
    .where('ended_at', 'is', null)
    .groupBy('state')
    .execute()
  const counts = new Map<string, number>(
    RUN_STATES.filter((state) => !isFinal(state)).map((state) => [state, 0]),
  )
  for (const { state, count } of rows) counts.set(state, Number(count))
  return {
    name: 'erlmcp_runs_open',
    help: 'Runs that have not ended, by state.',
    values: [...counts].map(([state, value]) => ({ labels: { state }, value })),
  }
}

async function oldestDecision(database: Database, clock: Clock): Promise<Reading> {
  const row = await database.kysely
    .selectFrom('decision')
    .select((eb) => eb.fn.min('asked_at').as('oldest'))
    .where('state', '=', 'pending')
    .executeTakeFirst()
  const oldest = row?.oldest ?? null
  return {
    name: 'erlmcp_pending_decision_age_seconds',
    help: 'How long the oldest open question has waited for a person; 0 where none waits.',
    values: [
      { value: oldest === null ? 0 : Math.max(0, (clock.now().getTime() - oldest.getTime()) / 1_000) },
    ],
  }
}

async function waitingMessages(database: Database): Promise<Reading> {
  const rows = await database.kysely
    .selectFrom('message')
    .select((eb) => ['channel', eb.fn.countAll<string>().as('count')])
    .where('state', '=', 'pending')
    .groupBy('channel')
    .execute()
  const values = rows.map(({ channel, count }) => ({ labels: { channel }, value: Number(count) }))
  return {
    name: 'erlmcp_messages_waiting',
    help: 'Messages that are not delivered yet, by channel.',
    values: values.length > 0 ? values : [{ labels: { channel: 'console' }, value: 0 }],
  }
}

async function dueEscalations(database: Database, clock: Clock): Promise<Reading> {
  const row = await database.kysely
    .selectFrom('escalation')
    .select((eb) => eb.fn.countAll<string>().as('count'))
    .where('state', '=', 'waiting')
    .where('due_at', '<=', clock.now())
    .executeTakeFirst()
  return {
    name: 'erlmcp_escalations_due',
    help: 'Escalations whose time has come and that nobody has carried out yet.',
    values: [{ value: Number(row?.count ?? 0) }],
  }
}

async function proofReading(deps: Pick<OperationDeps, 'database' | 'clock' | 'pages'>): Promise<Reading> {
  const counts = await countProofs(deps)
  return {
    name: 'erlmcp_procedures_by_proof',
    help: 'Procedures that an alert can start, by the state of their proof.',
    values: Object.entries(counts).map(([state, value]) => ({ labels: { state }, value })),
  }
}

/** Of what has a schedule. A target that has never been verified stands at 0: its age is beyond every limit. */
async function verifiedReading(deps: Pick<OperationDeps, 'database' | 'backups'>): Promise<Reading> {
  const last = await lastVerified(deps)
  const targets = [...(deps.backups?.targets.values() ?? [])].filter(({ schedule }) => schedule !== null)
  return {
    name: 'erlmcp_backup_last_verified_timestamp_seconds',
    help: 'When the newest backup that was restored and compared had been made; 0 where none was.',
    values: targets.map(({ name }) => ({
      labels: { target: name },
      value: (last.get(name)?.getTime() ?? 0) / 1_000,
    })),
  }
}
