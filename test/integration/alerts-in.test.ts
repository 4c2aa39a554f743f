import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { zstdDecompressSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notification } from '../support/alertmanager.ts'
import { openDesk } from '../support/desk.ts'
import type { Answer, Desk, Row } from '../support/desk.ts'
import { kinds, messages, tellStory, until } from '../support/story.ts'

let folder: string
let desk: Desk
let ada: string
/** What the stand-in of Alertmanager's API lists, and what it was asked. */
const listed: { alerts: Row[]; asked: string[] } = { alerts: [], asked: [] }
const inMaintenance = new Set<string>()
const story = tellStory(
  () => desk,
  () => ada,
)
const { newGroup, alert, fire, show, runIn, incidentIn, approve } = story

const api = createServer((request, response) => {
  listed.asked.push(request.url ?? '')
  response.setHeader('content-type', 'application/json')
  response.end(JSON.stringify(listed.alerts))
})

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-alerts-'))
  await writeFile(path.join(folder, 'token'), 'first-secret\nsecond-secret\n')
  await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', () => resolve()))
  const bearer = { kind: 'bearer', tokenFile: path.join(folder, 'token') }
  desk = await openDesk({
    sweepEveryMs: 200,
    maintenanceOf: async (service) => (inMaintenance.has(service ?? '') ? 'disks are exchanged' : null),
    alerting: {
      stillFiringSeconds: 120,
      stormIncidents: 8,
      sources: [
        {
          name: 'lab',
          kind: 'alertmanager',
          auth: bearer,
          apiUrl: `http://127.0.0.1:${(api.address() as AddressInfo).port}`,
          watchdogs: [{ name: 'watchdog', match: { alertname: 'Watchdog' }, withinSeconds: 300 }],
        },
        {
          name: 'probe',
          kind: 'generic',
          auth: { kind: 'basic', username: 'probe', passwordFile: path.join(folder, 'token') },
          mapping: {
            name: '/check',
            status: { at: '/state', firing: ['down'], resolved: ['up'] },
            labels: { service: '/service' },
          },
        },
      ],
    },
  })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
})
afterAll(async () => {
  await desk.stop()
  await new Promise((resolve) => api.close(resolve))
  await rm(folder, { recursive: true, force: true })
})

