/**
 * Kills replicas with SIGKILL at random moments while incidents escalate, and counts whom the pages reached: nobody twice for
 * one level, nobody never. `node bench/escalation-chaos.ts [kills] [seed]`; 1,000 kills by default.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createLogger } from '../src/base/log.ts'
import { createDatabase, startEmbedded } from '../src/db/index.ts'
import { migrateAll } from '../src/workflow/index.ts'
import { faultsOf, runEscalationTrials } from './escalation/trials.ts'

const [kills = '1000', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2)
const dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-escalation-'))
const embedded = await startEmbedded({ dataDir, log: createLogger({ level: 'error' }) })
await migrateAll(embedded.url)
const database = createDatabase({ url: embedded.url, name: 'trials' })
try {
  const report = await runEscalationTrials({
    url: embedded.url,
    database,
    kills: Number(kills),
    seed: Number(seed),
    speed: 100,
    settleMs: 60_000,
    onKill: (number) => process.stderr.write(number % 50 === 0 ? `${number} ` : '.'),
  })
  process.stderr.write('\n')
  console.log(JSON.stringify(report, null, 2))
  const faults = faultsOf(report)
  if (faults.length > 0) {
    process.stderr.write(`${faults.join('\n')}\n`)
    process.exitCode = 1
  }
} finally {
  await database.close()
  await embedded.stop()
  rmSync(dataDir, { recursive: true, force: true })
}
