import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Actor } from '../../src/access/index.ts'
import { deliverMessages, LANES, queueMessage } from '../../src/communication/index.ts'
import type { Channel } from '../../src/communication/index.ts'
import type { IncidentRow } from '../../src/db/index.ts'
import { withTransaction } from '../../src/db/index.ts'
import {
  acknowledgeIncident,
  addTimeline,
  declareIncident,
  transitionIncident,
} from '../../src/incident/index.ts'
import type { SeverityLevel } from '../../src/incident/index.ts'
import { escalate, readRoster, settleIncident, severityMatrix } from '../../src/oncall/index.ts'
import type { EscalateDeps, Roster } from '../../src/oncall/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

const ROSTER = `
people:
  ada: { contacts: [{ channel: chat, target: '@ada' }, { channel: mail, target: ada@example.com }] }
  bob: { contacts: [{ channel: chat, target: '@bob' }] }
  mia: { contacts: [{ channel: chat, target: '@mia' }, { channel: mail, target: mia@example.com }] }
  dee: { contacts: [{ channel: chat, target: '@dee' }] }
rotations:
  primary:
    layers: [{ name: weekly, start: '2026-01-05T09:00', every: { weeks: 1 }, people: [ada] }]
links:
  On-call: { rotation: primary }
  Team Lead: { people: [bob] }
  Team: { people: [ada, bob] }
  Manager: { people: [mia] }
  Director: { people: [dee] }
  Ticket queue: { contacts: [{ channel: chat, target: '#tickets' }] }
`
const ADA: Actor = { id: 'person:ada', kind: 'person', role: 'responder' }
const START = new Date('2026-03-02T10:00:00Z')

let store: TestDatabase
let at: Date
let roster: Roster
let told: string[]
/** Milliseconds that the deliveries of one test have taken. */
let later = 0
let deps: EscalateDeps
const channel = (name: string): Channel => ({
  name,
  limits: { perSecond: 1_000, maxBodyCharacters: 10_000 },
  async send(message) {
    const who = `${message.target} ${message.kind}`
    const loud = message.body.includes('ROUND') ? ' loud' : ''
    told.push(`${who}${loud}`)
    return { outcome: 'sent', reference: null }
  },
})

beforeAll(async () => {
  store = await testDatabase()
  deps = {
    database: store.database,
    now: () => at,
    policy: async () => ({ roster, matrix: severityMatrix([], roster) }),
    async queuePage(trx, when, page) {
      const { id, ...message } = page
      await queueMessage(trx, when, {
        ...message,
        lane: LANES.first,
        quiet: true,
        ...(id === null ? {} : { pageId: id }),
      })
    },
  }
})
afterAll(() => store.drop())
beforeEach(async () => {
  at = START
  later = 0
  roster = readRoster(ROSTER)
  told = []
  // incidents of the test before wait for nobody
  const { kysely } = store.database
  await kysely.updateTable('incident').set({ state: 'closed' }).execute()
  for (const table of ['message_attempt', 'message', 'destination', 'escalation', 'escalation_page'] as const)
    await kysely.deleteFrom(table).execute()
  await kysely.deleteFrom('oncall_override').execute()
})

/** What the duties do at one moment. */
async function look(): Promise<void> {
  await escalate(deps)
  const channels = [channel('chat'), channel('mail')]
  const now = (): Date => new Date(at.getTime() + (later += 2))
  while ((await deliverMessages({ database: store.database, channels, now })) > 0);
}
/** Moves on minute by minute. */
async function pass(minutes: number): Promise<void> {
  for (let minute = 0; minute < minutes; minute += 1) {
    at = new Date(at.getTime() + 60_000)
    await look()
  }
}
/** Who was told since the last time this was asked. */
function heard(): string[] {
  const all = told
  told = []
  return all
}
let count = 0
async function declare(severity: SeverityLevel): Promise<string> {
  count += 1
  const { incidentId } = await withTransaction(store.database, (trx) =>
    declareIncident(trx, at, {
      source: 'test',
      groupKey: `escalation-${count}`,
      title: 'Checkout fails',
      severity,
      service: 'orders',
      alertName: null,
      labels: {},
      annotations: {},
    }),
  )
  return incidentId
}
const acknowledge = (id: string, actor = ADA): Promise<boolean> =>
  withTransaction(store.database, async (trx) => {
    const first = await acknowledgeIncident(trx, at, id, actor)
    await settleIncident(trx, at, deps, id)
    return first
  })
