import { createHmac } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { z } from 'zod'
import type { ServiceAnswer } from './channel-contract.ts'

const blockId = z.string().min(1).max(255).optional()
const plain = (max: number) =>
  z.strictObject({
    type: z.literal('plain_text'),
    // an active character here means that something from outside was not escaped
    text: z
      .string()
      .min(1)
      .max(max)
      .refine((text) => !/[<>]|&(?!amp;|lt;|gt;)/.test(text), 'unescaped'),
    emoji: z.boolean().optional(),
  })
const button = z
  .strictObject({
    type: z.literal('button'),
    action_id: z.string().min(1).max(255),
    text: plain(75),
    value: z.string().max(2_000).optional(),
    url: z.url().max(3_000).optional(),
    style: z.enum(['primary', 'danger']).optional(),
    confirm: z.unknown().optional(),
  })
  .strict()
const block = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('header'), block_id: blockId, text: plain(150) }),
  z.strictObject({
    type: z.literal('section'),
    block_id: blockId,
    text: plain(3_000).optional(),
    fields: z.array(plain(2_000)).min(1).max(10).optional(),
  }),
  z.strictObject({
    type: z.literal('actions'),
    block_id: blockId,
    elements: z
      .array(button)
      .min(1)
      .max(25)
      .refine((all) => new Set(all.map((one) => one.action_id)).size === all.length, 'action_id twice'),
  }),
  z.strictObject({
    type: z.literal('rich_text'),
    block_id: blockId,
    elements: z.array(
      z.strictObject({
        type: z.literal('rich_text_preformatted'),
        elements: z.array(z.strictObject({ type: z.literal('text'), text: z.string().min(1) })),
      }),
    ),
  }),
])
const blocks = z
  .array(block)
  .max(50)
  .refine((all) => JSON.stringify(all).length < 40_000, 'msg_blocks_too_long')
const text = z.string().min(1).max(40_000)
const ts = z.string().regex(/^\d+\.\d{6}$/)
const flag = z.enum(['true', 'false']).optional()
const looks = {
  parse: z.enum(['none', 'full']).optional(),
  link_names: flag,
  metadata: z.string().optional(),
}
const METHODS = {
  'auth.test': z.strictObject({}),
  'chat.postMessage': z.strictObject({
    ...looks,
    channel: z.string().min(1),
    text,
    blocks: z.string().optional(),
    thread_ts: ts.optional(),
    unfurl_links: flag,
    unfurl_media: flag,
  }),
  'chat.update': z.strictObject({
    ...looks,
    channel: z.string().regex(/^[CDG][A-Z0-9]+$/),
    ts,
    text,
    blocks: z.string().optional(),
  }),
}

export type FakeBlock = z.output<typeof block>
export interface FakeMessage {
  channel: string
  ts: string
  thread: string | null
  text: string
  blocks: FakeBlock[]
  edits: number
}

/** A local Slack: the Web API methods that erlmcp uses, and addresses where answers to people are sent. */
export interface FakeSlack {
  apiUrl: string
  responseUrl: string
  /** What was asked, in order, whatever the answer. */
  requests: { method: string; form: Record<string, string>; blocks: FakeBlock[] }[]
  messages: FakeMessage[]
  /** What was sent to a response_url. */
  replies: { text: string; blocks: FakeBlock[]; [key: string]: unknown }[]
  /** What it refused, and why. */
  refused: string[]
  answer(how: ServiceAnswer): Promise<void>
  stop(): Promise<void>
}

