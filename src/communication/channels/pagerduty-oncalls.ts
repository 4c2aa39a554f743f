import { z } from 'zod'
import { AppError, messageOf } from '../../base/error.ts'

export interface PagerDutyRest {
  /** A REST API key (read only is enough); not the integration key. */
  token: string
  /** `https://api.pagerduty.com` */
  apiUrl: string
  fetch: typeof globalThis.fetch
}

const PAGE = 100
const MAX_PAGES = 20
const TIMEOUT_MS = 10_000

const answer = z.object({
  oncalls: z.array(
    z.object({
      user: z.object({
        id: z.string().max(100),
        summary: z.string().max(300).nullish(),
        name: z.string().max(300).nullish(),
      }),
      schedule: z.object({ id: z.string().max(100) }).nullish(),
      start: z.iso.datetime({ offset: true }).nullish(),
      end: z.iso.datetime({ offset: true }).nullish(),
    }),
  ),
  more: z.boolean().nullish(),
})

export interface PagerDutyOncall {
  schedule: string
  user: { id: string; name: string }
  from: Date
  to: Date | null
}

/**
 * Who is on call by these schedules (`GET /oncalls`), each stretch once, however many policies use the schedule.
 * @throws AppError `unavailable` with what is wrong in words.
 */
export async function readPagerDutyOncalls(
  rest: PagerDutyRest,
  /** `null`: all that the key shows. */
  schedules: readonly string[] | null,
  range: { from: Date; to: Date },
): Promise<PagerDutyOncall[]> {
  const found = new Map<string, PagerDutyOncall>()
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const url = new URL('/oncalls', rest.apiUrl)
    for (const schedule of schedules ?? []) url.searchParams.append('schedule_ids[]', schedule)
    url.searchParams.append('include[]', 'users')
    url.searchParams.set('since', range.from.toISOString())
    url.searchParams.set('until', range.to.toISOString())
    url.searchParams.set('limit', String(PAGE))
    url.searchParams.set('offset', String(page * PAGE))
    const { oncalls, more } = await get(rest, url)
    for (const { user, schedule, start, end } of oncalls) {
      if (schedule == null || schedules?.includes(schedule.id) === false) continue
      const from = start == null ? range.from : new Date(start)
      const one = {
        schedule: schedule.id,
        user: { id: user.id, name: user.name ?? user.summary ?? user.id },
        from,
        to: end == null ? null : new Date(end),
      }
      found.set(`${schedule.id} ${user.id} ${from.toISOString()}`, one)
    }
    if (more !== true) break
  }
  return [...found.values()]
}

async function get({ token, fetch }: PagerDutyRest, url: URL): Promise<z.output<typeof answer>> {
  let problem: string
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      headers: {
        accept: 'application/vnd.pagerduty+json;version=2',
        authorization: `Token token=${token}`,
        'user-agent': 'erlmcp',
      },
    })
    if (response.ok) {
      const parsed = answer.safeParse(await response.json())
      if (parsed.success) return parsed.data
      problem = 'its answer is none that erlmcp knows'
    } else {
      await response.body?.cancel()
      problem =
        response.status === 401 || response.status === 403
          ? `it refuses the key (HTTP ${response.status}); apiTokenFile wants a REST API key, not an integration key`
          : `it answered HTTP ${response.status}`
    }
  } catch (error) {
    problem = messageOf(error instanceof Error && error.cause !== undefined ? error.cause : error)
  }
  throw new AppError('unavailable', `${url.host} did not say who is on call: ${problem}`, {
    action: 'Check channels.pagerduty.apiTokenFile and the schedules; what was read last holds meanwhile.',
    retryable: true,
  })
}
