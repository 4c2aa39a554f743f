import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { AppError } from '../../src/base/error.ts'
import { newUuid } from '../../src/base/id.ts'
import { withTransaction } from '../../src/db/index.ts'
import type { Transaction } from '../../src/db/index.ts'
import type {
  EngineOptions,
  Outcome,
  Refused,
  WorkflowContext,
  WorkflowEngine,
} from '../../src/workflow/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { ended, engineOn, eventually, sendIn, startIn } from '../support/engine.ts'
import { memoryLog } from '../support/log.ts'

/** What every engine behind the port has to do; another one has to pass it unchanged. */

let db: TestDatabase
let engine: WorkflowEngine

beforeAll(async () => {
  db = await testDatabase()
})
afterEach(() => engine.stop({ drainMs: 0 }))
afterAll(() => db.drop())

type Body = (context: WorkflowContext, input: never) => Promise<unknown>

async function launch(bodies: Record<string, Body>, options: Partial<EngineOptions> = {}): Promise<void> {
  engine = engineOn(db, { executorId: 'the same', ...options })
  for (const [name, body] of Object.entries(bodies)) engine.define(name, body)
  await engine.launch()
}

/** A business row: a token is the simplest table. */
const writeRow = (trx: Transaction, name: string) =>
  trx
    .insertInto('api_token')
    .values({ id: newUuid(), name, role: 'reader', token_hash: newUuid(), created_at: new Date() })
    .execute()
const rowExists = async (name: string): Promise<boolean> =>
  (await db.database.kysely.selectFrom('api_token').select('id').where('name', '=', name).execute()).length >
  0

describe('starting', () => {
  test('a workflow starts when the transaction of its starter commits, and not when it is rolled back', async () => {
    const ran: string[] = []
    await launch({ note: async (_context, input: { text: string }) => ran.push(input.text) })
    const [kept, undone] = [newUuid(), newUuid()]
    const failing = withTransaction(db.database, async (trx) => {
      await engine.start(trx, 'note', undone, { text: 'undone' })
      throw new Error('changed my mind')
    })
    await expect(failing).rejects.toThrow('changed my mind')
    await startIn(db, engine, 'note', kept, { text: 'kept' })
    expect(await ended(engine, kept)).toBe('succeeded')
    expect(await engine.state(undone)).toBeNull()
    expect(ran).toEqual(['kept'])
  })

  test('a workflow that is started twice runs once', async () => {
    const ran: unknown[] = []
    await launch({ note: async (_context, input) => ran.push(input) })
    const id = newUuid()
    await startIn(db, engine, 'note', id, 1)
    await startIn(db, engine, 'note', id, 2)
    await ended(engine, id)
    await startIn(db, engine, 'note', id, 3)
    await delay(300)
    expect(ran).toEqual([1])
  })

  test('a workflow that ends by a fault is failed, and the log names it', async () => {
    const { log, lines } = memoryLog()
    const body = async () => {
      throw new TypeError('a mistake of ours')
    }
    await launch({ broken: body }, { log })
    const id = newUuid()
    await startIn(db, engine, 'broken', id)
    expect(await ended(engine, id)).toBe('failed')
    expect(lines).toContainEqual(
      expect.objectContaining({ level: 'error', details: expect.objectContaining({ workflowId: id }) }),
    )
  })
})

