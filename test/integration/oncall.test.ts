import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDesk } from '../support/desk.ts'
import type { Answer, Desk, Row } from '../support/desk.ts'
import { tellStory, until } from '../support/story.ts'

let desk: Desk
let ada: string
const story = tellStory(
  () => desk,
  () => ada,
)
const api = (method: 'GET' | 'POST', at: string, body?: unknown): Promise<Answer> =>
  desk.api(ada, method, at, body)

beforeAll(async () => {
  desk = await openDesk()
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  await writeFile(
    path.resolve(desk.file('x'), '..', '..', 'erlmcp.oncall.yaml'),
    `
people:
  ada: { name: Ada, contacts: [{ channel: console, target: '@ada' }] }
  bob: { name: Bob, contacts: [{ channel: pager, target: '@bob' }, { channel: console, target: '@bob' }] }
rotations:
  primary: { layers: [{ name: weekly, start: '2020-01-06T09:00', every: { weeks: 1 }, people: [ada] }] }
links: { On-call: { rotation: primary }, Manager: { people: [bob] } }
`,
  )
  await until('the on-call file', async () => {
    const { value } = await api('GET', '/oncall')
    return value['found'] === true ? value : null
  })
})
afterAll(() => desk.stop())

test('who is on call, what is missing and a calendar are read from the file', async () => {
  const { value } = await api('GET', '/oncall')
  expect(value['rotations']).toEqual([expect.objectContaining({ rotation: 'primary', name: 'Ada' })])
  const check = await api('GET', '/oncall-check')
  expect(check.value).toMatchObject({ good: false })
  const words = (check.value['findings'] as Row[]).map(
    (finding) => `${String(finding['about'])}: ${String(finding['message'])}`,
  )
  expect(words).toEqual(
    expect.arrayContaining([
      expect.stringContaining('link Director: the severity matrix asks for it'),
      expect.stringContaining('person bob: the channel pager is not configured'),
    ]),
  )
  const login = `Basic ${Buffer.from(`calendar:${ada}`).toString('base64')}`
  const url = `${desk.app.address()}/calendars/primary.ics`
  const calendar = await fetch(url, { headers: { authorization: login } })
  expect(calendar.headers.get('content-type')).toContain('text/calendar')
  expect(await calendar.text()).toContain('SUMMARY:Ada on call (primary)')
  const refused = await fetch(url)
  expect(refused.status).toBe(401)
  expect(refused.headers.get('www-authenticate')).toMatch(/^Basic/)

  const starts = new Date(Date.now() + 86_400_000).toISOString().slice(0, 16)
  await api('POST', '/maintenance', { title: 'New disks', services: ['desk'], starts, minutes: 60 })
  const windows = `${desk.app.address()}/maintenance.ics`
  const shown = async (query: string): Promise<string> =>
    (await fetch(`${windows}${query}`, { headers: { authorization: login } })).text()
  expect(await shown('?service=desk')).toContain('New disks')
  expect(await shown('?service=other')).not.toContain('New disks')
  expect((await fetch(windows)).status).toBe(401)
})

test('an incident pages the person on call; the next one hears of it when the severity rises; an acknowledgement ends it', async () => {
  const incident = await story.fire('DeskFailing')
  const pageTo = (target: string) =>
    until(`a page to ${target}`, async () => {
      const messages = (await story.show(incident))['messages'] as Row[]
      return messages.find(
        (one) => one['target'] === target && one['kind'] === 'page' && one['state'] === 'sent',
      )
    })
  const page = await pageTo('@ada')
  expect(page['tries']).toEqual([expect.objectContaining({ attempt: 1, outcome: 'sent' })])

  const severity = { severity: 'P1', reason: 'customers see it' }
  const raised = await api('POST', `/incidents/${incident}/severity`, severity)
  expect(raised).toMatchObject({ status: 200, value: { severity: 'P1' } })
  await until('the first link, asked again', async () => {
    const [escalation] = (await story.show(incident))['escalations'] as Row[]
    return escalation?.['severity'] === 'P1' && escalation['level'] === 1 ? escalation : null
  })
  desk.moveClock(5 * 60_000 + 1_000)
  // his pager is not configured: told on the console instead
  await pageTo('@bob')

  expect((await api('POST', `/incidents/${incident}/acknowledge`)).value).toMatchObject({
    acknowledged: true,
  })
  const [escalation] = (await story.show(incident))['escalations'] as Row[]
  expect(escalation).toMatchObject({
    reason: 'unacknowledged',
    state: 'over',
    endedBecause: 'acknowledged by person:ada',
  })
  await until('that nobody has to come', async () => {
    const messages = (await story.show(incident))['messages'] as Row[]
    return messages.find((one) => one['kind'] === 'stand-down' && one['state'] === 'sent')
  })
})

test('an override puts somebody else on call, and can be taken back', async () => {
  const now = Date.now() + 6 * 60_000
  const body = {
    person: 'bob',
    from: new Date(now - 60_000 * 30).toISOString(),
    to: new Date(now + 3_600_000).toISOString(),
    reason: 'swap',
  }
  const made = await api('POST', '/oncall/primary/overrides', body)
  expect(made.status).toBe(200)
  expect((await api('GET', '/oncall')).value['rotations']).toEqual([
    expect.objectContaining({ person: 'bob', by: 'override' }),
  ])
  const back = await api('POST', `/oncall-overrides/${String(made.value['id'])}/restore`, {
    reason: 'no swap',
  })
  expect(back.value).toMatchObject({ restored: true })
  expect((await api('GET', '/oncall')).value['rotations']).toEqual([
    expect.objectContaining({ person: 'ada' }),
  ])
  const stranger = await api('POST', '/oncall/primary/overrides', { ...body, person: 'eve' })
  expect(stranger).toMatchObject({ status: 404, value: { action: expect.stringContaining('ada, bob') } })
})

test('a channel is tried out, and one that is not configured is named', async () => {
  const console_ = await api('POST', '/integrations/console/test', {})
  expect(console_.value).toMatchObject({ good: true })
  const missing = await api('POST', '/integrations/smtp/test', {})
  expect(missing).toMatchObject({
    status: 404,
    value: { detail: expect.stringContaining('email is not configured') },
  })
})
