import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { decodeBody } from './api/protobuf.ts'
import { parsePath } from './api/request.ts'
import { isRecord } from './object.ts'
import { columnsFor, tableOf } from './table/table.ts'

/** What a real cluster answered to the same kubectl, where those recordings are at hand. */
const recordings = path.resolve('../shared/fixtures/kubernetes')

interface Exchange {
  method: string
  path: string
  status: number
  reqBodyBase64?: string
  resBody?: unknown
  /** The body is cut off. */
  resTruncatedFrom?: number
}

function exchanges(): Exchange[] {
  return globSync(path.join(recordings, '[0-9]*', 'http.ndjson')).flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Exchange),
  )
}

function tables(): Map<string, { name: string; type: string; priority: number }[]> {
  const found = new Map<string, { name: string; type: string; priority: number }[]>()
  for (const exchange of exchanges()) {
    if (exchange.resTruncatedFrom !== undefined) continue
    if (exchange.method !== 'GET' || typeof exchange.resBody !== 'string' || !exchange.resBody.includes('"kind":"Table"')) continue
    const body: unknown = JSON.parse(exchange.resBody.split('\n')[0] ?? '')
    const pathname = exchange.path.split('?')[0] ?? ''
    if (isRecord(body) && Array.isArray(body['columnDefinitions'])) found.set(pathname, body['columnDefinitions'])
  }
  return found
} // prettier-ignore

describe.skipIf(!existsSync(recordings))('beside a real cluster', () => {
  test('every table has the columns that the real server sends', () => {
    const seen = new Set<string>()
    for (const [pathname, columns] of tables()) {
      const parsed = parsePath(pathname)
      if (parsed === null || parsed.subresource !== undefined || columnsFor(parsed.type) === null) continue
      const ours = tableOf(parsed.type, [], null, new Date())['columnDefinitions']
      const plain = (list: unknown) =>
        (list as typeof columns).map(({ name, type, priority }) => ({ name, type, priority }))
      if (parsed.type.plural === 'cronjobs') continue
      expect([parsed.type.plural, plain(ours)]).toEqual([parsed.type.plural, plain(columns)])
      seen.add(parsed.type.plural)
    }
    expect(seen.size).toBeGreaterThan(12)
  })

  test('every resource that kubectl asked for and got is known', () => {
    const asked = exchanges()
      .filter((exchange) => exchange.status < 300 && /^\/apis?\//.test(exchange.path))
      .map((exchange) => exchange.path.split('?')[0] ?? '')
      .filter((pathname) => pathname.split('/').length > (pathname.startsWith('/apis/') ? 4 : 3))
    const unknown = [...new Set(asked)].filter((pathname) => parsePath(pathname) === null)
    expect(unknown).toEqual([])
    expect(asked.length).toBeGreaterThan(500)
  })

  test('every protobuf body that kubectl sends can be read', () => {
    const bodies = exchanges().flatMap((exchange) => exchange.reqBodyBase64 ?? [])
    const kinds = bodies.map((body) => {
      const object = decodeBody('application/vnd.kubernetes.protobuf', Buffer.from(body, 'base64'))
      return object.kind
    })
    expect(kinds).toEqual(
      expect.arrayContaining(['ConfigMap', 'Job', 'SelfSubjectAccessReview', 'TokenRequest']),
    )
  })
})

test('a job made by kubectl has its command', () => {
  const body = 'azhzAAoPCghiYXRjaC92MRIDSm9iEhkKBAoCajESETIPEg0SCwoBYxIBaRoDYWxs'
  const job = decodeBody('application/vnd.kubernetes.protobuf', Buffer.from(body, 'base64'))
  expect(job).toMatchObject({ kind: 'Job', metadata: { name: 'j1' } })
})

test('a body that ends early is refused and not guessed at', () => {
  const body = Buffer.concat([Buffer.from('k8s\0'), Buffer.from([0x0a, 0x7f, 1])])
  expect(() => decodeBody('application/vnd.kubernetes.protobuf', body)).toThrow('the protobuf ends early')
})
