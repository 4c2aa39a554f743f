import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { notification } from '../support/alertmanager.ts'
import type { FakeAlert } from '../support/alertmanager.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { kinds, messages, STARTED, tellStory, until } from '../support/story.ts'

let desk: Desk
let ada: string
const story = tellStory(
  () => desk,
  () => ada,
)
const { newGroup, alert, fire, show, runIn, incidentIn, approve } = story

beforeAll(async () => {
  desk = await openDesk()
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
})
afterAll(() => desk.stop())

describe('a delivery', () => {
  test('that is repeated changes nothing; a new alert joins; the last resolved one ends the incident', async () => {
    const group = newGroup()
    const incident = await fire('DeskFailing', group)
    const send = async (...alerts: FakeAlert[]): Promise<Row> => {
      const answer = await desk.webhook(notification('DeskFailing', group, alerts))
      expect(answer.status).toBe(200)
      return answer.value
    }
    expect(await send(alert(group))).toMatchObject({ declared: false })
    expect(await send(alert(group), alert(group, 'firing', 2))).toMatchObject({ incident, declared: false })
    await runIn(incident, 'awaiting-decision')
    await send(alert(group, 'resolved'), alert(group, 'firing', 2))
    const partly = await show(incident)
    expect(partly['state']).not.toBe('resolved')
    expect(messages(partly)).toContain('1 still fire')
    expect((partly['alerts'] as Row[]).map((row) => String(row['status'])).toSorted()).toEqual([
      'firing',
      'resolved',
    ])

    await send(alert(group, 'resolved', 2))
    const over = await incidentIn(incident, 'resolved')
    expect(over).toMatchObject({ reason: 'all alerts are resolved at their source' })
    const run = await runIn(incident, 'cancelled')
    expect(run).toMatchObject({ reason: 'all alerts are resolved at their source', waitsFor: null })
    expect((await approve(ada, run, '2')).status).toBe(409)

    // late, and out of order: the episode has ended
    expect(await send(alert(group))).toMatchObject({ incident: null, declared: false })
    const all = await desk.store.database.kysely
      .selectFrom('incident')
      .select('id')
      .where('title', '=', group)
      .execute()
    expect(all).toHaveLength(1)
  })

  test('that resolves one of two alerts, at the same moment as another resolves the other, ends the incident', async () => {
    const groups = Array.from({ length: 6 }, newGroup)
    const send = async (group: string, ...alerts: FakeAlert[]): Promise<string> =>
      String((await desk.webhook(notification('NobodyKnowsThis', group, alerts))).value['incident'])
    const incidents = await Promise.all(
      groups.map((group) => send(group, alert(group), alert(group, 'firing', 2))),
    )
    await Promise.all(
      groups.flatMap((group) => [1, 2].map((number) => send(group, alert(group, 'resolved', number)))),
    )
    for (const incident of incidents) await incidentIn(incident, 'resolved')
  })

  test('of an alert that is over already declares nothing', async () => {
    const group = newGroup()
    const answer = await desk.webhook(notification('DeskFailing', group, [alert(group, 'resolved')]))
    expect(answer).toMatchObject({ status: 200, value: { incident: null, declared: false } })
  })

  test('that fires again soon after its incident was resolved opens it again, and it is answered anew', async () => {
    const group = newGroup()
    const incident = await fire('DeskFailing', group)
    const first = await runIn(incident, 'awaiting-decision')
    await desk.webhook(notification('DeskFailing', group, [alert(group, 'resolved')]))
    await incidentIn(incident, 'resolved')
    const again = { ...alert(group), startsAt: new Date(Date.parse(STARTED) + 60_000).toISOString() }
    const answer = await desk.webhook(notification('DeskFailing', group, [again]))
    expect(answer.value).toMatchObject({ incident, declared: false })
    const open = await until('the second run', async () => {
      const shown = await show(incident)
      return (shown['runs'] as Row[]).length === 2 ? shown : null
    })
    expect(open).toMatchObject({ acknowledgedBy: null })
    expect(messages(open)).toMatch(/Opened again: DeskFailing fires again, \d+ s after it was resolved/)
    const second = await until('its question', async () => {
      const run = (open['runs'] as Row[]).find((row) => row['id'] !== first['id'])
      const shown = await story.showRun(run?.['id'])
      return shown['state'] === 'awaiting-decision' ? shown : null
    })
    expect((await approve(ada, second, '2')).status).toBe(200)
    const over = await incidentIn(incident, 'resolved')
    expect(kinds(over).filter((kind) => kind === 'incident.resolved')).toHaveLength(2)
    const sent = (over['messages'] as Row[]).filter((message) => message['kind'] === 'acknowledgement')
    expect(sent).toHaveLength(2)
  })

  test('that fires again long after its incident was resolved declares a new one', async () => {
    const group = newGroup()
    const first = await fire('NobodyKnowsThis', group)
    await desk.webhook(notification('NobodyKnowsThis', group, [alert(group, 'resolved')]))
    await incidentIn(first, 'resolved')
    desk.moveClock(11 * 60_000)
    const again = { ...alert(group), startsAt: new Date(Date.parse(STARTED) + 60_000).toISOString() }
    const answer = await desk.webhook(notification('NobodyKnowsThis', group, [again]))
    expect(answer.value).toMatchObject({ declared: true })
    expect(answer.value['incident']).not.toBe(first)
  })

  test('that left alerts out says so on the timeline', async () => {
    const group = newGroup()
    const body = notification('NobodyKnowsThis', group, [alert(group)], { truncatedAlerts: 3 })
    const answer = await desk.webhook(body)
    expect(messages(await show(String(answer.value['incident'])))).toContain('left out 3 alerts')
  })

  const body = () => notification('NobodyKnowsThis', 'never', [alert('never')])
  test.each([
    ['with a wrong token', 401, 'unauthenticated', () => desk.webhook(body(), 'wrong')],
    ['that is no JSON', 400, 'input_invalid', () => desk.webhook('{"version": "4"')],
    ['that is not of the form', 400, 'input_invalid', () => desk.webhook({ ...body(), alerts: 'none' })],
    ['that is no object', 400, 'input_invalid', () => desk.webhook('[]')],
    ['of version 3', 400, 'unsupported', () => desk.webhook({ ...body(), version: '3' })],
    [
      'that is larger than 16 MiB',
      413,
      'too_large',
      () => desk.webhook({ ...body(), receiver: 'x'.repeat(17 * 1_048_576) }),
    ],
  ])('%s is refused with %i, and leaves nothing', async (_what, status, code, send) => {
    const count = async (): Promise<number> =>
      (await desk.store.database.kysely.selectFrom('webhook_delivery').select('id').execute()).length
    const before = await count()
    const answer = await send()
    expect(answer).toMatchObject({ status, value: { code, action: expect.stringMatching(/\w/) } })
    expect(await count()).toBe(before)
  })
})
