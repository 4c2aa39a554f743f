// A replica as a process of its own, that a test may kill. Its workflow leaves what it does outside the database in a
// file, line by line, synced: what stands there has happened.
import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs'
import { delay } from '../../src/base/clock.ts'
import { newUuid } from '../../src/base/id.ts'
import { createDatabase } from '../../src/db/index.ts'
import type { Transaction } from '../../src/db/index.ts'
import { createEngine } from '../../src/workflow/index.ts'
import type { CrashPoint } from '../../src/workflow/index.ts'
import { silentLog } from './log.ts'

export interface ChildOptions {
  url: string
  executorId: string
  /** Where effects are noted. */
  notes: string
  /** Kills itself here, the first time. */
  crashAt: CrashPoint | null
  beatMs: number
  leaseMs: number
}

/** `pauseMs`: how long a step and the effect take. `effects`: how many, one after the other. */
export interface ChildInput {
  pauseMs: number
  effects: number
  waits: boolean
}

export const WORKFLOW = 'test-workflow'
export const GO = 'go'

const options = JSON.parse(process.argv[2] ?? '{}') as ChildOptions
const database = createDatabase({ url: options.url, name: 'child', acquireTimeoutMs: 2_000 })
const engine = createEngine({
  url: options.url,
  database,
  executorId: options.executorId,
  host: 'test',
  log: silentLog,
  beatMs: options.beatMs,
  leaseMs: options.leaseMs,
  async reach(point) {
    if (point !== options.crashAt) return
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => undefined)
  },
})

engine.define<ChildInput>(WORKFLOW, async (context, { pauseMs, effects, waits }) => {
  const id = context.workflowId
  await context.step('read', async () => {
    note(`${id} step`)
    await delay(pauseMs)
  })
  await context.transaction('row', (trx) => writeRow(trx, `${id} row`))
  for (let number = 0; number < effects; number += 1) {
    const outcome = await context.effect(
      `change ${number}`,
      {
        claim: (trx) => writeRow(trx, `${id} claimed ${number}`),
        settle: (trx, settled) => writeRow(trx, `${id} settled ${number} ${settled.kind}`),
      },
      async () => {
        note(`${id} effect ${number}`)
        await delay(pauseMs)
      },
    )
    await context.transaction(`keep ${number}`, (trx) =>
      writeRow(trx, `${id} kept ${number} ${outcome.kind}`),
    )
  }
  if (!waits) return
  const message = await context.receive<string>(GO, 600_000)
  await context.transaction('end', (trx) => writeRow(trx, `${id} heard ${message}`))
})

await engine.launch()
process.stdout.write('ready\n')
process.once('SIGTERM', () => {
  void engine
    .stop({ drainMs: 5_000 })
    .then(() => database.close())
    .then(() => process.exit(0))
})

function note(line: string): void {
  const file = openSync(options.notes, 'a')
  writeSync(file, `${line}\n`)
  fsyncSync(file)
  closeSync(file)
}

/** A name is unique, so whatever commits twice fails. */
async function writeRow(trx: Transaction, name: string): Promise<void> {
  await trx
    .insertInto('api_token')
    .values({ id: newUuid(), name, role: 'reader', token_hash: newUuid(), created_at: new Date() })
    .execute()
}