describe('a step', () => {
  test('is not run again after a restart, and gives what it gave: values, dates and nothing', async () => {
    const runs: string[] = []
    const seen: unknown[] = []
    const at = new Date('2026-01-02T03:04:05.678Z')
    const body = async (context: WorkflowContext) => {
      const values = [
        await context.step('value', async () => (runs.push('value'), { at, list: [1, 'two', null] })),
        await context.transaction('row', async () => (runs.push('row'), { at })),
        await context.transaction('nothing', async () => undefined),
      ]
      await context.receive('go', 60_000)
      seen.push(values)
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await eventually(() => runs.length === 2)
    await restart({ body })
    await sendIn(db, engine, id, 'go', null)
    expect(await ended(engine, id)).toBe('succeeded')
    expect(runs).toEqual(['value', 'row'])
    expect(seen).toEqual([[{ at, list: [1, 'two', null] }, { at }, undefined]])
  })

  test('that fails, fails the same way at a replay: an AppError is one again', async () => {
    const seen: unknown[] = []
    const refusal = new AppError('approval_expired', 'too late', {
      action: 'Ask again.',
      data: { minutes: 3 },
    })
    const body = async (context: WorkflowContext) => {
      for (const name of ['step', 'transaction'] as const) {
        await context[name]('refused', () => Promise.reject(refusal)).catch((error: unknown) =>
          seen.push(error),
        )
      }
      const broken = context.step('broken', () =>
        Promise.reject(Object.assign(new RangeError('no'), { code: 'E1' })),
      )
      await broken.catch((error: unknown) => seen.push(error))
      await context.receive('go', 60_000)
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await eventually(() => seen.length === 3)
    await restart({ body })
    await eventually(() => seen.length === 6)
    await sendIn(db, engine, id, 'go', null)
    expect(await ended(engine, id)).toBe('succeeded')
    for (const error of [seen[0], seen[1], seen[3], seen[4]]) {
      expect(error).toBeInstanceOf(AppError)
      expect(error).toMatchObject({ code: 'approval_expired', action: 'Ask again.', data: { minutes: 3 } })
    }
    for (const error of [seen[2], seen[5]])
      expect(error).toMatchObject({ name: 'RangeError', message: 'no', code: 'E1' })
  })

  test('may run beside others, whatever order they end in', async () => {
    let result: unknown
    const body = async (context: WorkflowContext) => {
      const pauses = [60, 10, 40, 0]
      result = await Promise.all(
        pauses.map((pause, index) =>
          context.step(`part ${index}`, async () => {
            await delay(pause)
            return index
          }),
        ),
      )
      await context.receive('go', 60_000)
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await eventually(() => result !== undefined)
    result = undefined
    await restart({ body })
    await eventually(() => result !== undefined)
    expect(result).toEqual([0, 1, 2, 3])
    await sendIn(db, engine, id, 'go', null)
    expect(await ended(engine, id)).toBe('succeeded')
  })

  test('cannot be begun inside another step', async () => {
    let message = ''
    const body = (context: WorkflowContext) =>
      context
        .step('outer', () => context.step('inner', async () => 1))
        .catch((error: unknown) => (message = String(error)))
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await ended(engine, id)
    expect(message).toContain('inside another step')
  })
})

describe('a transaction', () => {
  test('commits its rows with the record of the step, or leaves neither', async () => {
    const [kept, undone] = [newUuid(), newUuid()]
    const body = async (context: WorkflowContext) => {
      await context.transaction('keep', async (trx) => void (await writeRow(trx, kept)))
      const failing = context.transaction('undo', async (trx) => {
        await writeRow(trx, undone)
        throw new Error('no')
      })
      await failing.catch(() => undefined)
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    expect(await ended(engine, id)).toBe('succeeded')
    expect([await rowExists(kept), await rowExists(undone)]).toEqual([true, false])
  })
})

describe('an effect', () => {
  const hooks = (claimed: string, settled: Outcome<unknown>[]) => ({
    claim: async (trx: Transaction) => void (await writeRow(trx, claimed)),
    settle: async (_trx: Transaction, outcome: Outcome<unknown>) => void settled.push(outcome),
  })

  test('that is done or fails is a value, settled once, also after a restart', async () => {
    const settled: Outcome<unknown>[] = []
    const seen: unknown[] = []
    const at = new Date(0)
    const body = async (context: WorkflowContext) => {
      seen.push(await context.effect('good', hooks(newUuid(), settled), async () => ({ at })))
      seen.push(await context.effect('bad', hooks(newUuid(), settled), () => Promise.reject(new Error('no'))))
      await context.receive('go', 60_000)
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await eventually(() => seen.length === 2)
    await restart({ body })
    await eventually(() => seen.length === 4)
    const expected = [
      { kind: 'done', value: { at } },
      { kind: 'failed', error: 'no' },
    ]
    expect(seen).toEqual([...expected, ...expected])
    expect(settled).toEqual(expected)
    await sendIn(db, engine, id, 'go', null)
    expect(await ended(engine, id)).toBe('succeeded')
  })

  test('whose claim is refused does not run, leaves no row, and may be tried again as another step', async () => {
    const row = newUuid()
    const seen: (Outcome<unknown> | Refused)[] = []
    let ran = 0
    const refusing = {
      claim: async (trx: Transaction) => {
        await writeRow(trx, row)
        throw new AppError('approval_expired', 'too late', { action: 'Ask again.' })
      },
      settle: () => Promise.reject(new Error('there is nothing to settle')),
    }
    const body = async (context: WorkflowContext) => {
      seen.push(await context.effect('refused', refusing, async () => (ran += 1)))
      seen.push(await context.effect('again', hooks(newUuid(), []), async () => (ran += 1)))
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    expect(await ended(engine, id)).toBe('succeeded')
    expect(seen).toEqual([
      { kind: 'refused', code: 'approval_expired', message: 'too late', action: 'Ask again.' },
      { kind: 'done', value: 1 },
    ])
    expect(await rowExists(row)).toBe(false)
    const ledger = await db.database.kysely
      .selectFrom('step_attempt')
      .select('name')
      .where('workflow_id', '=', id)
      .execute()
    expect(ledger.map((each) => each.name)).toEqual(['again'])
  })

  test('that is stopped in the middle has an unknown outcome', async () => {
    const settled: Outcome<unknown>[] = []
    let begun = false
    const body = async (context: WorkflowContext) => {
      await context.effect('long', hooks(newUuid(), settled), async (signal) => {
        begun = true
        await delay(600_000, signal)
      })
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await eventually(() => begun)
    await restart({ body })
    expect(await ended(engine, id)).toBe('succeeded')
    expect(settled).toMatchObject([{ kind: 'unknown', reason: 'it was stopped: erlmcp is stopping' }])
  })
})

describe('a message', () => {
  test('is received whether it was sent before the wait or during it, once for one key', async () => {
    const heard: unknown[] = []
    const body = async (context: WorkflowContext) => {
      for (;;) {
        const message = await context.receive<{ n: number }>('news', 60_000)
        heard.push(message)
        if (message?.n === 3) return
      }
    }
    await launch({ body })
    const id = newUuid()
    await withTransaction(db.database, async (trx) => {
      await engine.start(trx, 'body', id, null)
      await engine.send(trx, id, 'news', { n: 1 }, 'first')
    })
    await eventually(() => heard.length === 1)
    await sendIn(db, engine, id, 'news', { n: 1 }, 'first')
    await sendIn(db, engine, id, 'news', { n: 2 }, 'second')
    await eventually(() => heard.length === 2)
    await sendIn(db, engine, id, 'news', { n: 3 }, 'third')
    expect(await ended(engine, id)).toBe('succeeded')
    expect(heard).toEqual([{ n: 1 }, { n: 2 }, { n: 3 }])
  })

  test('of a rolled-back transaction is never heard; the same key serves two workflows', async () => {
    const heard: unknown[] = []
    await launch({
      body: async (context) => heard.push([context.workflowId, await context.receive('news', 60_000)]),
    })
    const [one, two] = [newUuid(), newUuid()]
    for (const id of [one, two]) await startIn(db, engine, 'body', id)
    const failing = withTransaction(db.database, async (trx) => {
      await engine.send(trx, one, 'news', 'false', 'key')
      throw new Error('rolled back')
    })
    await expect(failing).rejects.toThrow('rolled back')
    for (const id of [one, two]) await sendIn(db, engine, id, 'news', 'true', 'key')
    await ended(engine, one)
    await ended(engine, two)
    expect(heard).toHaveLength(2)
    expect(heard).toEqual(
      expect.arrayContaining([
        [one, 'true'],
        [two, 'true'],
      ]),
    )
  })

  test('that does not come in time is null, and a sleep ends', async () => {
    const heard: unknown[] = []
    const body = async (context: WorkflowContext) => {
      await context.sleep(50)
      heard.push(await context.receive('news', 100))
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    expect(await ended(engine, id)).toBe('succeeded')
    expect(heard).toEqual([null])
  })

  test('to a workflow that does not exist is refused', async () => {
    await launch({})
    await expect(sendIn(db, engine, newUuid(), 'news', 1)).rejects.toThrow('non-existent workflow')
  })
})

describe('cancelling', () => {
  test('ends a workflow that waits, and one that works: its signal aborts', async () => {
    let aborted: unknown = null
    let waiting = false
    const bodies = {
      waits: async (context: WorkflowContext) => {
        waiting = true
        await context.receive('never', 600_000)
      },
      works: (context: WorkflowContext) =>
        context.step('long', async (signal) => {
          signal.addEventListener('abort', () => (aborted = signal.reason))
          await delay(600_000, signal)
        }),
    }
    const { log, lines } = memoryLog()
    await launch(bodies, { log })
    const [waits, works] = [newUuid(), newUuid()]
    await startIn(db, engine, 'waits', waits)
    await startIn(db, engine, 'works', works)
    await eventually(() => waiting)
    await engine.cancel(waits)
    await engine.cancel(works)
    expect([await engine.state(waits), await engine.state(works)]).toEqual(['cancelled', 'cancelled'])
    await eventually(() => aborted !== null)
    expect(lines.filter((line) => line.message.includes('ended by a fault'))).toEqual([])
  })

  test('a workflow that has not begun keeps it from beginning', async () => {
    let ran = false
    engine = engineOn(db)
    engine.define('body', async () => (ran = true))
    await engine.launch()
    const id = newUuid()
    await withTransaction(db.database, async (trx) => {
      await engine.start(trx, 'body', id, null)
    })
    await engine.cancel(id)
    await delay(300)
    const state = await engine.state(id)
    expect(state === 'cancelled' ? ran : !ran).toBe(false)
  })
})

describe('stopping', () => {
  test('lets a step under way finish, begins no other, and the next start goes on there', async () => {
    const ran: string[] = []
    const body = async (context: WorkflowContext) => {
      await context.step('first', async () => {
        ran.push('first')
        await delay(200)
      })
      await context.step('second', async () => ran.push('second'))
    }
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await eventually(() => ran.length === 1)
    await engine.stop({ drainMs: 10_000 })
    expect(await engine.state(id)).toBe('pending')
    expect(ran).toEqual(['first'])
    await launch({ body })
    expect(await ended(engine, id)).toBe('succeeded')
    expect(ran).toEqual(['first', 'second'])
  })

  test('aborts a step that takes too long, and the next start runs it again', async () => {
    let runs = 0
    const body = (context: WorkflowContext) =>
      context.step('long', async (signal) => {
        runs += 1
        if (runs === 1) await delay(600_000, signal)
      })
    await launch({ body })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await eventually(() => runs === 1)
    await restart({ body })
    expect(await ended(engine, id)).toBe('succeeded')
    expect(runs).toBe(2)
  })

  test('leaves a workflow that waits to the next start, without a word of fault', async () => {
    const { log, lines } = memoryLog()
    let heard: unknown
    const body = async (context: WorkflowContext) => {
      await context.sleep(1)
      heard = await context.receive('news', 600_000)
    }
    await launch({ body }, { log })
    const id = newUuid()
    await startIn(db, engine, 'body', id)
    await delay(500)
    await engine.stop({ drainMs: 10_000 })
    expect(await engine.state(id)).toBe('pending')
    await sendIn(db, engine, id, 'news', 'meanwhile')
    await launch({ body }, { log })
    expect(await ended(engine, id)).toBe('succeeded')
    expect(heard).toBe('meanwhile')
    expect(lines.filter((line) => line.level === 'error')).toEqual([])
  })
})

test('finished workflows are pruned with their records, running ones stay', async () => {
  const body = async (context: WorkflowContext, input: never) => {
    await context.transaction('row', async () => 1)
    if ((input as unknown) === 'waits') await context.receive('never', 600_000)
  }
  await launch({ body })
  const [done, waits] = [newUuid(), newUuid()]
  await startIn(db, engine, 'body', done)
  await startIn(db, engine, 'body', waits, 'waits')
  await ended(engine, done)
  expect(await engine.prune(new Date(Date.now() - 3_600_000))).toBe(0)
  expect(await engine.prune(new Date(Date.now() + 1_000))).toBeGreaterThan(0)
  expect([await engine.state(done), await engine.state(waits)]).toEqual([null, 'pending'])
  const records = await db.database.kysely.selectFrom('step_result').select('workflow_id').execute()
  expect(records.map((row) => row.workflow_id)).not.toContain(done)
})

test('an engine is well only while it runs', async () => {
  engine = engineOn(db)
  expect(engine.unwell()).toEqual(['the engine does not run'])
  await engine.launch()
  expect(engine.unwell()).toEqual([])
  await engine.stop({ drainMs: 0 })
  expect(engine.unwell()).toEqual(['the engine does not run'])
})

/** The same executor comes back: what it left is its own to take up. */
async function restart(bodies: Record<string, Body>): Promise<void> {
  await engine.stop({ drainMs: 0 })
  await launch(bodies)
}
