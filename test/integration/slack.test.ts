import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fakePagerDuty } from '../support/fake-pagerduty.ts'
import type { FakePagerDuty } from '../support/fake-pagerduty.ts'
import { fakeSlack, slackHeaders } from '../support/fake-slack.ts'
import type { FakeBlock, FakeMessage, FakeSlack } from '../support/fake-slack.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { messages, tellStory, until } from '../support/story.ts'

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

let triggers = 0
const post = (body: string, headers = slackHeaders(SECRET, body, new Date())): Promise<Response> =>
  fetch(`${desk.app.address()}/webhooks/slack`, { method: 'POST', headers, body })

function formOf(fields: Record<string, string>): string {
  triggers += 1
  return new URLSearchParams({
    trigger_id: `trigger.${triggers}`,
    response_url: slack.responseUrl,
    ...fields,
  }).toString()
}

const commandOf = (user: string, command: string, text: string): string =>
  formOf({ command, text, user_id: user, user_name: 'x', channel_id: 'C1' })

function pressOf(user: string, action: string, value: string): string {
  triggers += 1
  const payload = {
    type: 'block_actions',
    user: { id: user },
    trigger_id: `trigger.${triggers}`,
    response_url: slack.responseUrl,
    actions: [{ action_id: action, value, type: 'button' }],
  }
  return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
}

/** What the person who asked is told. */
async function say(body: string): Promise<FakeSlack['replies'][number]> {
  const before = slack.replies.length
  const response = await post(body)
  expect(response.status).toBe(200)
  return until('an answer', async () => slack.replies[before] ?? null)
}

const cardOf = (id: string): FakeMessage | undefined =>
  slack.messages.find(
    (message) =>
      message.thread === null &&
      JSON.stringify(message.blocks).includes(id) &&
      message.blocks[0]?.type === 'header',
  )

const buttonsOf = (blocks: readonly FakeBlock[]) =>
  blocks.flatMap((block) => (block.type === 'actions' ? block.elements : []))

const buttonOf = (blocks: readonly FakeBlock[], action: string) =>
  buttonsOf(blocks).find((each) => each.action_id === action)

test('an incident is one card, edited in place; it is taken, looked at and approved with its exact commands', async () => {
  const group = story.newGroup()
  const id = await story.fire('DeskFailing', group)
  const run = await story.runIn(id, 'awaiting-decision')
  const name = `INC-${String((await story.show(id))['number'])}`
  const card = await until('a card with options', async () => {
    const found = cardOf(name)
    return found !== undefined && buttonOf(found.blocks, 'show-2') !== undefined ? found : null
  })
  expect((await say(pressOf('UBOB', 'acknowledge', id)))['text']).toBe(`You have taken ${name}.`)
  expect((await say(pressOf('UADA', 'acknowledge', id)))['text']).toContain('person:bob was first')

  const shown = await say(pressOf('UBOB', 'show-2', buttonOf(card.blocks, 'show-2')?.value ?? ''))
  const text = JSON.stringify(shown.blocks)
  const options = run['options'] as { hashes: string[]; commands: { script: string }[] }[]
  const scripts = options[1]?.commands.map((command) => command.script) ?? []
  expect(scripts.length).toBeGreaterThan(0)
  for (const script of scripts) expect(text).toContain(JSON.stringify(script).slice(1, -1))
  for (const hash of options[1]?.hashes ?? []) expect(text).toContain(hash)
  const approval = buttonOf(shown.blocks, 'approve')?.value ?? ''

  const wrong = approval.replace(/[0-9a-f]{64}/, 'f'.repeat(64))
  expect((await say(pressOf('UBOB', 'approve', wrong)))['text']).not.toContain('You have approved')
  expect((await say(pressOf('UBOB', 'approve', approval)))['text']).toContain('You have approved')
  expect((await say(pressOf('UADA', 'approve', approval)))['text']).toContain(
    'person:bob has answered this first',
  )
  expect(
    (await say(pressOf('UADA', 'show-2', buttonOf(card.blocks, 'show-2')?.value ?? '')))['text'],
  ).toContain('not asked any more')
  await story.incidentIn(id, 'resolved')
  await until('the last version of the card', async () =>
    JSON.stringify(card.blocks).includes('State\\nresolved') ? true : null,
  )
  const cards = slack.messages.filter(
    (message) => message.thread === null && JSON.stringify(message.blocks).includes(`Incident\\n${name}`),
  )
  expect(cards).toHaveLength(1)
  expect(card.edits).toBeGreaterThan(0)
  expect(buttonsOf(card.blocks)).toEqual([])
  expect(slack.messages.filter((message) => message.thread === card.ts).length).toBeGreaterThan(0)
  expect(slack.refused).toEqual([])
})

test('somebody who is not linked, or no person here, does nothing and hears how to be linked', async () => {
  expect((await say(commandOf('UEVE', '/erlmcp', 'status')))['text']).toMatch(
    /UEVE is linked to nobody.*slack\.people/,
  )
  expect((await say(commandOf('UGONE', '/erlmcp', 'status')))['text']).toMatch(
    /person:gone, who is not a person/,
  )
  expect((await say(commandOf('UEVE', '/erlmcp', 'help')))['text']).toContain('/erlmcp ack INC-7')
})