const resolve = (incidentId: string): Promise<void> =>
  withTransaction(store.database, async (trx) => {
    await transitionIncident(trx, at, { incidentId, to: 'resolved', actor: ADA, message: 'over' })
    await settleIncident(trx, at, deps, incidentId)
  })
const setSeverity = (id: string, severity: SeverityLevel): Promise<unknown> =>
  store.database.kysely.updateTable('incident').set({ severity }).where('id', '=', id).execute()
const incidentOf = (id: string): Promise<IncidentRow> =>
  store.database.kysely.selectFrom('incident').selectAll().where('id', '=', id).executeTakeFirstOrThrow()
const pagesOf = (id: string) =>
  store.database.kysely.selectFrom('escalation_page').selectAll().where('incident_id', '=', id).execute()
const timelineOf = async (id: string): Promise<string[]> => {
  const rows = await store.database.kysely
    .selectFrom('timeline_entry')
    .select('message')
    .where('incident_id', '=', id)
    .orderBy('id')
    .execute()
  return rows.map((row) => row.message)
}

describe('an incident that nobody acknowledges', () => {
  test('P1: on-call at once, the manager after 5 minutes, the director after 10, then all again and loudly', async () => {
    const id = await declare('P1')
    await look()
    expect(heard()).toEqual(['@ada page'])
    await pass(4)
    expect(heard()).toEqual([])
    await pass(1)
    expect(heard()).toEqual(['@mia page'])
    await pass(5)
    expect(heard()).toEqual(['@dee page'])
    await pass(5)
    // nobody has answered a whole round: by every way
    expect(heard().toSorted()).toEqual(['@ada page loud', 'ada@example.com page loud'])
    await pass(5)
    expect(heard().toSorted()).toEqual(['@mia page loud', 'mia@example.com page loud'])
    expect(await timelineOf(id)).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^Paged ada \(chat\) as On-call: it has just begun/),
        expect.stringMatching(
          /^Paged mia \(chat\), mia \(mail\) as Manager, round 2: nobody has acknowledged/,
        ),
      ]),
    )
  })

  test.each([
    ['P2', 15, [['@ada page'], ['@bob page'], ['@mia page']]],
    ['P3', 30, [['@ada page'], ['@ada page', '@bob page']]],
  ] as const)('%s: the next link after %i minutes', async (severity, minutes, links) => {
    await declare(severity)
    await look()
    for (const [index, people] of links.entries()) {
      if (index > 0) await pass(minutes)
      expect(heard().toSorted()).toEqual([...people])
    }
  })

  test('P4: into the ticket queue in business hours, and again after the next business day', async () => {
    at = new Date('2026-03-06T20:00:00Z') // a Friday evening
    await declare('P4')
    await look()
    expect(heard()).toEqual([])
    at = new Date('2026-03-09T08:59:00Z')
    await look()
    expect(heard()).toEqual([])
    at = new Date('2026-03-09T09:00:00Z')
    await look()
    expect(heard()).toEqual(['#tickets page'])
    at = new Date('2026-03-10T16:59:00Z')
    await look()
    expect(heard()).toEqual([])
    at = new Date('2026-03-10T17:00:00Z')
    await look()
    expect(heard()).toEqual(['#tickets page loud'])
  })

  test('a link with nobody is passed by at once, and the timeline says so', async () => {
    roster = readRoster(ROSTER.replace("'2026-01-05T09:00'", "'2027-01-05T09:00'"))
    const id = await declare('P1')
    await look()
    expect(heard()).toEqual(['@mia page'])
    expect(await timelineOf(id)).toContain('Nobody is On-call now; the next link is asked')
  })

  test('an override decides who is paged', async () => {
    await store.database.kysely
      .insertInto('oncall_override')
      .values({
        id: 'ovr_1',
        rotation: 'primary',
        person: 'dee',
        from_at: new Date('2026-03-02T09:00:00Z'),
        to_at: new Date('2026-03-02T11:00:00Z'),
        reason: 'swap',
        created_by: 'person:ada',
        created_at: START,
        cancelled_at: null,
        cancelled_by: null,
      })
      .execute()
    await declare('P1')
    await look()
    expect(heard()).toEqual(['@dee page'])
  })
})

