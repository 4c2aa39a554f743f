import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { DEFAULT_POLICY } from '../../src/access/index.ts'
import type { Actor } from '../../src/access/index.ts'
import { delay } from '../../src/base/clock.ts'
import { newId } from '../../src/base/id.ts'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { withTransaction } from '../../src/db/index.ts'
import { carryOutWindow, MAINTENANCE_WORKFLOW, maintenanceOf } from '../../src/maintenance/index.ts'
import { invoke } from '../../src/operations/index.ts'
import type { OperationDeps } from '../../src/operations/index.ts'
import { RESPONSE_WORKFLOW } from '../../src/response/index.ts'
import { approveDuty, CHANGE_WORKFLOW, executeChange } from '../../src/rollout/index.ts'
import type { ClusterDesk } from '../../src/rollout/index.ts'
import { createPageService } from '../../src/runbook/sources/index.ts'
import type { Verdict } from '../../src/verification/index.ts'
import type { WorkflowEngine } from '../../src/workflow/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import type { Row } from '../support/desk.ts'
import { ended, engineOn, eventually } from '../support/engine.ts'
import { silentLog } from '../support/log.ts'
import { freshCluster, readCluster, smallKubectl, writeCluster } from '../support/small-cluster.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-duties-'))
const file = path.join(folder, 'cluster')
const kubectl = smallKubectl(file)
const ADA: Actor = { id: 'person:ada', kind: 'person', role: 'lead' }
const BOB: Actor = { id: 'person:bob', kind: 'person', role: 'lead' }
const DAY_MS = 86_400_000

let db: TestDatabase
let engine: WorkflowEngine
let deps: OperationDeps
/** Of the workflows alone. */
let aheadMs = 0
let verdict: Verdict['verdict'] = 'passed'

const clusters: ClusterDesk = {
  names: () => ['shop'],
  open: () => ({
    service: 'shop',
    workload: 'shop',
    context: 'small',
    namespace: 'shop',
    kubectl,
    signals: { kind: 'scrape', url: 'http://shop.example/metrics' },
  }),
  measure: async () => ({ value: null }),
}

beforeAll(async () => {
  await loadCommandGrammars()
  db = await testDatabase()
  engine = engineOn(db)
  const clock = { now: () => new Date() }
  const late = { now: () => new Date(Date.now() + aheadMs) }
  const shared = { database: db.database, delay, pollMs: 20, clusters, tell: [] }
  const limits = { readyTimeoutMs: 5_000, commandTimeoutMs: 5_000 }
  engine.define<{ sessionId: string }>(MAINTENANCE_WORKFLOW, (context, { sessionId }) =>
    carryOutWindow(
      { ...shared, clock: late, now: () => late.now(), engine, settings: { ...limits, severity: 'P1' } },
      context,
      sessionId,
    ),
  )
  engine.define<{ changeId: string }>(CHANGE_WORKFLOW, (context, { changeId }) =>
    executeChange(
      {
        ...shared,
        clock,
        now: () => clock.now(),
        settings: { ...limits, recovered: { comparison: '<', threshold: 0.01, forSeconds: 1 } },
        verify: async () => ({ verdict, samples: [], reason: `the error rate says ${verdict}` }),
      },
      context,
      changeId,
    ),
  )
  engine.define(RESPONSE_WORKFLOW, async () => undefined)
  await engine.launch()
  deps = {
    database: db.database,
    engine,
    clock,
    approvalTtlMs: DAY_MS,
    pages: createPageService({ database: db.database, clock, log: silentLog, sources: [], dataDir: folder }),
    clusters,
  }
})
afterAll(async () => {
  await engine.stop({ drainMs: 0 })
  await db.drop()
  rmSync(folder, { recursive: true, force: true })
})

const call = async (actor: Actor, name: Parameters<typeof invoke>[2], input: Row): Promise<Row> =>
  (await invoke(deps, actor, name, input)) as Row

async function changeIn(id: unknown, state: string): Promise<Row> {
  expect(await ended(engine, String(id))).toBe('succeeded')
  const change = await call(ADA, 'change.show', { id })
  expect(change, JSON.stringify(change['outcome'])).toMatchObject({ state })
  return change
}

async function plannedWindow(more: Row = {}): Promise<string> {
  // windows are planned by the minute; one may be started a little before its time
  const starts = new Date(Date.now() + 120_000).toISOString().slice(0, 16)
  const input = { title: newId('upgrade'), services: ['shop'], starts, minutes: 60, rollbackPlan: 'back', keepReplicas: 1 } // prettier-ignore
  return String((await call(ADA, 'maintenance.plan', { ...input, ...more }))['window'])
}

