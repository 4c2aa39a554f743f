import { createHmac, randomUUID } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { fakePagerDuty } from '../support/fake-pagerduty.ts'
import type { FakePagerDuty } from '../support/fake-pagerduty.ts'
import { messages, tellStory, until } from '../support/story.ts'

const KEY = 'R0123456789ABCDEF0123456789ABCDE'
const REST_KEY = 'a-rest-key-of-a-test'
const OLD = 'the-old-secret-of-the-subscription'
const NEW = 'the-new-secret-of-the-subscription'

let folder: string
let pagerduty: FakePagerDuty
let desk: Desk
let ada: string
const story = tellStory(
  () => desk,
  () => ada,
)

/** `GET /oncalls` as PagerDuty documents it, in pages of one. */
const asked: URL[] = []
const rest = createServer((request, response) => {
  const url = new URL(request.url ?? '', 'http://localhost')
  asked.push(url)
  const good =
    request.headers.authorization === `Token token=${REST_KEY}` &&
    request.headers.accept === 'application/vnd.pagerduty+json;version=2'
  if (!good) return response.writeHead(401).end('{}')
  const from = new Date(Date.now() - 3_600_000).toISOString()
  const policy = { escalation_policy: { id: 'PPOL' }, escalation_level: 1, end: null }
  const all = [
    { ...policy, user: { id: 'PADA', summary: 'Ada' }, schedule: null, start: null },
    { ...policy, user: { id: 'PZOE', name: 'Zoe from PagerDuty' }, schedule: { id: 'PSCHED' }, start: from },
    { ...policy, user: { id: 'PZOE', name: 'Zoe from PagerDuty' }, schedule: { id: 'PSCHED' }, start: from },
  ]
  const page = Number(url.searchParams.get('offset')) / Number(url.searchParams.get('limit'))
  response.setHeader('content-type', 'application/json')
  return response.end(
    JSON.stringify({
      oncalls: all.slice(page, page + 1),
      more: page < all.length - 1,
      limit: 1,
      offset: page,
    }),
  )
})

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-pagerduty-'))
  pagerduty = await fakePagerDuty(KEY)
  await new Promise<void>((resolve) => rest.listen(0, '127.0.0.1', () => resolve()))
  for (const [name, text] of Object.entries({ key: KEY, rest: `${REST_KEY}\n`, old: OLD, new: NEW }))
    await writeFile(path.join(folder, name), text)
  const oncall = {
    people: { ada: { pagerduty: 'PADA', contacts: [{ channel: 'pagerduty', target: 'default' }] } },
    rotations: { primary: { pagerduty: { schedule: 'PSCHED' } } },
    links: Object.fromEntries(
      ['On-call', 'Manager', 'Director', 'Team Lead', 'Team'].map((word) => [word, { rotation: 'primary' }]),
    ),
  }
  await writeFile(path.join(folder, 'oncall.yaml'), JSON.stringify(oncall))
  desk = await openDesk({
    more: {
      oncall: { file: path.join(folder, 'oncall.yaml') },
      channels: {
        pagerduty: {
          routingKeyFiles: { default: path.join(folder, 'key') },
          eventsUrl: pagerduty.url,
          webhookSecretFiles: [path.join(folder, 'old'), path.join(folder, 'new')],
          people: { PADA: 'person:ada' },
          apiTokenFile: path.join(folder, 'rest'),
          apiUrl: `http://127.0.0.1:${(rest.address() as AddressInfo).port}`,
        },
      },
    },
  })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  const at = new Date()
  const person = { id: 'person:ada', login: 'ada', name: 'ada', created_at: at, created_by: 'test' }
  await desk.store.database.kysely
    .insertInto('person')
    .values({ ...person, password_hash: null, oidc_issuer: null, oidc_subject: null, disabled_by: null })
    .execute()
  await desk.store.database.kysely
    .insertInto('person_role')
    .values({
      id: 'role_ada',
      person_id: 'person:ada',
      role: 'lead',
      scope: '{}',
      source: 'local',
      granted_at: at,
      granted_by: 'test',
    })
    .execute()
})
afterAll(async () => {
  await desk.stop()
  await pagerduty.stop()
  rest.close()
  rest.closeAllConnections()
  await rm(folder, { recursive: true, force: true })
})

/** As PagerDuty signs: one `v1=` for each secret of the subscription, over the raw body. */
const signed = (body: string, secrets: readonly string[]): string =>
  secrets.map((secret) => `v1=${createHmac('sha256', secret).update(body, 'utf8').digest('hex')}`).join(',')

