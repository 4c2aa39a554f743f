import { describe, expect, test } from 'vitest'
import { guardFor, refuse } from './guard.ts'

const guard = guardFor('http://127.0.0.1:8080', 'https://erlmcp.example', ['https://agent.example'])
const ask = (headers: Record<string, string>, method = 'POST') =>
  refuse(guard, {
    method,
    headers: { host: '127.0.0.1:8080', 'content-type': 'application/json', ...headers },
  })

describe('a request to the agents’ door', () => {
  test.each([
    ['127.0.0.1:8080', null],
    ['localhost:8080', null],
    ['[::1]:8080', null],
    ['erlmcp.example', null],
    ['localhost:3000', 403],
    ['localhost', 403],
    ['evil.example:8080', 403],
    ['', 403],
  ])('that names the host %j is taken or refused', (host, status) => {
    expect(ask({ host })?.status ?? null).toBe(status)
  })

  test.each([
    ['http://localhost:8080', null],
    ['https://erlmcp.example', null],
    ['https://agent.example', null],
    ['http://localhost:3000', 403],
    ['https://erlmcp.example:8443', 403],
    ['http://erlmcp.example', 403],
    ['null', 403],
    ['', 403],
  ])('from the origin %j is taken or refused', (origin, status) => {
    expect(ask({ origin })?.status ?? null).toBe(status)
  })

  test('that is no JSON, too large or of another method is refused before it is read', () => {
    expect(ask({ 'content-type': 'text/plain' })?.status).toBe(415)
    expect(ask({ 'content-length': '99999999' })?.status).toBe(413)
    expect(ask({}, 'PUT')?.status).toBe(405)
  })

  test('never may come from everywhere, whatever the configuration says', () => {
    const open = guardFor('http://127.0.0.1:8080', null, ['null', '*'])
    expect(open.origins.has('null')).toBe(false)
    expect(open.origins.has('*')).toBe(false)
  })
})