async function tickAll(window: string): Promise<void> {
  const { before } = await call(ADA, 'maintenance.show', { id: window })
  for (const item of before as { id: string; checked: unknown }[])
    if (item.checked === null) await call(ADA, 'maintenance.tick', { id: window, item: item.id })
}

const windowIn = (window: string, ...states: string[]): Promise<void> =>
  eventually(async () => states.includes(String((await call(ADA, 'maintenance.show', { id: window }))['state']))) // prettier-ignore

const asBefore = (): void => {
  const { deployment, service } = readCluster(file)
  expect(service.spec).toEqual(freshCluster().service.spec)
  expect(deployment.spec).toEqual(freshCluster().deployment.spec)
}

test('a change is applied once, by the approval of somebody else', async () => {
  const proposed = await call(ADA, 'scale.horizontal', { replicas: 5, reason: 'a sale' })
  await expect(call(ADA, 'change.approve', { id: proposed['id'] })).rejects.toMatchObject({ code: 'forbidden' }) // prettier-ignore
  await expect(call(BOB, 'change.approve', { id: proposed['id'], hash: '0'.repeat(64) })).rejects.toMatchObject({ code: 'approval_mismatch' }) // prettier-ignore
  expect(await call(BOB, 'change.approve', { id: proposed['id'], hash: proposed['hash'] })).toMatchObject({ started: true }) // prettier-ignore
  await changeIn(proposed['id'], 'done')
  expect(readCluster(file).deployment.spec.replicas).toBe(5)
  await expect(call(BOB, 'change.approve', { id: proposed['id'] })).rejects.toMatchObject({ code: 'conflict' }) // prettier-ignore
})

test('a change after which the signal is bad is taken back', async () => {
  verdict = 'failed'
  const proposed = await call(ADA, 'scale.horizontal', { replicas: 2, reason: 'to save money' })
  await call(BOB, 'change.approve', { id: proposed['id'] })
  const change = await changeIn(proposed['id'], 'reverted')
  expect(change['outcome']).toContain('the error rate says failed')
  expect(readCluster(file).deployment.spec.replicas).toBe(5)
  verdict = 'passed'
})

test('where the object is not as it was shown, nothing is changed', async () => {
  const proposed = await call(ADA, 'scale.horizontal', { replicas: 4, reason: 'after the sale' })
  writeCluster(file, freshCluster())
  await call(BOB, 'change.approve', { id: proposed['id'] })
  const change = await changeIn(proposed['id'], 'failed')
  expect(change['outcome']).toContain('nothing was changed')
  asBefore()
})

test('a window waits for its checklist, drains, holds pages back, and restores what was recorded', async () => {
  const window = await plannedWindow()
  await expect(call(BOB, 'maintenance.start', { id: window })).rejects.toMatchObject({
    code: 'input_invalid',
  })
  const { hash } = await call(BOB, 'maintenance.show', { id: window })
  await expect(call(BOB, 'maintenance.start', { id: window, hash })).rejects.toMatchObject({
    code: 'conflict',
    message: expect.stringContaining('Status page updated') as unknown,
  })
  await tickAll(window)
  await expect(call(ADA, 'maintenance.start', { id: window, hash })).rejects.toMatchObject({
    code: 'forbidden',
  })
  await expect(call(BOB, 'maintenance.start', { id: window, hash: '0'.repeat(64) })).rejects.toMatchObject({
    code: 'approval_mismatch',
  })
  expect(await call(BOB, 'maintenance.start', { id: window, hash })).toMatchObject({ started: true })
  await windowIn(window, 'open')
  expect(readCluster(file).service.spec.selector).toEqual({ app: 'shop', maintenance: 'true' })
  expect(readCluster(file).deployment.spec.replicas).toBe(1)
  expect(await maintenanceOf(db.database, 'shop')).toContain(window)
  expect(await maintenanceOf(db.database, 'other')).toBeNull()
  await call(BOB, 'maintenance.end', { id: window, reason: 'upgraded' })
  await windowIn(window, 'over')
  const { session } = await call(ADA, 'maintenance.show', { id: window })
  expect(session).toMatchObject({ state: 'ended' })
  asBefore()
  expect(await maintenanceOf(db.database, 'shop')).toBeNull()
})

