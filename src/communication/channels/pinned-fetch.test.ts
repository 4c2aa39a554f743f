import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { pinnedFetch } from './pinned-fetch.ts'

const seen: { host: string; body: string }[] = []
const server = createServer((request, response) => {
  let body = ''
  request.on('data', (part: Buffer) => (body += part.toString('utf8')))
  request.on('end', () => {
    seen.push({ host: String(request.headers.host), body })
    if (request.url === '/away') response.writeHead(302, { location: 'http://169.254.169.254/' }).end()
    else if (request.url === '/much') response.end('x'.repeat(1_000_000))
    else response.writeHead(202, { 'retry-after': '3' }).end('taken')
  })
})
let port = 0
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  port = (server.address() as AddressInfo).port
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const inside = { allowHosts: ['hooks.example'], resolve: async () => ['127.0.0.1'] }

test('it calls the address that was looked at, under the name that was asked for', async () => {
  const answer = await pinnedFetch(() => inside)(`http://hooks.example:${port}/`, {
    method: 'POST',
    body: 'hello',
  })
  expect([answer.status, answer.headers.get('retry-after'), await answer.text()]).toEqual([202, '3', 'taken'])
  expect(seen.at(-1)).toEqual({ host: `hooks.example:${port}`, body: 'hello' })
})

test('what is inside is not called unless it is allowed, nor is a name that leads there', async () => {
  const before = seen.length
  for (const address of [
    `http://127.0.0.1:${port}/`,
    'http://169.254.169.254/',
    `http://hooks.example:${port}/`,
  ]) {
    const call = pinnedFetch(() => ({ resolve: inside.resolve }))(address)
    await expect(call, address).rejects.toThrow('nothing is sent there')
  }
  expect(seen).toHaveLength(before)
})

test('no redirect is followed, and an endless answer is not read', async () => {
  const fetch = pinnedFetch(() => inside)
  expect((await fetch(`http://hooks.example:${port}/away`)).status).toBe(302)
  expect((await (await fetch(`http://hooks.example:${port}/much`)).text()).length).toBeLessThan(70_000)
})