describe('acknowledging', () => {
  test('ends the pages in its own commit, tells those who were paged, and cannot be done again', async () => {
    const id = await declare('P1')
    await look()
    await pass(5)
    heard()
    expect(await acknowledge(id)).toBe(true)
    const waiting = await store.database.kysely
      .selectFrom('escalation')
      .select('reason')
      .where('incident_id', '=', id)
      .where('state', '=', 'waiting')
      .execute()
    expect(waiting).toEqual([{ reason: 'silent' }])
    await look()
    expect(heard().toSorted()).toEqual(['@ada stand-down', '@mia stand-down'])
    await pass(10)
    expect(heard()).toEqual([])
    expect(await acknowledge(id, { ...ADA, id: 'person:bob' })).toBe(false)
    expect(await incidentOf(id)).toMatchObject({ acknowledged_by: 'person:ada' })
  })

  test('takes back pages that wait for a channel which is down', async () => {
    const id = await declare('P1')
    await escalate(deps)
    expect(await acknowledge(id)).toBe(true)
    await look()
    expect(heard()).toEqual(['@ada stand-down'])
    const rows = await store.database.kysely
      .selectFrom('message')
      .select('state')
      .where('incident_id', '=', id)
      .where('kind', '=', 'page')
      .execute()
    expect(rows).toEqual([{ state: 'superseded' }])
  })

  test('is respected when it was done by a path that knows nothing of escalation', async () => {
    const id = await declare('P1')
    await look()
    await withTransaction(store.database, (trx) => acknowledgeIncident(trx, at, id, ADA))
    heard()
    await pass(5)
    expect(heard()).toEqual(['@ada stand-down'])
  })

  test('too late re-opens nothing', async () => {
    const id = await declare('P1')
    await look()
    await resolve(id)
    expect(await acknowledge(id)).toBe(false)
    heard()
    await pass(30)
    expect((await incidentOf(id)).state).toBe('resolved')
    expect(heard()).toEqual(['@ada stand-down'])
  })
})

describe('an acknowledged incident of which nobody hears', () => {
  test('its holder is reminded after the update interval, then the chain is asked; an update calms it', async () => {
    const id = await declare('P1')
    await look()
    await acknowledge(id, { ...ADA, id: 'person:bob' })
    await look()
    heard()
    await pass(14)
    expect(heard()).toEqual([])
    await pass(1)
    expect(heard()).toEqual(['@bob page'])
    await pass(5)
    expect(heard()).toEqual(['@mia page'])
    await withTransaction(store.database, (trx) =>
      addTimeline(trx, at, {
        incidentId: id,
        kind: 'incident.noted',
        actor: 'person:bob',
        message: 'rolling back',
      }),
    )
    await pass(14)
    expect(heard()).toEqual([])
    await pass(1)
    expect(heard()).toEqual(['@bob page loud'])
  })

  test('an approval that nobody decides escalates, and is calm once it is decided', async () => {
    const id = await declare('P2')
    await look()
    await acknowledge(id)
    await ask(id, 'dec_1')
    await look()
    heard()
    await pass(14)
    expect(heard()).toEqual([])
    await pass(1)
    expect(heard()).toEqual(['@ada page'])
    await pass(15)
    // meanwhile the update interval is over too
    expect(heard().toSorted()).toEqual(['@ada page', '@bob page'])
    await store.database.kysely
      .updateTable('decision')
      .set({ state: 'answered', answered_by: 'person:ada', answered_at: at })
      .where('id', '=', 'dec_1')
      .execute()
    await resolve(id)
    heard()
    await pass(60)
    expect(heard().filter((one) => one.endsWith('page'))).toEqual([])
  })
})

