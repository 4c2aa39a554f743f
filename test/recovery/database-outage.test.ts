import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { newUuid } from '../../src/base/id.ts'
import { createDatabase, startEmbedded, withTransaction } from '../../src/db/index.ts'
import type { EmbeddedPostgres, Transaction } from '../../src/db/index.ts'
import { migrateAll } from '../../src/workflow/index.ts'
import type { TestDatabase } from '../support/database.ts'
import { ended, engineOn, eventually, startIn } from '../support/engine.ts'
import { silentLog } from '../support/log.ts'
import { rowsOf } from '../support/replica.ts'

const RUNS = 12
const EFFECTS = 6
const dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-outage-'))
let embedded: EmbeddedPostgres
let db: TestDatabase

beforeAll(async () => {
  chmodSync(dataDir, 0o711)
  embedded = await startEmbedded({ dataDir, log: silentLog })
  await migrateAll(embedded.url)
  const database = createDatabase({ url: embedded.url, name: 'test', acquireTimeoutMs: 2_000 })
  db = { url: embedded.url, database, drop: () => database.close() }
})
afterAll(async () => {
  await db.drop()
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
})

const writeRow = async (trx: Transaction, name: string): Promise<void> => {
  const row = { id: newUuid(), name, role: 'reader', token_hash: newUuid(), created_at: new Date() }
  await trx.insertInto('api_token').values(row).execute()
}

test('the database is killed, then stopped, under work: all goes on when it is back, and no effect runs twice', async () => {
  const effects: string[] = []
  const engine = engineOn(db, { beatMs: 200, leaseMs: 1_500 })
  engine.define('busy', async (context) => {
    const id = context.workflowId
    for (let number = 0; number < EFFECTS; number += 1) {
      await context.step(`read ${number}`, () => withTransaction(db.database, async () => delay(20)))
      const outcome = await context.effect(
        `change ${number}`,
        {
          claim: (trx) => writeRow(trx, `${id} claimed ${number}`),
          settle: (trx) => writeRow(trx, `${id} settled ${number}`),
        },
        async () => {
          effects.push(`${id} ${number}`)
          await delay(30)
        },
      )
      await context.transaction(`keep ${number}`, (trx) =>
        writeRow(trx, `${id} kept ${number} ${outcome.kind}`),
      )
    }
  })
  await engine.launch()
  onTestFinished(() => engine.stop({ drainMs: 0 }))
  const ids = Array.from({ length: RUNS }, () => newUuid())
  for (const id of ids) await startIn(db, engine, 'busy', id)
  // a clean stop removes the socket, a kill leaves it: two different errors for a client
  for (const signal of ['SIGKILL', 'SIGINT'] as const) {
    const seen = effects.length
    await eventually(() => effects.length > seen + RUNS)
    const before = embedded.pid()
    process.kill(before, signal)
    await eventually(() => embedded.pid() !== before)
  }
  for (const id of ids) {
    const state = await ended(engine, id)
    const { rows } = await sql<{ status: string; error: string | null }>`
      select s.status, o.error from dbos.workflow_status s
      left join dbos.workflow_output o on o.workflow_uuid = s.workflow_uuid
      where s.workflow_uuid = ${id}`.execute(db.database.kysely)
    expect(state, `${rows[0]?.status} ${rows[0]?.error}`).toBe('succeeded')
  }
  expect(new Set(effects).size).toBe(effects.length)
  expect(effects).toHaveLength(RUNS * EFFECTS)
  for (const id of ids) {
    const numbers = Array.from({ length: EFFECTS }, (_value, number) => number)
    expect(await rowsOf(db.database, id)).toEqual(
      ['claimed', 'kept', 'settled'].flatMap((what) =>
        numbers.map((number) => (what === 'kept' ? `kept ${number} done` : `${what} ${number}`)),
      ),
    )
  }
})
