import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import type { Actor } from '../../src/access/index.ts'
import { newId } from '../../src/base/id.ts'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { invoke } from '../../src/operations/index.ts'
import type { OperationDeps } from '../../src/operations/index.ts'
import { createPageService } from '../../src/runbook/sources/index.ts'
import type { ClusterDesk } from '../../src/rollout/index.ts'
import type { WorkflowEngine } from '../../src/workflow/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import type { Row } from '../support/desk.ts'
import type { DutiesChild } from '../support/duties-child.ts'
import { ended, engineOn, eventually } from '../support/engine.ts'
import { silentLog } from '../support/log.ts'
import { freshCluster, readCluster, smallKubectl } from '../support/small-cluster.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-duties-'))
const children: ChildProcess[] = []
const ADA: Actor = { id: 'person:ada', kind: 'person', role: 'lead' }
const BOB: Actor = { id: 'person:bob', kind: 'person', role: 'lead' }
const now = () => new Date()

let db: TestDatabase
let engine: WorkflowEngine

beforeAll(async () => {
  await loadCommandGrammars()
  db = await testDatabase()
  engine = engineOn(db)
})
afterEach(async () => {
  await Promise.all(children.splice(0).map((child) => gone(child, 'SIGKILL')))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await db.drop()
})

const gone = (child: ChildProcess, signal?: NodeJS.Signals): Promise<string> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) {
      resolve(child.signalCode ?? 'exited')
      return
    }
    child.once('exit', (code, by) => resolve(by ?? `exit ${code}`))
    if (signal !== undefined) child.kill(signal)
  })

function replica(options: DutiesChild): ChildProcess {
  const program = fileURLToPath(new URL('../support/duties-child.ts', import.meta.url))
  const child = spawn(process.execPath, [program, JSON.stringify(options)], {
    stdio: ['ignore', 'ignore', 'inherit'],
  })
  children.push(child)
  return child
}

function depsOn(file: string): OperationDeps {
  const kubectl = smallKubectl(file)
  const clusters: ClusterDesk = {
    names: () => ['shop'],
    open: () => ({
      service: 'shop',
      workload: 'shop',
      context: 'small',
      namespace: 'shop',
      kubectl,
      signals: null,
    }),
    measure: async () => ({ value: null }),
  }
  return {
    database: db.database,
    engine,
    clock: { now },
    approvalTtlMs: 600_000,
    pages: createPageService({ database: db.database, clock: { now }, log: silentLog, sources: [], dataDir: folder }), // prettier-ignore
    clusters,
  }
}

/** A window that begins now, with its checklist done, started by somebody else than who planned it. */
async function startedWindow(deps: OperationDeps): Promise<{ window: string; session: string }> {
  // the clock of the plan has minutes; one that begins a little later may be started already
  const starts = new Date(Date.now() + 120_000).toISOString().slice(0, 16)
  const input = {
    title: 'upgrade',
    services: ['shop'],
    starts,
    minutes: 60,
    rollbackPlan: 'go back',
    keepReplicas: 1,
  }
  const { window } = (await invoke(deps, ADA, 'maintenance.plan', input)) as Row
  const shown = (await invoke(deps, ADA, 'maintenance.show', { id: window })) as Row
  for (const item of shown['before'] as { id: string; checked: unknown }[])
    if (item.checked === null)
      await invoke(deps, ADA, 'maintenance.tick', { id: window, item: item.id, done: true })
  const started = (await invoke(deps, BOB, 'maintenance.start', { id: window, hash: shown['hash'] })) as Row
  expect(started).toMatchObject({ started: true })
  return { window: String(window), session: String(started['session']) }
}

const stateOf = async (deps: OperationDeps, window: string): Promise<string> =>
  String(((await invoke(deps, ADA, 'maintenance.show', { id: window })) as Row)['state'])

const asBefore = (file: string): void => {
  const { deployment, service } = readCluster(file)
  const fresh = freshCluster()
  expect(service.spec).toEqual(fresh.service.spec)
  expect(deployment.spec).toEqual(fresh.deployment.spec)
}

/** No two patches that were accepted are the same: nothing was done twice. */
const onceEach = (file: string): string[] => {
  const { accepted } = readCluster(file)
  expect(new Set(accepted).size).toBe(accepted.length)
  return accepted
}

test.each([
  ['ledger.claimed', 'drain'],
  ['effect.done', 'drain'],
  ['outcome.saved', 'scale down'],
  ['transaction.committed', 'hand over'],
  ['receive.waiting', 'maintenance.end'],
  ['effect.done', 'scale back'],
  ['ledger.claimed', 'open'],
  ['effect.done', 'open'],
] as const)('killed at %s of "%s", a window never leaves traffic drained', async (point, name) => {
  const file = path.join(folder, newId('clu'))
  const deps = depsOn(file)
  const { window, session } = await startedWindow(deps)
  const child = { url: db.url, executorId: session, cluster: file }
  const first = replica({ ...child, crashAt: { point, name } })
  const killed = gone(first)
  // where it is killed after the hand-over, the work has to be declared done before
  const isLater = ['scale back', 'open'].includes(name)
  if (isLater) {
    await eventually(async () => (await stateOf(deps, window)) === 'open')
    await invoke(deps, BOB, 'maintenance.end', { id: window, reason: 'done' })
  }
  expect(await killed).toBe('SIGKILL')
  replica({ ...child, crashAt: null })
  const isOpened = ['scale down', 'hand over', 'maintenance.end'].includes(name)
  if (isOpened) {
    await eventually(async () => (await stateOf(deps, window)) === 'open')
    expect(readCluster(file).service.spec.selector).toEqual({ app: 'shop', maintenance: 'true' })
    expect(readCluster(file).deployment.spec.replicas).toBe(1)
    await invoke(deps, BOB, 'maintenance.end', { id: window, reason: 'done' })
  }
  expect(await ended(engine, session)).toBe('succeeded')
  asBefore(file)
  onceEach(file)
})

test.each([
  ['ledger.claimed', 'failed', 3],
  ['effect.done', 'done', 5],
  ['outcome.saved', 'done', 5],
] as const)('killed at %s, a change is settled by what the cluster shows', async (point, state, replicas) => {
  const file = path.join(folder, newId('clu'))
  const deps = depsOn(file)
  const change = (await invoke(deps, ADA, 'scale.horizontal', { replicas: 5, reason: 'a sale' })) as Row
  const id = String(change['id'])
  await invoke(deps, BOB, 'change.approve', { id })
  const child = { url: db.url, executorId: id, cluster: file }
  expect(await gone(replica({ ...child, crashAt: { point, name: 'apply' } }))).toBe('SIGKILL')
  replica({ ...child, crashAt: null })
  expect(await ended(engine, id)).toBe('succeeded')
  expect(await invoke(deps, ADA, 'change.show', { id })).toMatchObject({ state })
  expect(readCluster(file).deployment.spec.replicas).toBe(replicas)
  onceEach(file)
})
