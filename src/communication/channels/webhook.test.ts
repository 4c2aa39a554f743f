import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { channelContract, channelMessage } from '../../../test/support/channel-contract.ts'
import type { ChannelHarness, ServiceAnswer } from '../../../test/support/channel-contract.ts'
import { readRetryAfter } from './http-outcome.ts'
import { createWebhookChannel, signWebhook } from './webhook.ts'

const SECRET = 'a secret of enough characters'

async function openWebhook(): Promise<ChannelHarness> {
  let how: ServiceAnswer = 'take'
  const requests: { text: string; key: string | null }[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      if (how === 'silent') return
      const body = Buffer.concat(chunks).toString('utf8')
      const header = (name: string): string => String(request.headers[name])
      const signature = signWebhook(SECRET, Number(header('erlmcp-timestamp')), body)
      requests.push({
        text: String((JSON.parse(body) as { text: unknown }).text),
        key: header('erlmcp-delivery'),
      })
      if (signature !== header('erlmcp-signature')) response.writeHead(401).end('bad signature')
      else if (how === 'busy') response.writeHead(429, { 'retry-after': '7' }).end('slow down')
      else if (how === 'broken') response.writeHead(500).end('oh no')
      else if (how === 'refuse') response.writeHead(400).end('no such field')
      else response.writeHead(204).end()
    })
  })
  const port = await listen(server, 0)
  return {
    channel: createWebhookChannel({
      endpoints: { ops: { url: `http://127.0.0.1:${port}/hook`, secret: SECRET } },
      fetch: globalThis.fetch,
      now: () => new Date(),
      refuseUrl: async () => null,
    }),
    target: 'ops',
    saysRetryAfter: true,
    requests: () => requests,
    async answer(next) {
      if (next === 'away') await close(server)
      else if (how === 'away') await listen(server, port)
      how = next
    },
    stop: () => close(server),
  }
}

channelContract('webhook', openWebhook)

test('a redirect is not followed, and an address that is refused is never called', async () => {
  const called: string[] = []
  const channel = createWebhookChannel({
    endpoints: {
      default: { url: 'https://hooks.example.com/', secret: SECRET },
      inside: { url: 'http://169.254.169.254/', secret: SECRET },
    },
    async fetch(url, init) {
      called.push(url instanceof Request ? url.url : url.toString())
      expect(init?.redirect).toBe('manual')
      return new Response(null, { status: 302, headers: { location: 'http://169.254.169.254/' } })
    },
    now: () => new Date(),
    refuseUrl: async (url) => (url.hostname.startsWith('169.254.') ? 'link-local address' : null),
  })
  const signal = AbortSignal.timeout(1_000)
  expect(await channel.send(channelMessage(), signal)).toMatchObject({
    outcome: 'refused',
    reason: expect.stringContaining('302'),
  })
  expect(await channel.send({ ...channelMessage(), target: 'inside' }, signal)).toEqual({
    outcome: 'refused',
    reason: 'link-local address',
  })
  expect(called).toEqual(['https://hooks.example.com/'])
})

test('a signature is over the time and the exact body', () => {
  const signature = signWebhook(SECRET, 1_700_000_000, '{}')
  expect(signature).toMatch(/^v1=[0-9a-f]{64}$/)
  expect(signWebhook(SECRET, 1_700_000_001, '{}')).not.toBe(signature)
  expect(signWebhook(SECRET, 1_700_000_000, '{ }')).not.toBe(signature)
})

test.each([
  ['7', 7_000],
  ['0.5', 500],
  ['Wed, 01 Jan 2025 00:00:30 GMT', 30_000],
  ['Tue, 31 Dec 2024 00:00:00 GMT', 0],
  ['99999999', 3_600_000],
  ['soon', null],
  [null, null],
])('Retry-After %s is %s ms', (header, expected) => {
  expect(readRetryAfter(header, new Date('2025-01-01T00:00:00Z'))).toBe(expected)
})

const listen = (server: Server, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, '127.0.0.1', () => resolve((server.address() as AddressInfo).port))
  })

const close = (server: Server): Promise<void> =>
  new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