test('/pd trigger declares an incident, once however often Slack sends it, and commands work on it', async () => {
  const body = commandOf('UADA', '/pd', 'trigger --title “Tickets &lt;!channel&gt; vanish” --severity high')
  const [first, second] = await Promise.all([say(body), post(body)])
  expect(second.status).toBe(200)
  const name = /INC-\d+/.exec(first.text)?.[0] ?? ''
  expect(first.text).toContain('is declared as P2: Tickets &lt;!channel&gt; vanish')
  const all = await desk.store.database.kysely
    .selectFrom('incident')
    .select('id')
    .where('title', '=', 'Tickets <!channel> vanish')
    .execute()
  expect(all).toHaveLength(1)
  expect((await say(commandOf('UADA', '/erlmcp', 'status')))['text']).toContain(name)
  expect((await say(commandOf('UADA', '/erlmcp', 'oncall')))['text']).toContain('P1: ')
  expect((await say(commandOf('UADA', '/erlmcp', `ack ${name}`)))['text']).toBe(`You have taken ${name}.`)
  expect((await say(commandOf('UADA', '/erlmcp', `resolve ${name} it was the cable`)))['text']).toContain(
    'it is over',
  )
  expect((await say(commandOf('UADA', '/erlmcp', 'dance')))['text']).toContain('there is no command dance')
  expect((await say(commandOf('UADA', '/pd', 'trigger --title x --severity loud')))['text']).toContain(
    'no severity',
  )
  await until('its end', async () => {
    const shown = await story.show(String(all[0]?.id))
    return shown['state'] === 'resolved' ? shown : null
  })
})

test.each([
  ['with a wrong secret', 'another-secret-of-a-test-0002', 0],
  ['of an hour ahead', SECRET, 3_600_000],
  ['of ten minutes ago', SECRET, -600_000],
])('a request %s is refused, and nothing of it is stored', async (_what, secret, offset) => {
  const body = commandOf('UADA', '/pd', 'trigger --title forged')
  const response = await post(body, slackHeaders(secret, body, new Date(Date.now() + offset)))
  expect(response.status).toBe(401)
  const rows = await desk.store.database.kysely
    .selectFrom('inbound_request')
    .select('id')
    .where('id', '=', new URLSearchParams(body).get('trigger_id') ?? '')
    .execute()
  expect(rows).toEqual([])
})

test('a message that a responder marks is on the timeline, and its edits and deletion are told there', async () => {
  const id = await story.fire('DeskFailing')
  const name = `INC-${String((await story.show(id))['number'])}`
  const card = await until('the card', async () => cardOf(name) ?? null)
  const markOf = (user: string, thread: string): string => {
    triggers += 1
    const payload = {
      type: 'message_action',
      callback_id: 'erlmcp_timeline',
      trigger_id: `trigger.${triggers}`,
      response_url: slack.responseUrl,
      user: { id: user },
      channel: { id: card.channel },
      message: {
        ts: '1700000099.000100',
        thread_ts: thread,
        text: 'the &lt;pool&gt; is full, <@UADA>',
        user: 'UZOE',
      },
    }
    return new URLSearchParams({ payload: JSON.stringify(payload) }).toString()
  }
  expect((await say(markOf('UADA', '1600000000.000100')))['text']).toContain('not in the thread')
  expect((await say(markOf('UEVE', card.ts)))['text']).toContain('linked to nobody')
  expect((await say(markOf('UADA', card.ts)))['text']).toContain(`timeline of ${name}`)
  expect((await say(markOf('UBOB', card.ts)))['text']).toContain('person:ada was first')

  const event = async (what: Record<string, unknown>): Promise<void> => {
    triggers += 1
    const body = JSON.stringify({
      type: 'event_callback',
      event_id: `Ev${triggers}`,
      event: { type: 'message', channel: card.channel, ...what },
    })
    for (const _again of [1, 2]) expect((await post(body)).status).toBe(200)
  }
  const message = { ts: '1700000099.000100', text: 'the pool is full again', edited: { user: 'UBOB' } }
  await event({ subtype: 'message_changed', message })
  await until('the edit', async () =>
    messages(await story.show(id)).includes('Edited in Slack: the pool is full again') ? true : null,
  )
  await event({ subtype: 'message_deleted', deleted_ts: '1700000099.000100' })
  await until('the deletion', async () =>
    messages(await story.show(id)).includes('Deleted in Slack: the pool is full again') ? true : null,
  )
  const told = messages(await story.show(id))
  expect(told).toContain('slack:UZOE in Slack: the <pool> is full, @UADA')
  expect(told.match(/Edited in Slack/g)).toHaveLength(1)
  const challenge = JSON.stringify({ type: 'url_verification', challenge: 'say-this' })
  expect(await (await post(challenge)).text()).toBe('say-this')
})

test('people are told, runbooks started and maintenance looked up by a command', async () => {
  const id = await story.fire('DeskFailing')
  const name = `INC-${String((await story.show(id))['number'])}`
  expect((await say(commandOf('UADA', '/erlmcp', `update ${name}`)))['text']).toContain('needs words')
  expect((await say(commandOf('UADA', '/erlmcp', `update ${name} we roll back`)))['text']).toContain(
    `People hear of ${name}`,
  )
  await until('the update', async () =>
    slack.messages.some((one) => one.thread === null && JSON.stringify(one.blocks).includes('we roll back'))
      ? true
      : null,
  )
  expect((await say(commandOf('UADA', '/erlmcp', 'maintenance')))['text']).toBe(
    'No maintenance is announced.',
  )
  const run = await story.runIn(id, 'awaiting-decision')
  const where = `run "${String((run['page'] as Row)['path'])}" ${String((run['procedure'] as Row)['id'])}`
  const shown = await say(commandOf('UADA', '/erlmcp', where))
  const start = buttonOf(shown.blocks, 'start-plan')
  if (start === undefined) expect(shown.text).toMatch(/cannot start here|too long/)
  else
    expect((await say(pressOf('UADA', 'start-plan', start.value ?? '')))['text']).toContain('It runs as INC-')
  expect((await say(commandOf('UADA', '/erlmcp', 'run nothing.md')))['text']).toContain('nothing.md')
  expect(slack.refused).toEqual([])
})
