import { array, assert, asyncProperty, constantFrom, oneof, string } from 'fast-check'
import { expect, test } from 'vitest'
import { channelContract, channelMessage } from '../../../test/support/channel-contract.ts'
import type { ChannelHarness } from '../../../test/support/channel-contract.ts'
import { fakeSlack, slackHeaders } from '../../../test/support/fake-slack.ts'
import type { FakeSlack } from '../../../test/support/fake-slack.ts'
import type { ChannelMessage } from './channel.ts'
import { readSlackRequest, refuseSlackRequest } from './slack-request.ts'
import { createSlackChannel } from './slack.ts'

const TOKEN = 'xoxb-a-token-of-a-test'

interface Opened extends ChannelHarness {
  slack: FakeSlack
  post(more: Partial<ChannelMessage>): ReturnType<ChannelHarness['channel']['send']>
}

const shown = (slack: FakeSlack): { text: string; key: string | null }[] =>
  slack.requests.map(({ form, blocks }) => ({
    text: JSON.stringify(blocks).replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&'),
    key: /"key":"([^"]*)"/.exec(form['metadata'] ?? '')?.[1] ?? null,
  }))

async function open(token = TOKEN): Promise<Opened> {
  const slack = await fakeSlack(TOKEN, ['incidents', 'other'])
  const channel = createSlackChannel({
    token,
    channel: '#incidents',
    apiUrl: slack.apiUrl,
    now: () => new Date(),
  })
  return {
    slack,
    channel,
    target: '#other',
    saysRetryAfter: true,
    requests: () => shown(slack),
    answer: (how) => slack.answer(how),
    stop: () => slack.stop(),
    post: (more) => channel.send({ ...channelMessage(), lane: 5, ...more }, AbortSignal.timeout(5_000)),
  }
}

channelContract('slack', () => open())

const CARD = {
  incident: 'INC-7',
  incidentId: 'inc_1',
  title: 'Checkout <!channel> fails & <https://evil.example|click>',
  severity: 'P1',
  state: 'open',
  service: 'checkout',
  elapsed: '3 min',
  since: '14:32 UTC',
  who: null,
  runbook: 'checkout.md',
  next: 'choose an option',
  url: null,
  acknowledge: true,
  question: { runId: 'run_1', options: [{ id: 'rollback', label: 'Roll back <@U1>', risk: 'change' }] },
}

test('a card is posted once and edited in place; details stand in its thread', async () => {
  const { slack, post, stop } = await open()
  const card = { kind: 'card', target: null, data: CARD, dedupKey: 'card:1' }
  const first = await post(card)
  const reference = first.outcome === 'sent' ? first.reference : null
  expect(reference).toMatch(/^C1:\d+\.\d+$/)
  const again = { ...card, replaces: reference, dedupKey: 'card:2', data: { ...CARD, state: 'resolved' } }
  expect(await post(again)).toEqual({ outcome: 'sent', reference })
  expect(await post({ kind: 'detail', target: null, parent: reference, body: 'Paged Ada' })).toMatchObject({
    outcome: 'sent',
  })
  expect(slack.refused).toEqual([])
  expect(slack.messages).toHaveLength(2)
  const [message, detail] = slack.messages
  expect(message?.edits).toBe(1)
  expect(JSON.stringify(message?.blocks)).toContain('resolved')
  expect(detail?.thread).toBe(message?.ts)
  await stop()
})

test('a card that somebody deleted is posted anew; a detail without its card is not posted at all', async () => {
  const { slack, post, stop } = await open()
  const gone = { kind: 'card', target: null, data: CARD, replaces: 'C1:1600000000.000001' }
  expect(await post(gone)).toMatchObject({ outcome: 'sent', reference: expect.stringMatching(/^C1:17/) })
  expect(await post({ kind: 'detail', target: null })).toMatchObject({ outcome: 'refused' })
  expect(slack.messages).toHaveLength(1)
  await stop()
})

test('nothing from outside is a mention, a link or markup, whatever it is and wherever it stands', async () => {
  const { slack, post, stop } = await open()
  const noise = string({ unit: 'grapheme', maxLength: 400 })
  const spice = constantFrom('<!channel>', '<@U1>', '<https://x.example|y>', '&lt;', '*b*', '`')
  const hostile = array(oneof(noise, spice), { minLength: 1, maxLength: 12 })
    .map((parts) => parts.join(''))
    .filter((given) => given.trim() !== '')
  await assert(
    asyncProperty(hostile, async (given) => {
      const data = {
        ...CARD,
        title: given,
        service: given,
        who: given,
        runbook: given,
        next: given,
        question: { runId: 'run_1', options: [{ id: 'a', label: given, risk: null }] },
      }
      expect(await post({ kind: 'card', target: null, data, subject: given, body: given })).toMatchObject({
        outcome: 'sent',
      })
      expect(await post({ kind: 'page', target: null, subject: given, body: given })).toMatchObject({
        outcome: 'sent',
      })
      expect(slack.messages.at(-1)?.text).not.toMatch(/[<>]/)
    }),
    { numRuns: 40 },
  )
  await stop()
})

test.each([
  ['a wrong token', { token: 'xoxb-wrong' }, null, /did not take the token: invalid_auth: .*bot token/],
  [
    'a channel that is not there',
    {},
    '#nowhere',
    /#nowhere does not take the test message: channel_not_found/,
  ],
])(
  '%s is explained in words, without the token',
  async (_what, { token }: { token?: string }, target, words) => {
    const { channel, stop } = await open(token)
    const findings = await channel.check?.(target, AbortSignal.timeout(8_000))
    expect(findings?.at(-1)).toMatchObject({ ok: false, said: expect.stringMatching(words) })
    expect(JSON.stringify(findings)).not.toContain(token ?? TOKEN)
    await stop()
  },
)

const SECRET = '8f742231b10e8888abcd99yyyzzz85a5'
const NOW = new Date('2026-03-01T12:00:00Z')
const later = (seconds: number): Date => new Date(NOW.getTime() + seconds * 1_000)

test.each([
  ['of now', 0, null],
  ['of four minutes ago', -240, null],
  ['of six minutes ago', -360, 'it is older than five minutes'],
  ['of an hour ahead', 3_600, 'its time is in the future'],
])('a request %s: %s s', (_when, seconds, expected) => {
  const body = 'command=%2Ferlmcp&text=status'
  const headers = slackHeaders(SECRET, body, later(seconds))
  expect(refuseSlackRequest(SECRET, headers, Buffer.from(body), NOW)).toBe(expected)
  expect(refuseSlackRequest(`${SECRET}x`, headers, Buffer.from(body), NOW)).not.toBeNull()
  expect(refuseSlackRequest(SECRET, headers, Buffer.from(`${body}x`), NOW)).not.toBeNull()
})

test("the example of Slack's documentation is signed as it says", () => {
  const body =
    'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c'
  const headers = {
    'x-slack-request-timestamp': '1531420618',
    'x-slack-signature': 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503',
  }
  const at = new Date(1_531_420_618_000)
  expect(refuseSlackRequest(SECRET, headers, Buffer.from(body), at)).toBeNull()
  expect(readSlackRequest(Buffer.from(body))).toMatchObject({
    user: 'U2CERLKJA',
    ask: { kind: 'command', command: '/webhook-collect', text: '' },
  })
})
