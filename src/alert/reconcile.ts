import { z } from 'zod'
import { AppError } from '../base/error.ts'
import type { AlertBatch, ReceivedAlert } from './model.ts'
import { labels, MAX_ALERTS, parseBody, time, timeOf } from './sources/alert-list.ts'

const REQUEST_TIMEOUT_MS = 20_000
const MAX_ANSWER_BYTES = 64 * 1_048_576

/** An alert as Alertmanager's API lists it. */
const listed = z
  .array(
    z.looseObject({
      labels,
      annotations: labels.nullish(),
      startsAt: time,
      endsAt: time.nullish(),
      generatorURL: z.string().max(16_384).nullish(),
      fingerprint: z.string().min(1).max(128),
      status: z.looseObject({
        state: z.string(),
        silencedBy: z.array(z.string()).nullish(),
        inhibitedBy: z.array(z.string()).nullish(),
      }),
    }),
  )
  .max(MAX_ALERTS * 5)

export interface ReconcileDeps {
  fetch: typeof globalThis.fetch
}

/**
 * The alerts of a group that fire, as Alertmanager itself lists them (`GET /api/v2/alerts`), also those that it
 * silences or inhibits: these are recorded with the reason and make no incident.
 * @throws AppError `unavailable` when it does not answer, `input_invalid` for an answer that does not fit
 */
export async function listGroup(
  deps: ReconcileDeps,
  api: { url: string; token: string | null },
  group: { groupKey: string; groupLabels: Readonly<Record<string, string>> },
): Promise<AlertBatch> {
  const url = new URL(`${api.url.replace(/\/+$/, '')}/api/v2/alerts`)
  for (const [name, value] of Object.entries(group.groupLabels)) {
    url.searchParams.append('filter', `${name}=${JSON.stringify(value)}`)
  }
  const body = await getJson(deps, url, api.token)
  const alerts = parseBody(listed, body, "Alertmanager's list of alerts", 'Check `apiUrl` of the source.')
  return {
    truncated: null,
    alerts: alerts.map((alert): ReceivedAlert => ({
      fingerprint: alert.fingerprint,
      status: 'firing',
      name: alert.labels['alertname'] ?? 'unnamed',
      labels: alert.labels,
      annotations: alert.annotations ?? {},
      startsAt: timeOf(alert.startsAt),
      endsAt: null,
      // the list is asked for again; what Alertmanager itself expects is not our deadline
      expiresAt: null,
      generatorUrl: alert.generatorURL || null,
      groupKey: group.groupKey,
      heldBy: reasonOf(alert.status),
    })),
  }
}

function reasonOf(status: z.output<typeof listed>[number]['status']): string | null {
  if (status.state !== 'suppressed') return null
  const silences = status.silencedBy ?? []
  return silences.length > 0
    ? `silenced: ${silences.join(', ')}`.slice(0, 500)
    : `inhibited by ${(status.inhibitedBy ?? []).join(', ')}`.slice(0, 500)
}

async function getJson(deps: ReconcileDeps, url: URL, token: string | null): Promise<unknown> {
  let problem: string
  try {
    const response = await deps.fetch(url, {
      headers: {
        accept: 'application/json',
        ...(token === null ? {} : { authorization: `Bearer ${token}` }),
      },
      redirect: 'error',
      signal: AbortSignal.timeout(REQUEST_TIMEOUT_MS),
    })
    const text = await boundedText(response)
    if (response.ok) return JSON.parse(text) as unknown
    problem = `answered ${response.status}`
  } catch (error) {
    problem = error instanceof Error ? error.message : String(error)
  }
  throw new AppError('unavailable', `${url.origin} cannot be asked for its alerts: ${problem}`, {
    action: 'Check `apiUrl` and `apiTokenFile` of the source; erlmcp tries again.',
    retryable: true,
  })
}

async function boundedText(response: Response): Promise<string> {
  const parts: Uint8Array[] = []
  let bytes = 0
  for await (const part of response.body ?? []) {
    bytes += part.length
    if (bytes > MAX_ANSWER_BYTES) throw new Error(`more than ${MAX_ANSWER_BYTES} bytes`)
    parts.push(part)
  }
  return Buffer.concat(parts).toString('utf8')
}
