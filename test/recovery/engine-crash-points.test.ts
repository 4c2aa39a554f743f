import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { newUuid } from '../../src/base/id.ts'
import { CRASH_POINTS } from '../../src/workflow/index.ts'
import type { CrashPoint, WorkflowEngine } from '../../src/workflow/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { ended, engineOn, eventually, sendIn, startIn } from '../support/engine.ts'
import { notesIn, rowsOf, startReplica } from '../support/replica.ts'
import type { Replica } from '../support/replica.ts'

const [WORKFLOW, GO] = ['test-workflow', 'go']
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-crash-'))
const replicas: Replica[] = []
let db: TestDatabase
/** Not launched: it starts and sends by SQL alone, and says what has become of a workflow. */
let engine: WorkflowEngine

beforeAll(async () => {
  db = await testDatabase()
  engine = engineOn(db)
})
afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.kill('SIGKILL')))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await db.drop()
})

function replica(executorId: string, notes: string, crashAt: CrashPoint | null = null): Replica {
  const started = startReplica({ url: db.url, executorId, notes, crashAt })
  replicas.push(started)
  return started
}

interface Expected {
  /** How often each ran outside the database. */
  steps: number
  effects: number
  outcome: 'done' | 'unknown'
}

const EXPECTED: Record<CrashPoint, Expected> = {
  'step.done': { steps: 2, effects: 1, outcome: 'done' },
  'transaction.committed': { steps: 1, effects: 1, outcome: 'done' },
  'ledger.claimed': { steps: 1, effects: 0, outcome: 'unknown' },
  'effect.done': { steps: 1, effects: 1, outcome: 'unknown' },
  'outcome.saved': { steps: 1, effects: 1, outcome: 'done' },
  'receive.waiting': { steps: 1, effects: 1, outcome: 'done' },
}

test.each(CRASH_POINTS)(
  'killed at %s and started again, nothing is lost and no effect runs twice',
  async (point) => {
    const id = newUuid()
    const notes = path.join(folder, id)
    await startIn(db, engine, WORKFLOW, id, { pauseMs: 0, effects: 1, waits: true })
    expect(await replica(id, notes, point).ended).toBe('SIGKILL')
    await sendIn(db, engine, id, GO, 'on')
    replica(id, notes)
    expect(await ended(engine, id)).toBe('succeeded')
    const expected = EXPECTED[point]
    const ran = notesIn(notes)
    expect(ran.filter((line) => line === `${id} step`)).toHaveLength(expected.steps)
    expect(ran.filter((line) => line === `${id} effect 0`)).toHaveLength(expected.effects)
    expect(await rowsOf(db.database, id)).toEqual([
      'claimed 0',
      'heard on',
      `kept 0 ${expected.outcome}`,
      'row',
      `settled 0 ${expected.outcome}`,
    ])
  },
)

describe('with two replicas', () => {
  test('the work of a killed one is taken over', async () => {
    const id = newUuid()
    const notes = path.join(folder, id)
    const first = replica(`${id}-first`, notes)
    await first.ready
    await startIn(db, engine, WORKFLOW, id, { pauseMs: 0, effects: 1, waits: true })
    await eventually(async () => (await rowsOf(db.database, id)).includes('kept 0 done'))
    const second = replica(`${id}-second`, notes)
    await second.ready
    await first.kill('SIGKILL')
    await sendIn(db, engine, id, GO, 'on')
    expect(await ended(engine, id)).toBe('succeeded')
    expect(await rowsOf(db.database, id)).toContain('heard on')
    expect(notesIn(notes).filter((line) => line.includes('effect'))).toHaveLength(1)
  })

  test('one that slept past its lease records nothing when it wakes, and begins nothing', async () => {
    const id = newUuid()
    const notes = path.join(folder, id)
    const sleeper = replica(`${id}-sleeper`, notes)
    await sleeper.ready
    await startIn(db, engine, WORKFLOW, id, { pauseMs: 300, effects: 3, waits: false })
    await eventually(() => notesIn(notes).includes(`${id} effect 0`))
    sleeper.process.kill('SIGSTOP')
    const other = replica(`${id}-other`, notes)
    await other.ready
    expect(await ended(engine, id)).toBe('succeeded')
    const before = await rowsOf(db.database, id)
    sleeper.process.kill('SIGCONT')
    await delay(1_500)
    expect(await rowsOf(db.database, id)).toEqual(before)
    expect(before).toEqual(expect.arrayContaining(['kept 0 unknown', 'kept 1 done', 'kept 2 done']))
    const effects = notesIn(notes).filter((line) => line.includes('effect'))
    expect(effects).toEqual([0, 1, 2].map((number) => `${id} effect ${number}`))
  })

  test('what waits is left to the other by one that is stopped in order, without waiting for its lease', async () => {
    const id = newUuid()
    const notes = path.join(folder, id)
    const first = replica(`${id}-first`, notes)
    await first.ready
    await startIn(db, engine, WORKFLOW, id, { pauseMs: 0, effects: 1, waits: true })
    await eventually(async () => (await rowsOf(db.database, id)).includes('kept 0 done'))
    const second = replica(`${id}-second`, notes)
    await second.ready
    expect(await first.kill('SIGTERM')).toBe('exit 0')
    await sendIn(db, engine, id, GO, 'on')
    expect(await ended(engine, id)).toBe('succeeded')
    expect(await rowsOf(db.database, id)).toContain('heard on')
  })
})
