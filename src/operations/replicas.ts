import { sql } from 'kysely'
import { appendAudit } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { hotFunctions, takeProfile } from '../base/profile.ts'
import { createRedactor } from '../base/redact.ts'
import type { Vitals, VitalsSampler } from '../base/vitals.ts'
import { withTransaction } from '../db/index.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'

/** The process that answers, as its operators see it. */
export interface ReplicaDesk {
  id: string
  host: string
  version: string
  vitals: Pick<VitalsSampler, 'read' | 'memory'>
  /** Writes all memory to a file that only its owner reads. @returns its path. */
  writeHeap(): Promise<string>
}

type ReplicaName = 'list' | 'observe' | 'memory' | 'pool' | 'top' | 'profile' | 'heap-snapshot'

/** A replica says how it is every 5 s; after this long without a word it is shown as silent. */
const SILENT_AFTER_MS = 20_000
const LONGEST_QUERY = 300
const redactor = createRedactor()

export const replicaHandlers: HandlersOf<`replica.${ReplicaName}`> = {
  'replica.list': async (deps) => ({ replicas: await replicas(deps) }),
  'replica.observe': observe,
  'replica.memory': async (deps) => {
    const desk = deskOf(deps)
    return { replica: desk.id, ...desk.vitals.memory() }
  },
  'replica.pool': async (deps, actor) => {
    await audit(deps, actor, 'replica.pool', {})
    return { pools: deps.database.gauges(), connections: await connections(deps) }
  },
  'replica.top': async (deps, _actor, { seconds }) => {
    const desk = deskOf(deps)
    return { replica: desk.id, seconds, functions: hotFunctions(await takeProfile(seconds)) }
  },
  'replica.profile': async (deps, actor, { seconds }) => {
    const desk = deskOf(deps)
    await audit(deps, actor, 'replica.profile', { replica: desk.id, seconds })
    const profile = await takeProfile(seconds)
    return { replica: desk.id, seconds, functions: hotFunctions(profile), profile }
  },
  'replica.heap-snapshot': async (deps, actor, { id, reason }) => {
    const desk = deskOf(deps)
    if (id !== desk.id)
      throw new AppError('not_found', `the replica ${desk.id} answered, not ${id}`, {
        action: 'Name it by its own address with --server; `erlmcp replica list` shows the ids.',
      })
    await audit(deps, actor, 'replica.heap-snapshot', { replica: desk.id, reason })
    return { replica: desk.id, file: await desk.writeHeap() }
  },
}

function deskOf(deps: OperationDeps): ReplicaDesk {
  if (deps.replica !== undefined) return deps.replica
  throw new AppError('unavailable', 'no server runs here to look into', {
    action: 'Start it with `erlmcp serve`, or name one with --server.',
  })
}

const audit = (
  deps: OperationDeps,
  actor: Actor,
  operation: string,
  data: Record<string, unknown>,
): Promise<void> =>
  withTransaction(deps.database, async (trx) => {
    const subject = deps.replica?.id ?? 'none'
    await appendAudit(trx, deps.clock.now(), { actor, operation, subject, outcome: 'done', data })
  })

interface ReplicaState {
  id: string
  host: string
  version: string
  at: Date
  silent: boolean
  vitals: Vitals
}

async function replicas({ database, clock }: OperationDeps): Promise<ReplicaState[]> {
  const rows = await database.kysely.selectFrom('replica_vitals').selectAll().orderBy('executor_id').execute()
  return rows.map((row) => ({
    id: row.executor_id,
    host: row.host,
    version: row.version,
    at: row.at,
    silent: clock.now().getTime() - row.at.getTime() > SILENT_AFTER_MS,
    vitals: row.vitals as Vitals,
  }))
}

async function observe(deps: OperationDeps): Promise<unknown> {
  const { kysely } = deps.database
  const [each, runs, incidents, messages, escalations, sessions, decisions] = await Promise.all([
    replicas(deps),
    kysely
      .selectFrom('run')
      .select((eb) => ['state', eb.fn.countAll<string>().as('count')])
      .where('ended_at', 'is', null)
      .groupBy('state')
      .execute(),
    kysely
      .selectFrom('incident')
      .select((eb) => ['severity', eb.fn.countAll<string>().as('count')])
      .where('state', 'not in', ['resolved', 'closed'])
      .groupBy('severity')
      .execute(),
    kysely
      .selectFrom('message')
      .select((eb) => ['channel', eb.fn.countAll<string>().as('count')])
      .where('state', '=', 'pending')
      .groupBy('channel')
      .execute(),
    one(deps, sql`select count(*) from escalation where state = 'waiting' and due_at <= ${deps.clock.now()}`),
    one(deps, sql`select count(*) from session where expires_at > ${deps.clock.now()}`),
    one(deps, sql`select count(*) from decision where state = 'pending'`),
  ])
  return {
    at: deps.clock.now(),
    answeredBy: deps.replica?.id ?? null,
    replicas: each,
    pool: deps.database.gauges(),
    incidents: counts(incidents.map(({ severity, count }) => [severity, count])),
    runs: counts(runs.map(({ state, count }) => [state, count])),
    queues: {
      messages: counts(messages.map(({ channel, count }) => [channel, count])),
      escalationsDue: escalations,
      decisionsWaiting: decisions,
    },
    sessions,
  }
}

const counts = (pairs: readonly (readonly [string, string])[]): Record<string, number> =>
  Object.fromEntries(pairs.map(([name, count]) => [name, Number(count)]))

async function one({ database }: OperationDeps, query: ReturnType<typeof sql>): Promise<number> {
  const { rows } = await query.execute(database.kysely)
  return Number((rows[0] as { count: string } | undefined)?.count ?? 0)
}

/** Every connection of erlmcp to this database, the oldest work first. The texts hold parameters as `$1`, and are redacted. */
async function connections({ database }: OperationDeps): Promise<unknown[]> {
  const { rows } = await sql<{
    pid: number
    pool: string
    state: string | null
    seconds: number
    transaction: number | null
    waitsFor: string | null
    blockedBy: number[]
    query: string
  }>`
    select pid, pool, state, seconds, in_transaction as transaction, waits_for as "waitsFor", blocked_by as "blockedBy", query
    from database_connections()`.execute(database.kysely)
  return rows.map(({ query, ...row }) => ({
    ...row,
    seconds: Math.round(row.seconds * 10) / 10,
    transaction: row.transaction === null ? null : Math.round(row.transaction * 10) / 10,
    query: redactor.text(query.replaceAll(/\s+/g, ' ')).slice(0, LONGEST_QUERY),
  }))
}
