// A process that works at a restore and kills itself after each step once: the step is done, its record is not.
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { RESTORE_WORKFLOW, runRestore } from '../../src/backup/index.ts'
import type { RestoreJob } from '../../src/backup/index.ts'
import { createDatabase } from '../../src/db/index.ts'
import { createEngine } from '../../src/workflow/index.ts'
import { silentLog } from './log.ts'
import { backupWorld } from './restore-world.ts'

export interface RestoreChildOptions {
  url: string
  world: { folder: string; url: string }
}

const options = JSON.parse(process.argv[2] ?? '{}') as RestoreChildOptions
const seenFile = path.join(options.world.folder, 'seen')
const seen = (): string[] => (existsSync(seenFile) ? readFileSync(seenFile, 'utf8').split('\n') : [])
const database = createDatabase({ url: options.url, name: 'child' })
const engine = createEngine({
  url: options.url,
  database,
  executorId: 'restore-child',
  host: 'test',
  log: silentLog,
  async reach(point, { name }) {
    if (point !== 'step.done' || seen().includes(name)) return
    appendFileSync(seenFile, `${name}\n`, { flush: true })
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => undefined)
  },
})
const deps = backupWorld(database, options.world)
engine.define<RestoreJob>(RESTORE_WORKFLOW, (context, job) => runRestore(deps, context, job))
await engine.launch()
