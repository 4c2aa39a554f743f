import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../base/error.ts'

/**
 * Makes this process the owner of a data folder until it ends. The lock names the process by id and start time, so that
 * the one of a killed process counts for nothing and a reused process id is not taken for its owner.
 * @throws AppError `data_locked`.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  const file = path.join(dataDir, 'owner.lock')
  const mine = `${process.pid} ${startTimeOf(process.pid) ?? 'unknown'}\n`
  for (let attempt = 0; ; attempt += 1) {
    try {
      writeFileSync(file, mine, { flag: 'wx', mode: 0o600 })
      break
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST' || attempt > 20) throw error
      const owner = liveOwner(file)
      if (owner !== null) {
        throw new AppError('data_locked', `another erlmcp (process ${owner}) uses ${dataDir}`, {
          action: 'Use that one, stop it, or set ERLMCP_DATA_DIR to another folder.',
          data: { pid: owner },
        })
      }
      rmSync(file, { force: true })
    }
  }
  return {
    release() {
      if (read(file) === mine) rmSync(file, { force: true })
    },
  }
}

function liveOwner(file: string): number | null {
  const [pid = '', startedAt = ''] = (read(file) ?? '').trim().split(' ')
  const owner = Number(pid)
  if (!Number.isInteger(owner) || owner <= 0) return null
  return isProcess(owner, startedAt) ? owner : null
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return null
  }
}

/** Whether this very process still runs; where the system tells no start time, whether its number is in use. */
export function isProcess(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = startTimeOf(pid)
  return now === null || startedAt === 'unknown' || now === startedAt
}

/** Start of a process in clock ticks since boot, with the boot's id; Linux only. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name in parentheses may hold spaces; field 22 is the 20th after it
    const ticks = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return ticks === undefined ? null : `${boot}:${ticks}`
  } catch {
    return null
  }
}
