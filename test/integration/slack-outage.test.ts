import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakePagerDuty } from '../support/fake-pagerduty.ts'
import type { FakePagerDuty } from '../support/fake-pagerduty.ts'
import { fakeSlack } from '../support/fake-slack.ts'
import type { FakeMessage, FakeSlack } from '../support/fake-slack.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { tellStory, until } from '../support/story.ts'

const TOKEN = 'xoxb-a-token-of-a-test'
const SECRET = 'a-signing-secret-of-a-test-0001'
const KEY = 'R0123456789ABCDEF0123456789ABCDE'

let folder: string
let slack: FakeSlack
let pagerduty: FakePagerDuty
let desk: Desk
let ada: string
const story = tellStory(
  () => desk,
  () => ada,
)

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-slack-'))
  slack = await fakeSlack(TOKEN, ['incidents'])
  pagerduty = await fakePagerDuty(KEY)
  await writeFile(path.join(folder, 'token'), `${TOKEN}\n`)
  await writeFile(path.join(folder, 'secret'), `${SECRET}\n`)
  await writeFile(path.join(folder, 'key'), KEY)
  const oncall = {
    zone: 'UTC',
    people: {
      ada: {
        contacts: [
          { channel: 'slack' },
          { channel: 'pagerduty', target: 'default' },
          { channel: 'console', target: 'ada' },
        ],
      },
    },
    links: Object.fromEntries(
      ['On-call', 'Manager', 'Director', 'Team lead', 'Team'].map((link) => [link, { people: ['ada'] }]),
    ),
  }
  await writeFile(path.join(folder, 'oncall.yaml'), JSON.stringify(oncall))
  desk = await openDesk({
    more: {
      oncall: { file: path.join(folder, 'oncall.yaml') },
      channels: {
        slack: {
          tokenFile: path.join(folder, 'token'),
          signingSecretFile: path.join(folder, 'secret'),
          channel: '#incidents',
          people: { UADA: 'person:ada', UBOB: 'person:bob', UGONE: 'person:gone' },
          apiUrl: slack.apiUrl,
        },
        pagerduty: { routingKeyFiles: { default: path.join(folder, 'key') }, eventsUrl: pagerduty.url },
      },
    },
  })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  for (const [login, role] of [
    ['ada', 'lead'],
    ['bob', 'responder'],
  ] as const) {
    const at = new Date()
    await desk.store.database.kysely
      .insertInto('person')
      .values({
        id: `person:${login}`,
        login,
        name: login,
        password_hash: null,
        oidc_issuer: null,
        oidc_subject: null,
        created_at: at,
        created_by: 'test',
        disabled_by: null,
      })
      .execute()
    await desk.store.database.kysely
      .insertInto('person_role')
      .values({
        id: `role_${login}`,
        person_id: `person:${login}`,
        role,
        scope: '{}',
        source: 'local',
        granted_at: at,
        granted_by: 'test',
      })
      .execute()
  }
})
afterAll(async () => {
  await desk.stop()
  await slack.stop()
  await pagerduty.stop()
  await rm(folder, { recursive: true, force: true })
})

const cardOf = (id: string): FakeMessage | undefined =>
  slack.messages.find(
    (message) =>
      message.thread === null &&
      JSON.stringify(message.blocks).includes(id) &&
      message.blocks[0]?.type === 'header',
  )

test('with Slack and PagerDuty both down the incident goes on, the next channel is used, and all catches up in order', async () => {
  await slack.answer('broken')
  await pagerduty.answer('broken')
  const group = story.newGroup()
  const id = await story.fire('DeskFailing', group)
  const name = `INC-${String((await story.show(id))['number'])}`
  const pages = () =>
    desk.store.database.kysely
      .selectFrom('message')
      .select(['channel', 'state', 'body'])
      .where('incident_id', '=', id)
      .where('kind', '=', 'page')
      .execute()
  await until('a page on the console', async () =>
    (await pages()).some((page) => page.channel === 'console' && page.state === 'sent') ? true : null,
  )
  expect((await pages()).filter((page) => page.state === 'pending').map((page) => page.channel)).toEqual(
    expect.arrayContaining(['slack', 'pagerduty']),
  )
  await story.runIn(id, 'awaiting-decision')
  await slack.answer('take')
  await pagerduty.answer('take')
  desk.moveClock(10 * 60_000)
  await until('the card', async () => cardOf(name) ?? null)
  await until('the page', async () => (pagerduty.alerts.has(id) ? true : null))
  expect(slack.refused).toEqual([])
})
