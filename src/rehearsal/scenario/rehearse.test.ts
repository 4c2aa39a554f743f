import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Host, Row } from '../story/index.ts'
import { rehearse, unmetExpectation } from './rehearse.ts'
import type { RehearseDeps } from './rehearse.ts'
import type { Scenario } from './schema.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-rehearse-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** A program named kubectl that says `first` until it was asked `times` times, and `then` from there on. */
function kubectlThatSays(first: string, times: number, then: string): Record<string, string> {
  const dir = mkdtempSync(path.join(folder, 'bin-'))
  const script = `#!/bin/sh\necho x >> ${dir}/asked\n[ "$(wc -l < ${dir}/asked)" -gt ${times} ] && echo '${then}' || echo '${first}'\n`
  writeFileSync(path.join(dir, 'kubectl'), script)
  chmodSync(path.join(dir, 'kubectl'), 0o755)
  return { PATH: `${dir}:/usr/bin:/bin` }
}

const scenario: Scenario = {
  name: 'too-many-errors',
  title: 'Requests fail',
  fault: { kind: 'bad-release' },
  page: 'errors.md',
  procedure: 'errors',
  alert: { name: 'TooManyErrors', labels: {} },
  choose: ['Go back'],
  expect: [{ kubectl: ['get', 'pods', '-n', 'erlmcp'], equals: 'mended' }],
  timeLimitSeconds: 1,
}

function depsWith(host: Partial<Host>): RehearseDeps {
  return {
    host: {
      api: () => Promise.resolve({}),
      webhook: () => Promise.resolve({ incident: 'INC-1' }),
      measure: () => Promise.resolve(0.01),
      ...host,
    },
    target: {
      name: 'sandbox',
      namespace: 'erlmcp',
      inject: () => Promise.resolve(),
      environment: {},
      prometheusUrl: null,
    },
    procedure: {
      trigger: { text: 'Error rate > 5%', signal: 'error_rate', comparison: '>', threshold: 0.05, unit: 'ratio', forSeconds: 0 } as RehearseDeps['procedure']['trigger'],
      rule: null,
      contentHash: 'hash',
      commit: null,
      severity: 'P2',
      responseTimeSeconds: 900,
    },
    service: 'erlmcp-tcps',
    speed: 30,
    now: () => new Date(),
    write: () => undefined,
    signal: new AbortController().signal,
  }
} // prettier-ignore

test('an alert that does not fire ends the rehearsal at its time limit, with what was measured last', async () => {
  const { proof, incident } = await rehearse(depsWith({}), scenario)
  expect(incident).toBeNull()
  expect(proof).toMatchObject({ passed: false, secondsToDetect: null })
  expect(proof.reason).toBe(
    'not done within 1 s: the alert did not fire: Error rate > 5%; the last measurement was 0.01',
  )
})

test('an incident that is not over at the time limit is ended, and the proof says where it stood', async () => {
  const asked: string[] = []
  const open: Row = {
    name: 'INC-1',
    state: 'mitigating',
    timeline: [],
    runs: [{ id: 'run_1', endedAt: null }],
  }
  const run: Row = {
    id: 'run_1',
    state: 'verifying',
    waitsFor: null,
    verifications: [
      {
        id: 'v',
        verdict: null,
        condition: { signal: 'error_rate', comparison: '<', threshold: 0.01, forSeconds: 60 },
        samples: [{ at: '2026-11-24T10:00:00Z', value: 0.2 }],
      },
    ],
  }
  const api: Host['api'] = (method, at) => {
    asked.push(`${method} ${at}`)
    return Promise.resolve(at.startsWith('/runs/') ? run : open)
  }
  const { proof, incident } = await rehearse(depsWith({ api, measure: () => Promise.resolve(0.2) }), scenario)
  expect(incident).toBeNull()
  expect(proof.reason).toBe('not done within 1 s; INC-1 is mitigating, its run verifying, last measured 0.2')
  expect(asked.at(-1)).toBe('POST /incidents/INC-1/resolve')
})

test('what a scenario expects is asked for until it holds', async () => {
  const target = { namespace: 'erlmcp', environment: kubectlThatSays('broken', 2, 'mended') }
  expect(await unmetExpectation(target, scenario, AbortSignal.timeout(15_000))).toBeNull()
})

test('what does not hold at the time limit is named, with what kubectl gives instead', async () => {
  const target = { namespace: 'other', environment: kubectlThatSays('broken', 1_000, 'mended') }
  expect(await unmetExpectation(target, scenario, AbortSignal.timeout(200))).toBe(
    'after the mitigation `kubectl get pods -n other` still gives "broken" at the end of the 1 s, not "mended"',
  )
})