test('what its planner releases stands on the public page from its planning to its end', async () => {
  const announcement = 'Orders may be slow for an hour.'
  const window = await plannedWindow({ announcement })
  const told = async (): Promise<string[]> => {
    const { entries } = await call(ADA, 'status-page.show', {})
    const [entry] = (entries as { kind: string; posts: { state: string; text: string }[] }[]).filter(
      ({ posts }) => posts.some(({ text }) => text === announcement),
    )
    return (entry?.posts ?? []).map(({ state }) => state)
  }
  expect(await told()).toEqual(['scheduled'])
  const { before, hash } = await call(ADA, 'maintenance.show', { id: window })
  expect(before).toContainEqual(expect.objectContaining({ id: 'status-page', done: true }))
  await tickAll(window)
  await call(BOB, 'maintenance.start', { id: window, hash })
  await windowIn(window, 'open')
  expect(await told()).toEqual(['in-progress', 'scheduled'])
  await call(BOB, 'maintenance.end', { id: window, reason: 'upgraded' })
  await windowIn(window, 'over')
  expect(await told()).toEqual(['completed', 'in-progress', 'scheduled'])
  const other = await plannedWindow({ announcement: 'Another one.' })
  await call(ADA, 'maintenance.cancel', { id: other, reason: 'not now' })
  const { entries } = await call(ADA, 'status-page.show', {})
  expect((entries as { title: string; posts: { state: string }[] }[])[0]?.posts[0]?.state).toBe('cancelled')
  await expect(plannedWindow({ components: ['none'] })).rejects.toMatchObject({ code: 'input_invalid' })
})

test('a window that overruns restores traffic by itself, and opens an incident', async () => {
  const window = await plannedWindow()
  await tickAll(window)
  aheadMs = 4 * 3_600_000
  const { hash } = await call(BOB, 'maintenance.show', { id: window })
  await call(BOB, 'maintenance.start', { id: window, hash })
  await windowIn(window, 'over')
  aheadMs = 0
  asBefore()
  const incidents = await db.database.kysely.selectFrom('incident').select(['title', 'severity']).where('source', '=', 'maintenance').execute() // prettier-ignore
  expect(incidents).toEqual([{ title: expect.stringContaining('has overrun') as unknown, severity: 'P1' }])
})

test('the gate is closed while a P1 is open, and in a freeze; no window may be planned into a freeze', async () => {
  expect(await call(ADA, 'gate.deploy', { service: 'shop' })).toMatchObject({ open: false })
  await db.database.kysely
    .updateTable('incident')
    .set({ state: 'closed', closed_at: new Date() })
    .where('service', '=', 'shop')
    .execute()
  expect(await call(ADA, 'gate.deploy', { service: 'shop' })).toMatchObject({ open: true, reasons: [] })
  const starts = new Date(Date.now() - 600_000).toISOString().slice(0, 16)
  const freeze = await call(ADA, 'maintenance.plan', { title: 'holidays', kind: 'freeze', services: ['shop'], starts, minutes: 600 }) // prettier-ignore
  expect(await call(ADA, 'gate.deploy', { service: 'shop' })).toMatchObject({ open: false })
  const onPage = { title: 'holidays', kind: 'freeze', services: ['shop'], state: 'frozen' }
  expect((await call(ADA, 'desk.show', {}))['maintenance']).toContainEqual(expect.objectContaining(onPage))
  await expect(plannedWindow()).rejects.toMatchObject({ code: 'conflict' })
  await call(ADA, 'maintenance.cancel', { id: freeze['window'], reason: 'over' })
  expect(await call(ADA, 'gate.deploy', { service: 'shop' })).toMatchObject({ open: true })
  const afterwards = JSON.stringify(await call(ADA, 'desk.show', {}))
  expect(afterwards).not.toContain('holidays')
})

test('what acts in several places is approved only where the policy allows it in each', async () => {
  const policy = { ...DEFAULT_POLICY, fences: { namespaces: ['shop'] } }
  const place = (namespace: string) => ({
    policy,
    target: { kind: 'kubernetes' as const, context: '', namespace },
  })
  const what = {
    subject: newId('mws'),
    hash: '0'.repeat(64),
    risk: 'change' as const,
    requestedBy: ADA.id,
    title: 'both',
  }
  const by = { actor: BOB, reason: null, breakGlass: false, expiresAt: new Date(Date.now() + 60_000) }
  const approve = (...places: [string, ...string[]]) =>
    withTransaction(db.database, (trx) => {
      const [first, ...more] = places
      return approveDuty(trx, new Date(), what, by, [place(first), ...more.map(place)])
    })
  await expect(approve('shop', 'payments')).rejects.toMatchObject({ code: 'forbidden' })
  expect(await approve('shop')).toMatchObject({ needed: 1, given: 1 })
})
