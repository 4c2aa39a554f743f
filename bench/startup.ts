/**
 * Cold start (empty data folder, database made), warm start, `--version`, and memory when idle.
 * Peer: `node -e 0`, the floor of any Node program on this machine.
 */
import { spawnSync } from 'node:child_process'
import { setTimeout as delay } from 'node:timers/promises'
import { quantile, residentMiB, round, startServer, temporaryFolder } from './support/measure.ts'

const { folder, remove } = temporaryFolder('startup')
try {
  const cold = await startServer(folder)
  const coldMs = cold.readyMs
  await cold.stop()
  const warm: number[] = []
  let idleMiB = 0
  for (let round = 0; round < 5; round += 1) {
    const server = await startServer(folder)
    warm.push(server.readyMs)
    if (round === 4) {
      await delay(5_000)
      idleMiB = residentMiB(server.child.pid ?? 0)
    }
    await server.stop()
  }
  const time = (args: string[]): number => {
    const started = performance.now()
    spawnSync(process.execPath, args, { stdio: 'ignore' })
    return performance.now() - started
  }
  const version = Array.from({ length: 9 }, () => time(['src/main.ts', '--version']))
  const floor = Array.from({ length: 9 }, () => time(['-e', '0']))
  const versionMs = quantile(version, 0.5)
  const floorMs = quantile(floor, 0.5)
  console.log(
    JSON.stringify({
      coldStartMs: Math.round(coldMs),
      warmStartMs: Math.round(quantile(warm, 0.5)),
      versionMs: Math.round(versionMs),
      nodeFloorMs: Math.round(floorMs),
      versionToFloor: round(versionMs / floorMs, 2),
      idleMiB: Math.round(idleMiB),
    }),
  )
} finally {
  remove()
}