export async function fakeSlack(token: string, channels: readonly string[]): Promise<FakeSlack> {
  let how: ServiceAnswer = 'take'
  let port = 0
  let count = 0
  const requests: FakeSlack['requests'] = []
  const messages: FakeMessage[] = []
  const replies: FakeSlack['replies'] = []
  const refused: string[] = []

  const call = (method: string, given: Record<string, string>): Record<string, unknown> => {
    const schema = METHODS[method as keyof typeof METHODS]
    if (schema === undefined) return { ok: false, error: 'unknown_method' }
    const form = schema.safeParse(given)
    const drawn = blocks.safeParse(JSON.parse(given['blocks'] ?? '[]'))
    requests.push({ method, form: given, blocks: drawn.data ?? [] })
    if (how === 'refuse') return { ok: false, error: 'not_in_channel' }
    if (!form.success) return { ok: false, error: 'invalid_arguments', why: form.error.message }
    if (!drawn.success) return { ok: false, error: 'invalid_blocks', why: drawn.error.message }
    if (method === 'auth.test') return { ok: true, user: 'erlmcp', team: 'Example', user_id: 'U1' }
    const { channel = '', text: said = '' } = given
    if (method === 'chat.update') {
      const known = messages.find((one) => one.channel === channel && one.ts === given['ts'])
      if (known === undefined) return { ok: false, error: 'message_not_found' }
      Object.assign(known, { text: said, blocks: drawn.data, edits: known.edits + 1 })
      return { ok: true, channel, ts: known.ts, text: said }
    }
    const index = channels.indexOf(channel.replace(/^#/, ''))
    const found = /^C\d+$/.test(channel) ? channel : index < 0 ? null : `C${index + 1}`
    if (found === null) return { ok: false, error: 'channel_not_found' }
    const thread = given['thread_ts'] ?? null
    if (thread !== null && !messages.some((one) => one.ts === thread))
      return { ok: false, error: 'thread_not_found' }
    count += 1
    const message = { channel: found, ts: `1700000000.${String(count).padStart(6, '0')}` }
    messages.push({ ...message, thread, text: said, blocks: drawn.data, edits: 0 })
    return { ok: true, ...message }
  }

  const handle = (request: IncomingMessage, response: ServerResponse, body: string): void => {
    const reply = (status: number, value: unknown, headers: Record<string, string> = {}): void => {
      response
        .writeHead(status, { 'content-type': 'application/json', ...headers })
        .end(JSON.stringify(value))
    }
    const url = request.url ?? ''
    if (url.startsWith('/response/')) {
      const value = JSON.parse(body) as FakeSlack['replies'][number]
      const drawn = blocks.safeParse(value.blocks ?? [])
      if (!drawn.success) refused.push(`response_url: ${drawn.error.message}`)
      replies.push({ ...value, blocks: drawn.data ?? [] })
      return reply(200, { ok: true })
    }
    const form = Object.fromEntries(new URLSearchParams(body))
    const given = request.headers.authorization?.replace(/^Bearer /, '') ?? form['token']
    delete form['token']
    if (how === 'busy' || how === 'broken') {
      requests.push({ method: url.slice('/api/'.length), form, blocks: [] })
      if (how === 'busy') return reply(429, { ok: false, error: 'ratelimited' }, { 'retry-after': '7' })
      return reply(500, { ok: false })
    }
    if (given !== token) return reply(200, { ok: false, error: 'invalid_auth' })
    const answer = call(url.slice('/api/'.length), form)
    if (answer['ok'] !== true) refused.push(`${url}: ${JSON.stringify(answer)}`)
    return reply(200, answer)
  }
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (how !== 'silent') handle(request, response, Buffer.concat(chunks).toString('utf8'))
    })
  })
  const listen = (): Promise<void> =>
    new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve()))
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  await listen()
  port = (server.address() as AddressInfo).port
  return {
    apiUrl: `http://127.0.0.1:${port}/api/`,
    responseUrl: `http://127.0.0.1:${port}/response/1`,
    requests,
    messages,
    replies,
    refused,
    async answer(next) {
      if (next === 'away') await close()
      else if (how === 'away') await listen()
      how = next
    },
    stop: close,
  }
}

/** As Slack signs a request: written after its documentation, apart from what erlmcp checks it with. */
export function slackHeaders(secret: string, body: string, at: Date): Record<string, string> {
  const timestamp = String(Math.floor(at.getTime() / 1_000))
  const hmac = createHmac('sha256', secret)
  hmac.update(['v0', timestamp, body].join(':'), 'utf8')
  return {
    'content-type': 'application/x-www-form-urlencoded',
    'x-slack-request-timestamp': timestamp,
    'x-slack-signature': `v0=${hmac.digest('hex')}`,
  }
}
