import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createApp } from '../../src/app.ts'
import type { App } from '../../src/app.ts'
import { loadConfig } from '../../src/base/config.ts'
import type { Config } from '../../src/base/config.ts'
import { startCluster } from '../../src/rehearsal/index.ts'
import type { Fault, SandboxCluster } from '../../src/rehearsal/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import type { Row } from '../support/desk.ts'
import { eventually } from '../support/engine.ts'
import { silentLog } from '../support/log.ts'
import { hasKubectl } from '../support/sandbox.ts'

const SPEED = 10
const NAME = 'erlmcp-tcps'
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-duties-'))

let cluster: SandboxCluster
let store: TestDatabase
let app: App
const tokens = { ada: '', bob: '' }

beforeAll(async () => {
  if (!hasKubectl) return
  cluster = await startCluster({
    dataDir: path.join(folder, 'cluster'),
    speed: SPEED,
    prometheus: 'stand-in',
    // so little that the pool of a healthy service suffices on a busy machine too
    load: 2,
  })
  store = await testDatabase()
  app = await startApp()
}, 240_000)

afterAll(async () => {
  if (!hasKubectl) return
  await app.stop(0)
  await store.drop()
  await cluster.stop()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
}, 60_000)

async function startApp(): Promise<App> {
  const bare = loadConfig({ DATABASE_URL: store.url }, path.join(folder, 'data'))
  const config: Config = {
    ...bare,
    listen: { host: '127.0.0.1', port: 0 },
    runbooks: [path.resolve('runbooks')],
    services: {
      [NAME]: {
        target: { kind: 'kubernetes', context: 'sandbox', namespace: cluster.namespace },
        variables: {},
        environment: {
          all: {},
          observer: cluster.environment('observer'),
          operator: cluster.environment('operator'),
        },
        signals: null,
      },
    },
    changes: { ...bare.changes, readyTimeoutSeconds: 60, pollSeconds: 0.5 },
    guard: {
      ...bare.guard,
      mode: 'on',
      everySeconds: 1,
      readyDeadlineSeconds: 20,
      windowSeconds: 120,
      restarts: 2,
    },
  }
  const started = createApp({ config, log: silentLog, write: () => undefined })
  await started.start()
  tokens.ada = await started.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  tokens.bob = await started.issueToken({ id: 'person:bob', kind: 'person', role: 'lead' })
  return started
}

async function api(
  who: 'ada' | 'bob',
  method: 'GET' | 'POST',
  at: string,
  body?: unknown,
): Promise<{ status: number; value: Row }> {
  const response = await fetch(`${app.address()}/api/v1${at}`, {
    method,
    headers: { authorization: `Bearer ${tokens[who]}`, 'content-type': 'application/json' },
    ...(method === 'GET' ? {} : { body: JSON.stringify(body ?? {}) }),
  })
  return { status: response.status, value: (await response.json()) as Row }
}

const kubectl = (...args: string[]): Promise<string> =>
  new Promise((resolve, reject) => {
    const env = { PATH: process.env['PATH'] ?? '', HOME: folder, ...cluster.environment('admin') }
    execFile('kubectl', ['-n', cluster.namespace, ...args], { env }, (error, out) =>
      error === null ? resolve(out.trim()) : reject(error),
    )
  })

const field = (object: string, at: string): Promise<string> =>
  kubectl('get', ...object.split(' '), '-o', `jsonpath={${at}}`)
const deployment = (at: string): Promise<string> => field(`deployment ${NAME}`, at)

/** Back to three ready pods of one kind and an open service, whatever was done. */
async function settled(): Promise<void> {
  await kubectl('rollout', 'status', `deployment/${NAME}`, '--timeout=90s')
}

async function diagnosed(symptom: string): Promise<Row[]> {
  const { status, value } = await api('ada', 'GET', `/diagnosis/${symptom}`)
  expect(status, JSON.stringify(value)).toBe(200)
  return value['findings'] as Row[]
}

async function changeIn(name: unknown, ...states: string[]): Promise<Row> {
  let change: Row = {}
  await eventually(async () => {
    change = (await api('ada', 'GET', `/planned-changes/${String(name)}`)).value
    return states.includes(String(change['state']))
  }, 120_000)
  return change
}

