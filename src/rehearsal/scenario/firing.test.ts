import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { beforeAll, expect, test } from 'vitest'
import { loadCommandGrammars } from '../../command/index.ts'
import { readRunbook } from '../../runbook/index.ts'
import { atSpeed, firingSeries, ruleOf } from './firing.ts'

const PAGE = `# Memory

## Memory {#memory}

**Alert:** OrdersMemory
**Alert Trigger:** Memory usage > 85% for 3 minutes
**Severity:** P2 (High)
`

beforeAll(() => loadCommandGrammars())

test('the rule of a procedure is the one that its trigger states, in the namespace that is rehearsed', () => {
  const page = { path: 'memory.md', runbook: readRunbook(PAGE, { path: 'memory.md' }) }
  const rule = ruleOf(page, 'memory', 'orders')
  expect(rule?.forSeconds).toBe(180)
  expect(rule?.expr).toContain('container_memory_working_set_bytes{namespace="orders"')
  expect(rule?.expr).toContain('> 0.85')
  expect(ruleOf(page, 'other', 'orders')).toBeNull()
})

test('windows shrink with the time, but never below what can be measured', () => {
  expect(atSpeed('rate(x[10m])', 30)).toBe('rate(x[20s])')
  expect(atSpeed('rate(x[1m]) + rate(y[2m])', 30)).toBe('rate(x[10s]) + rate(y[10s])')
  expect(atSpeed('rate(x[5s])', 30)).toBe('rate(x[5s])')
  expect(atSpeed('rate(x[1m])', 1)).toBe('rate(x[60s])')
})

test('of what fires the worst comes first, with the labels that name it', async () => {
  const result = [
    { metric: { __name__: 'm', pod: 'a' }, value: [1, '0.9'] },
    { metric: { pod: 'b' }, value: [1, '0.95'] },
  ]
  const server = createServer((_request, response) =>
    response.end(JSON.stringify({ status: 'success', data: { resultType: 'vector', result } })),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const found = await firingSeries(url, 'm > 0', new AbortController().signal)
  server.close()
  expect(found).toEqual([
    { labels: { pod: 'b' }, value: 0.95 },
    { labels: { pod: 'a' }, value: 0.9 },
  ])
})