const eventOf = (type: string, incident: string, user = 'PADA', agent = 'user_reference'): string =>
  JSON.stringify({
    event: {
      id: `event-${randomUUID()}`,
      event_type: type,
      resource_type: 'incident',
      occurred_at: new Date().toISOString(),
      agent: { id: user, type: agent, summary: user === 'PADA' ? 'Ada' : 'Somebody' },
      client: null,
      data: {
        id: 'PINC',
        type: 'incident',
        incident_key: incident,
        html_url: 'https://example.pagerduty.com/',
      },
    },
  })

const hear = (body: string, secrets: readonly string[] = [NEW], id: string = randomUUID()) =>
  fetch(`${desk.app.address()}/webhooks/pagerduty`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      'x-pagerduty-signature': signed(body, secrets),
      'x-webhook-id': id,
    },
    body,
  })

const eventsOf = (incident: string): string[] =>
  pagerduty.requests.filter((event) => event.dedup_key === incident).map((event) => event.event_action)

test('who is on call is read from its schedules, by name, and paged by it where nobody knows them here', async () => {
  const who = await until('who is on call there', async () => {
    const { value } = await desk.api(ada, 'GET', '/oncall')
    return JSON.stringify(value).includes('Zoe from PagerDuty') ? value : null
  })
  expect(who['rotations']).toMatchObject([
    { rotation: 'primary', person: 'pagerduty:PZOE', name: 'Zoe from PagerDuty', by: 'PagerDuty' },
  ])
  expect(asked[0]?.searchParams.getAll('schedule_ids[]')).toEqual(['PSCHED'])
  const tried = await desk.api(ada, 'POST', '/integrations/pagerduty/test', {})
  expect(tried.value).toMatchObject({ good: true })
  expect(JSON.stringify(tried.value)).toContain('on call by its schedules: Zoe from PagerDuty (PSCHED)')
  const id = await story.fire('DeskFailing')
  await until('a page there', async () => (pagerduty.alerts.get(id) === 'triggered' ? true : null))
  await desk.api(ada, 'POST', `/incidents/${id}/resolve`, { reason: 'the test goes on' })
  await story.incidentIn(id, 'resolved')
})

test('an acknowledgement there is one here, once, with either secret, and is not told back', async () => {
  const id = await story.fire('DeskFailing')
  await until('a page there', async () => (pagerduty.alerts.get(id) === 'triggered' ? true : null))
  const body = eventOf('incident.acknowledged', id)
  expect((await hear(body, ['a secret that nobody has'])).status).toBe(401)
  expect((await hear(body.replace('PADA', 'PEVE'), [])).status).toBe(401)
  const delivery = randomUUID()
  // both are valid while one is replaced; the same delivery comes again
  for (const secrets of [[OLD, NEW], [OLD], ['unknown to us', NEW]])
    expect((await hear(body, secrets, delivery)).status).toBe(202)
  const shown = await until('the acknowledgement', async () => {
    const incident = await story.show(id)
    return incident['acknowledgedBy'] === null ? null : incident
  })
  expect(shown['acknowledgedBy']).toBe('person:ada')
  const stored = await desk.store.database.kysely
    .selectFrom('inbound_request')
    .select('id')
    .where('source', '=', 'pagerduty')
    .where('id', '=', delivery)
    .execute()
  expect(stored).toHaveLength(1)
  // what erlmcp tells by itself comes back as the deed of an integration
  expect((await hear(eventOf('incident.acknowledged', id, 'PINT', 'integration_reference'))).status).toBe(202)
  expect((await hear('{"event":{"event_type":"pagey.ping"}}')).status).toBe(202)
  expect((await hear('no JSON at all')).status).toBe(202)

  expect((await hear(eventOf('incident.resolved', id, 'PEVE'))).status).toBe(202)
  await until('the word of somebody unknown', async () =>
    messages(await story.show(id)).includes('here it stays open') ? true : null,
  )
  expect((await story.show(id))['state']).not.toBe('resolved')
  await hear(eventOf('incident.resolved', id))
  await story.incidentIn(id, 'resolved')
  await until('the end there', async () => (pagerduty.alerts.get(id) === 'resolved' ? true : null))
  expect(eventsOf(id)).toEqual(['trigger', 'resolve'])
  const acknowledged = ((await story.show(id))['timeline'] as Row[]).filter(
    (entry) => entry['kind'] === 'incident.acknowledged',
  )
  expect(acknowledged).toHaveLength(1)
})
