/**
 * Kills the real server with SIGKILL at random moments, and counts what was lost and what was done twice by a log that
 * the commands themselves write. `node bench/chaos.ts [kills] [seed]`; 200 kills by default.
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { faultsOf, runKillLoop } from './chaos/loop.ts'

const [kills = '200', seed = String(Date.now() % 1_000_000)] = process.argv.slice(2)
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-chaos-'))
const report = await runKillLoop({
  folder,
  kills: Number(kills),
  seed: Number(seed),
  alerts: Number(kills) * 2,
  alertEveryMs: 6_000,
  settleMs: 300_000,
  onKill: (number) => process.stderr.write(number % 10 === 0 ? `${number} ` : '.'),
})
const faults = faultsOf(report)
process.stderr.write('\n')
console.log(JSON.stringify(report, null, 2))
if (faults.length === 0) rmSync(folder, { recursive: true, force: true })
else {
  process.stderr.write(`${faults.join('\n')}\nleft for a look: ${folder}\n`)
  process.exitCode = 1
}