async function post(at: string, body: unknown, authorization?: string): Promise<Answer> {
  const response = await fetch(`${desk.app.address()}${at}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      authorization: authorization ?? `Bearer ${desk.app.webhookToken()}`,
    },
    body: JSON.stringify(body),
  })
  return { status: response.status, value: (await response.json()) as Row }
}

const now = (aheadMs = 0): string => new Date(Date.now() + aheadMs).toISOString()

describe('a source', () => {
  test('is let in by each of its secrets, and by nothing else', async () => {
    const body = notification('NobodyKnowsThis', newGroup(), [])
    const send = async (authorization: string, at = '/webhooks/alerts/lab') =>
      (await post(at, body, authorization)).status
    expect(await send('Bearer first-secret')).toBe(200)
    expect(await send('bearer second-secret')).toBe(200)
    expect(await send('Bearer wrong')).toBe(401)
    expect(await send(`Bearer ${desk.app.webhookToken()}`)).toBe(401)
    expect(await send('Bearer first-secret', '/webhooks/alerts/unknown')).toBe(401)
    const basic = `Basic ${Buffer.from('probe:first-secret').toString('base64')}`
    expect(await send(basic)).toBe(401)
  })

  test('with a mapping declares and resolves with its own words', async () => {
    const basic = `Basic ${Buffer.from('probe:second-secret').toString('base64')}`
    const send = (state: string) =>
      post('/webhooks/alerts/probe', { check: 'ProbeFails', service: 'probe-shop', state }, basic)
    const first = await send('down')
    expect(first).toMatchObject({ status: 200, value: { declared: true } })
    expect((await send('down')).value).toMatchObject({ declared: false })
    expect((await send('up')).status).toBe(200)
    await incidentIn(String(first.value['incident']), 'resolved')
    expect((await send('odd')).value).toMatchObject({ code: 'input_invalid' })
  })

  test('that is Prometheus itself may post, and its alert is over when it stops to repeat it', async () => {
    const posted = [
      {
        labels: { alertname: 'NobodyKnowsThis', service: 'direct', severity: 'P4' },
        annotations: {},
        startsAt: now(),
        endsAt: now(2_000),
      },
    ]
    const answer = await post('/api/v2/alerts', posted)
    expect(answer).toMatchObject({ status: 200, value: { declared: true } })
    await incidentIn(String(answer.value['incident']), 'resolved')
  })

  test('that is Grafana sends the same with another version', async () => {
    const body = notification('NobodyKnowsThis', newGroup(), [alert(newGroup())], { version: '1', orgId: 1 })
    expect(await post('/webhooks/alerts/grafana', body)).toMatchObject({ status: 200 })
  })

  test('that sends what no text may hold is stored all the same, with the body as received', async () => {
    const group = newGroup()
    const body = notification('NobodyKnowsThis', group, [
      { ...alert(group), annotations: { summary: `a\u0000b \ud800 ${'x'.repeat(5_000)}` } },
    ])
    const answer = await post('/webhooks/alertmanager', body)
    expect(answer).toMatchObject({ status: 200, value: { declared: true } })
    expect(String((await show(String(answer.value['incident'])))['title'])).toContain('a\ufffdb \ufffd')
    const stored = await desk.store.database.kysely
      .selectFrom('webhook_delivery')
      .select('body_packed')
      .orderBy('received_at', 'desc')
      .limit(1)
      .executeTakeFirstOrThrow()
    expect(zstdDecompressSync(stored.body_packed ?? Buffer.alloc(0)).toString()).toBe(JSON.stringify(body))
  })

  test('of 10,000 alerts in one post is taken in whole, and its repeat changes nothing', async () => {
    const group = newGroup()
    const many = Array.from({ length: 10_000 }, (_, number) => alert(group, 'firing', number))
    const first = await post('/webhooks/alertmanager', notification('NobodyKnowsThis', group, many))
    expect(first).toMatchObject({ status: 200, value: { declared: true } })
    const again = await post('/webhooks/alertmanager', notification('NobodyKnowsThis', group, many))
    expect(again).toMatchObject({ status: 200, value: { incident: null, declared: false } })
    const { count } = await desk.store.database.kysely
      .selectFrom('alert')
      .select((expression) => expression.fn.countAll<string>().as('count'))
      .where('incident_id', '=', String(first.value['incident']))
      .executeTakeFirstOrThrow()
    expect(count).toBe('10000')
  })
})

describe('alerts that were left out', () => {
  test('are asked for, also silenced ones, and end when the source lists them no more', async () => {
    const group = newGroup()
    const entry = (number: number, state: string, silencedBy: string[] = []) => ({
      labels: { alertname: 'NobodyKnowsThis', group, number: String(number) },
      annotations: {},
      startsAt: alert(group).startsAt,
      endsAt: now(240_000),
      fingerprint: `${group}-${number}`,
      status: { state, silencedBy, inhibitedBy: [] },
    })
    listed.alerts = [entry(1, 'active'), entry(2, 'active'), entry(3, 'suppressed', ['s-17'])]
    const body = notification('NobodyKnowsThis', group, [alert(group)], { truncatedAlerts: 2 })
    const answer = await post('/webhooks/alerts/lab', body, 'Bearer first-secret')
    const incident = String(answer.value['incident'])
    const rows = () =>
      desk.store.database.kysely
        .selectFrom('alert')
        .select(['fingerprint', 'status', 'incident_id', 'held_by'])
        .where('source', '=', 'lab')
        .where('fingerprint', 'like', `${group}-%`)
        .orderBy('fingerprint')
        .execute()
    await until('the other two', async () => ((await rows()).length === 3 ? true : null))
    expect(new URL(listed.asked[0] ?? '', 'http://x').searchParams.getAll('filter')).toContain(
      `group="${group}"`,
    )
    expect(await rows()).toEqual([
      expect.objectContaining({ status: 'firing', incident_id: incident }),
      expect.objectContaining({ status: 'firing', incident_id: incident }),
      expect.objectContaining({ status: 'firing', held_by: 'silenced: s-17' }),
    ])
    listed.alerts = []
    desk.moveClock(61_000)
    await incidentIn(incident, 'resolved')
  })
})

describe("a dead-man's switch", () => {
  test('that stops coming makes an incident, and its return ends it', async () => {
    const watchdog = () =>
      post(
        '/webhooks/alerts/lab',
        notification('Watchdog', 'watchdog', [{ fingerprint: 'w', status: 'firing', startsAt: now() }]),
        'Bearer first-secret',
      )
    expect((await watchdog()).value).toMatchObject({ incident: null, declared: false })
    desk.moveClock(301_000)
    const silent = await until('the incident', async () => {
      const row = await desk.store.database.kysely
        .selectFrom('incident')
        .selectAll()
        .where('source', '=', 'erlmcp')
        .executeTakeFirst()
      return row ?? null
    })
    expect(silent).toMatchObject({ severity: 'P2', title: 'lab has gone silent: no watchdog for 300 s' })
    await watchdog()
    await incidentIn(silent.id, 'resolved')
  })
})

describe('an alert of a service in maintenance', () => {
  test('is recorded and declares nothing; it does when it still fires afterwards', async () => {
    inMaintenance.add('vault')
    const group = newGroup()
    const held = { ...alert(group), labels: { service: 'vault' } }
    const answer = await desk.webhook(notification('NobodyKnowsThis', group, [held]))
    expect(answer.value).toMatchObject({ incident: null, declared: false })
    const row = () =>
      desk.store.database.kysely
        .selectFrom('alert')
        .select(['held_by', 'incident_id'])
        .where('fingerprint', '=', held.fingerprint)
        .executeTakeFirstOrThrow()
    expect(await row()).toEqual({ held_by: 'maintenance: disks are exchanged', incident_id: null })
    inMaintenance.delete('vault')
    const bound = await until('the incident', async () => ((await row()).incident_id === null ? null : row()))
    expect(bound.held_by).toBeNull()
  })
})

describe('a storm', () => {
  test('makes a few incidents and one page for a service and severity; critical alerts are not held back', async () => {
    const group = newGroup()
    const send = (number: number, priority: string, name = `Storm${number % 5}`) =>
      desk.webhook(
        notification(name, `${group}-${number}`, [
          { ...alert(`${group}-${number}`), labels: { service: 'stormy', priority } },
        ]),
      )
    const answers = await Promise.all(Array.from({ length: 60 }, (_, number) => send(number, 'P3')))
    expect(answers.every(({ status }) => status === 200)).toBe(true)
    const critical = await send(1_000, 'P1', 'Critical')
    expect(critical.value).toMatchObject({ declared: true })
    const rows = await desk.store.database.kysely
      .selectFrom('incident')
      .selectAll()
      .where('service', '=', 'stormy')
      .orderBy('opened_at')
      .execute()
    const common = rows.filter((row) => row.severity === 'P3')
    expect(common).toHaveLength(8)
    expect(common.filter((row) => row.page_leader_id === null)).toHaveLength(1)
    expect(rows.filter((row) => row.severity === 'P1' && row.page_leader_id === null)).toHaveLength(1)
    const { count } = await desk.store.database.kysely
      .selectFrom('alert')
      .select((expression) => expression.fn.countAll<string>().as('count'))
      .where(
        'incident_id',
        'in',
        rows.map((row) => row.id),
      ) // prettier-ignore
      .executeTakeFirstOrThrow()
    expect(count).toBe('61')
  })
})

describe('a fix that the measurement proved', () => {
  test('while the alert fires on: the incident opens again after a while and says why', async () => {
    const group = newGroup()
    const incident = await fire('DeskFailing', group)
    const run = await runIn(incident, 'awaiting-decision')
    expect((await approve(ada, run, '2')).status).toBe(200)
    await incidentIn(incident, 'resolved')
    const repeat = await desk.webhook(notification('DeskFailing', group, [alert(group)]))
    expect(repeat.value).toMatchObject({ incident: null, declared: false })
    desk.moveClock(121_000)
    // what waits sleeps in real time: a message on its topic wakes it
    await wake(incident)
    const open = await until('the incident open again', async () => {
      const shown = await show(incident)
      return kinds(shown).includes('incident.reopened') ? shown : null
    })
    expect(messages(open)).toMatch(/Opened again: DeskFailing still fires 2 min after it was resolved/)
    await desk.webhook(notification('DeskFailing', group, [alert(group, 'resolved')]))
    await incidentIn(incident, 'resolved')
  })
})

async function wake(incident: string): Promise<void> {
  const { sql } = await import('kysely')
  await sql`select dbos.send_message(${incident}, 'null'::json, 'return', ${`${incident}/wake`})`.execute(
    desk.store.database.kysely,
  )
}
