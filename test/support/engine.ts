import { delay } from '../../src/base/clock.ts'
import { newUuid } from '../../src/base/id.ts'
import { withTransaction } from '../../src/db/index.ts'
import { createEngine } from '../../src/workflow/index.ts'
import type { EngineOptions, WorkflowEngine, WorkflowState } from '../../src/workflow/index.ts'
import type { TestDatabase } from './database.ts'
import { silentLog } from './log.ts'

/** An engine on a test database. One at a time in a process. */
export const engineOn = (db: TestDatabase, options: Partial<EngineOptions> = {}): WorkflowEngine =>
  createEngine({
    url: db.url,
    database: db.database,
    executorId: `test-${newUuid()}`,
    host: 'test',
    log: silentLog,
    ...options,
  })

export const startIn = (
  db: TestDatabase,
  engine: WorkflowEngine,
  name: string,
  id: string,
  input: unknown = null,
) => withTransaction(db.database, (trx) => engine.start(trx, name, id, input))

export const sendIn = (
  db: TestDatabase,
  engine: WorkflowEngine,
  id: string,
  topic: string,
  message: unknown,
  key = newUuid(),
) => withTransaction(db.database, (trx) => engine.send(trx, id, topic, message, key))

/** Waits until a workflow has ended, and says how. */
export async function ended(engine: WorkflowEngine, workflowId: string): Promise<WorkflowState | null> {
  let state: WorkflowState | null = 'pending'
  await eventually(async () => {
    state = await engine.state(workflowId)
    return state !== 'pending'
  })
  return state
}

/** Waits until something holds; the limit only ends a test that would hang. */
export async function eventually(holds: () => boolean | Promise<boolean>, limitMs = 45_000): Promise<void> {
  const limit = performance.now() + limitMs
  while (!(await holds())) {
    if (performance.now() > limit) throw new Error('it did not come to hold')
    await delay(20)
  }
}
