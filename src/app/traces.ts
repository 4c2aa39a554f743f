import { readFile } from 'node:fs/promises'
import { sql } from 'kysely'
import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import { messageOf } from '../base/error.ts'
import { createRedactor } from '../base/redact.ts'
import { withTransaction } from '../db/index.ts'
import type { Database } from '../db/index.ts'
import { otlpTraces, traceOf } from '../review/index.ts'
import type { TraceSpan } from '../review/index.ts'
import type { AppOptions, Duty } from './options.ts'

const EVERY_MS = 5_000
/** The review is written after the resolution, and the last messages go out. */
const SETTLES_AFTER_MS = 20_000
const CLAIM_MS = 60_000
const GIVE_UP_AFTER = 50
const AT_ONCE = 20
const SEND_TIMEOUT_MS = 10_000
const LONGEST_TEXT = 4_096

/**
 * Sends the trace of each incident that was resolved to the collector, once a replica has claimed it; a collector that
 * is away costs the flow nothing, and gets it later.
 */
export function traceDuty(
  options: AppOptions,
  clock: Clock,
  database: Database,
  instance: string,
): Duty | null {
  const { otlpEndpoint } = options.config.telemetry
  if (otlpEndpoint === null) return null
  const stopping = new AbortController()
  let loop: Promise<void> = Promise.resolve()
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      await sendDue(options, clock, database, instance, stopping.signal).catch((error: unknown) =>
        options.log.debug({ err: error }, 'traces could not be looked for'),
      )
      await delay(EVERY_MS, stopping.signal).catch(() => undefined)
    }
  }
  return {
    name: 'traces',
    start() {
      loop = run()
    },
    async stop() {
      stopping.abort()
      await loop
    },
  }
}

interface Claim {
  incident_id: string
  resolved_at: Date
  attempts: number
}

async function sendDue(
  options: AppOptions,
  clock: Clock,
  database: Database,
  instance: string,
  signal: AbortSignal,
): Promise<void> {
  await enqueue(database, clock.now())
  for (const claim of await claimDue(database, clock.now())) {
    if (signal.aborted) return
    const failure = await sendOne(options, database, claim, instance).then(
      () => null,
      (error: unknown) => messageOf(error),
    )
    await settle(database, clock.now(), claim, failure)
    if (failure !== null) options.log.warn({ incident: claim.incident_id, failure }, 'a trace was not taken')
  }
}

const enqueue = (database: Database, now: Date): Promise<unknown> =>
  sql`
    insert into trace_export (incident_id, resolved_at, next_attempt_at)
    select id, resolved_at, ${now} from incident
    where resolved_at between ${new Date(now.getTime() - 86_400_000)} and ${new Date(now.getTime() - SETTLES_AFTER_MS)}
    on conflict do nothing`.execute(database.kysely)

async function claimDue(database: Database, now: Date): Promise<Claim[]> {
  const { rows } = await sql<Claim>`
    update trace_export set claimed_at = ${now}, attempts = attempts + 1
    where (incident_id, resolved_at) in (
      select incident_id, resolved_at from trace_export
      where sent_at is null and next_attempt_at <= ${now} and attempts < ${GIVE_UP_AFTER}
        and (claimed_at is null or claimed_at < ${new Date(now.getTime() - CLAIM_MS)})
      order by next_attempt_at limit ${AT_ONCE} for update skip locked)
    returning incident_id, resolved_at, attempts`.execute(database.kysely)
  return rows
}

async function sendOne(
  { config, version = '0.0.0' }: AppOptions,
  database: Database,
  claim: Claim,
  instance: string,
): Promise<void> {
  const { otlpEndpoint, headersFile } = config.telemetry
  const spans = await withTransaction(database, (trx) => traceOf(trx, claim.incident_id))
  await postOtlp(
    otlpEndpoint ?? '',
    'v1/traces',
    headersFile,
    otlpTraces(spans.map(redacted), { version, instance }),
  )
}

/** One request in OTLP's JSON encoding. @throws Error where it is not answered 2xx. */
export async function postOtlp(
  endpoint: string,
  signalPath: string,
  headersFile: string | null,
  body: unknown,
): Promise<void> {
  const response = await fetch(`${endpoint.replace(/\/$/, '')}/${signalPath}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(await headersOf(headersFile)) },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(SEND_TIMEOUT_MS),
    redirect: 'error',
  })
  await response.body?.cancel()
  if (!response.ok) throw new Error(`the collector answered ${response.status}`)
}

async function headersOf(file: string | null): Promise<Record<string, string>> {
  if (file === null) return {}
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.includes(':'))
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.indexOf(':')).trim(), line.slice(line.indexOf(':') + 1).trim()]),
  )
}

const redactor = createRedactor()
const redacted = (span: TraceSpan): TraceSpan => ({
  ...span,
  attributes: Object.fromEntries(
    Object.entries(span.attributes).map(([key, value]) => [
      key,
      typeof value === 'string' ? redactor.text(value).slice(0, LONGEST_TEXT) : value,
    ]),
  ),
  failure: span.failure === null ? null : redactor.text(span.failure).slice(0, LONGEST_TEXT),
})

/** Attempts grow apart, to 10 minutes at most. */
const settle = (database: Database, now: Date, claim: Claim, failure: string | null): Promise<unknown> =>
  database.kysely
    .updateTable('trace_export')
    .set(
      failure === null
        ? { sent_at: now, error: null }
        : {
            claimed_at: null,
            error: failure.slice(0, 500),
            next_attempt_at: new Date(now.getTime() + Math.min(600_000, 5_000 * 2 ** claim.attempts)),
          },
    )
    .where('incident_id', '=', claim.incident_id)
    .where('resolved_at', '=', claim.resolved_at)
    .execute()
