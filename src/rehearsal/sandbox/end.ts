import { delay } from '../../base/clock.ts'
import { ProcessRecord, sendSignal } from '../cluster/kubelet/processes.ts'
import { isAlive, readRecord, removeRecord } from './record.ts'

const STOP_WITHIN_MS = 30_000

/**
 * Ends the sandbox of a folder: the process that the record names by pid and start time, and whatever an earlier one
 * left. @returns the pid that was ended, `null` when none ran, and how many leftovers there were.
 */
export async function endSandbox(dataDir: string): Promise<{ pid: number | null; leftovers: number }> {
  const record = await readRecord(dataDir)
  if (record !== null) {
    sendSignal(record.pid, 'SIGTERM')
    const limit = performance.now() + STOP_WITHIN_MS
    while (isAlive(record) && performance.now() < limit) await delay(100)
    if (isAlive(record)) sendSignal(record.pid, 'SIGKILL')
    while (isAlive(record)) await delay(50)
  }
  const leftovers = new ProcessRecord(dataDir).endLeftovers()
  removeRecord(dataDir)
  return { pid: record?.pid ?? null, leftovers }
}