describe('a severity that changes', () => {
  test('to a more urgent one starts its chain at once', async () => {
    const id = await declare('P3')
    await look()
    heard()
    await pass(2)
    await setSeverity(id, 'P1')
    await look()
    expect(heard().length).toBeGreaterThan(0)
    await pass(5)
    expect(heard().some((one) => one.startsWith('@mia page'))).toBe(true)
  })
  test('to a less urgent one gives the next link more time', async () => {
    const id = await declare('P1')
    await look()
    await setSeverity(id, 'P2')
    await look()
    heard()
    await pass(14)
    expect(heard()).toEqual([])
    await pass(1)
    expect(heard()).toEqual(['@bob page'])
  })
})

describe('clocks and replicas', () => {
  test('a clock that jumps ahead pages one link, not all of them', async () => {
    await declare('P1')
    await look()
    heard()
    at = new Date(at.getTime() + 86_400_000)
    await look()
    expect(heard()).toEqual(['@mia page'])
  })
  test('a clock that is put back does not stop the escalation', async () => {
    await declare('P1')
    await look()
    await pass(2)
    heard()
    at = new Date(at.getTime() - 7_200_000)
    await look()
    await pass(5)
    expect(heard()).toEqual(['@mia page'])
  })
  test('four replicas that look at the same moment page nobody twice', async () => {
    const ids = await Promise.all(Array.from({ length: 8 }, () => declare('P1')))
    for (let minute = 0; minute < 16; minute += 5) {
      at = new Date(START.getTime() + minute * 60_000)
      await Promise.all([escalate(deps), escalate(deps), escalate(deps), escalate(deps)])
      await escalate(deps)
    }
    for (const id of ids) {
      const pages = await pagesOf(id)
      expect(
        pages.map((page) => `${page.round} ${page.level} ${page.person} ${page.channel}`).toSorted(),
      ).toEqual(['1 0 ada chat', '1 1 mia chat', '1 2 dee chat', '2 0 ada chat', '2 0 ada mail'])
    }
  })
  test('with nothing to do, nothing is written', async () => {
    await declare('P1')
    await look()
    expect(await escalate(deps)).toBe(0)
    const id = await declare('P4')
    await look()
    await acknowledge(id)
    expect(await escalate(deps)).toBe(0)
  })
})

async function ask(incidentId: string, decisionId: string): Promise<void> {
  const { kysely } = store.database
  await kysely
    .insertInto('runbook_revision')
    .values({ content_hash: 'x', path: 'x.md', commit_id: null, content: Buffer.from(''), stored_at: at })
    .onConflict((conflict) => conflict.doNothing())
    .execute()
  await kysely
    .insertInto('run')
    .values({
      id: `run_${decisionId}`,
      incident_id: incidentId,
      page_path: 'x.md',
      page_hash: 'x',
      page_commit: null,
      procedure_id: 'x',
      plan: '{}',
      state: 'awaiting-decision',
      shell_state: null,
      started_at: at,
      reason: null,
    })
    .execute()
  await kysely
    .insertInto('decision')
    .values({
      id: decisionId,
      run_id: `run_${decisionId}`,
      attempt: 1,
      kind: 'choose',
      question: '{}',
      state: 'pending',
      asked_at: at,
      expires_at: new Date(at.getTime() + 86_400_000),
      answered_by: null,
    })
    .execute()
}