describe.skipIf(!hasKubectl)('standing duties on the sandbox', () => {
  test.each(['pod-wont-start', 'not-responding', 'database-wont-connect', 'high-latency'])(
    'a healthy service has no cause for %s',
    async (symptom) => {
      const findings = await diagnosed(symptom)
      // on a busy machine a pod may really have waited for its database once, and says so in its log
      expect(findings.filter(({ certainty }) => certainty !== 'possible')).toEqual([])
    },
  )

  test('the status is one screen of what runs', async () => {
    const { value } = await api('ada', 'GET', '/cluster-status')
    expect(value['workloads']).toContainEqual(
      expect.objectContaining({ name: NAME, ready: 3, wanted: 3, state: 'healthy' }),
    )
    expect(value['services']).toContainEqual(expect.objectContaining({ name: 'erlmcp', ready: 3 }))
  })

  test.each([
    [{ kind: 'service-drained' }, 'not-responding', 'service-drained', /drained/i],
    [{ kind: 'network-denied' }, 'not-responding', 'policy-denies', /policy/i],
    [{ kind: 'port-refused' }, 'not-responding', 'port-mismatch', /port/i],
  ] as const satisfies readonly (readonly [Fault, string, string, RegExp])[])(
    'the fault %o is found, and the page that mends it named',
    async (fault, symptom, cause, option) => {
      const [service, policy] = await Promise.all([
        field('service erlmcp', '.spec'),
        field('networkpolicy erlmcp-allow', '.spec'),
      ])
      await cluster.inject(fault)
      const [first] = await diagnosed(symptom)
      expect(first).toMatchObject({
        cause,
        mend: {
          page: expect.stringContaining('troubleshooting'),
          option: expect.stringMatching(option) as unknown,
        },
      })
      const spec = JSON.parse(service) as Row
      await kubectl(
        'patch',
        'service',
        'erlmcp',
        '--type=json',
        '-p',
        JSON.stringify(
          ['selector', 'ports'].map((key) => ({ op: 'replace', path: `/spec/${key}`, value: spec[key] })),
        ),
      )
      await kubectl(
        'patch',
        'networkpolicy',
        'erlmcp-allow',
        '--type=json',
        '-p',
        JSON.stringify([{ op: 'replace', path: '/spec', value: JSON.parse(policy) as unknown }]),
      )
    },
  )

  test('scaling shows what will happen, waits for somebody else, and waits for the pods', async () => {
    const { status, value } = await api('ada', 'POST', '/scaling/horizontal', {
      replicas: 4,
      reason: 'a sale',
    })
    expect(status, JSON.stringify(value)).toBe(200)
    expect(value).toMatchObject({
      state: 'proposed',
      diff: expect.stringContaining('+replicas: 4') as unknown,
    })
    const own = await api('ada', 'POST', `/planned-changes/${String(value['id'])}/approve`)
    expect(own.status).toBe(403)
    const other = await api('bob', 'POST', `/planned-changes/${String(value['id'])}/approve`, {
      hash: value['hash'],
    })
    expect(other.value, JSON.stringify(other.value)).toMatchObject({ started: true })
    expect(await changeIn(value['id'], 'done', 'failed')).toMatchObject({ state: 'done' })
    expect(await deployment('.status.readyReplicas')).toBe('4')
  })

  test('a change that the cluster does not take as it was shown changes nothing', async () => {
    const { value } = await api('ada', 'POST', '/scaling/horizontal', {
      replicas: 3,
      reason: 'the sale is over',
    })
    await kubectl('scale', `deployment/${NAME}`, '--replicas=2')
    await api('bob', 'POST', `/planned-changes/${String(value['id'])}/approve`)
    const change = await changeIn(value['id'], 'failed', 'done')
    expect(change['outcome']).toContain('nothing was changed')
    expect(await deployment('.spec.replicas')).toBe('2')
    await kubectl('scale', `deployment/${NAME}`, '--replicas=3')
    await settled()
  })

  test('a rollback returns to the release before, and a second one is refused', async () => {
    await cluster.inject({ kind: 'bad-release' })
    await settled()
    const { status, value } = await api('ada', 'POST', '/rollouts/undo', { reason: 'errors' })
    expect(status, JSON.stringify(value)).toBe(200)
    expect(value['diff']).toMatch(/-.*erlmcp:1\.2\.3[^]*\+.*erlmcp:1\.2\.2/)
    await api('bob', 'POST', `/planned-changes/${String(value['id'])}/approve`)
    expect(await changeIn(value['id'], 'done', 'failed')).toMatchObject({ state: 'done' })
    expect(await deployment('.spec.template.spec.containers[0].image')).toContain(':1.2.2')
    const again = await api('ada', 'POST', '/rollouts/undo', { reason: 'once more' })
    expect(again.status).toBe(409)
    expect(again.value['detail']).toContain('bring back what was rolled back')
    const history = await api('ada', 'GET', '/rollouts')
    expect((history.value['revisions'] as Row[])[0]).toMatchObject({ current: true, earlier: [1] })
  })

  test('the guard undoes a rollout that crashes, once, and opens an incident', async () => {
    await kubectl('label', 'deployment', NAME, 'erlmcp.io/guard=true')
    const guarded = async (...states: string[]): Promise<Row | undefined> => {
      const { value } = await api('ada', 'GET', '/guarded-rollouts')
      return (value['rollouts'] as Row[]).find((row) => states.includes(String(row['state'])))
    }
    await eventually(async () => (await guarded('baseline', 'aside')) !== undefined, 60_000)
    const before = await deployment('.spec.template.spec.containers[0]')
    await cluster.inject({ kind: 'crash-loop', cause: 'missing-variable' })
    await eventually(async () => (await guarded('undone')) !== undefined, 120_000)
    const undone = await guarded('undone')
    const change = await changeIn(undone?.['change'], 'done', 'failed')
    expect(change).toMatchObject({
      state: 'done',
      requestedBy: 'system:guard',
      approvals: [{ by: 'system:guard' }],
    })
    expect(JSON.parse(await deployment('.spec.template.spec.containers[0]'))).toEqual(JSON.parse(before))
    const incident = await api('ada', 'GET', `/incidents/${String(undone?.['incident'])}`)
    expect(incident.value).toMatchObject({ title: expect.stringContaining('has failed') as unknown })
    // what it did is a rollout again, and a rollback is left alone
    await eventually(async () => (await guarded('aside')) !== undefined, 60_000)
    const { value } = await api('ada', 'GET', '/planned-changes')
    expect((value['changes'] as Row[]).filter((each) => each['requestedBy'] === 'system:guard')).toHaveLength(
      1,
    )
  })
})
