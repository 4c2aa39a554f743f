import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { newUuid } from '../../src/base/id.ts'
import type { WorkflowEngine } from '../../src/workflow/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'
import { ended, engineOn, startIn } from '../support/engine.ts'
import { notesIn, rowsOf, startReplica } from '../support/replica.ts'

/** `ERLMCP_KILLS=200` for the long one. */
const KILLS = Number(process.env['ERLMCP_KILLS'] ?? 6)
const RUNS = 12
const EFFECTS = Math.max(6, KILLS)
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-kills-'))
let db: TestDatabase
let engine: WorkflowEngine

beforeAll(async () => {
  db = await testDatabase()
  engine = engineOn(db)
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await db.drop()
})

test(
  `a replica is killed ${KILLS} times at random under work: nothing is lost, no effect runs twice`,
  { timeout: 60_000 + KILLS * 10_000 },
  async () => {
    const notes = path.join(folder, 'notes')
    const ids = Array.from({ length: RUNS }, () => newUuid())
    for (const id of ids) {
      await startIn(db, engine, 'test-workflow', id, { pauseMs: 40, effects: EFFECTS, waits: false })
    }
    const executorId = 'killed-again-and-again'
    for (let kill = 0; kill < KILLS; kill += 1) {
      const replica = startReplica({ url: db.url, executorId, notes, crashAt: null })
      await replica.ready
      await delay(Math.random() * 1_500)
      await replica.kill('SIGKILL')
    }
    const last = startReplica({ url: db.url, executorId, notes, crashAt: null })
    for (const id of ids) expect(await ended(engine, id)).toBe('succeeded')
    await last.kill('SIGTERM')

    const effects = notesIn(notes).filter((line) => line.includes(' effect '))
    expect(new Set(effects).size).toBe(effects.length)
    for (const id of ids) {
      const rows = await rowsOf(db.database, id)
      for (let number = 0; number < EFFECTS; number += 1) {
        const kept = rows.filter((row) => row.startsWith(`kept ${number} `))
        expect(kept).toHaveLength(1)
        const settled = rows.filter((row) => row.startsWith(`settled ${number} `))
        expect(settled).toEqual([kept[0]?.replace('kept', 'settled')])
        // what is recorded as done has happened; what has not is unknown
        if (kept[0]?.endsWith('done') === true) expect(effects).toContain(`${id} effect ${number}`)
      }
    }
  },
)
