import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { newUuid } from '../../base/id.ts'
import { writable } from './folder.ts'

const MAX_TRIES = 20

/**
 * Makes this process the owner of a data folder until it ends. The lock names the process by id, start time and boot,
 * so that the one of a killed process counts for nothing and a reused process id is not taken for its owner. It is no
 * guard between containers that share a folder: they do not see each other's processes.
 * @throws AppError `data_locked`, `data_unwritable`.
 */
export function lockDataDir(dataDir: string): { release(): void } {
  const file = path.join(dataDir, 'owner.lock')
  const mine = `${process.pid} ${startTimeOf(process.pid) ?? 'unknown'} ${newUuid()}\n`
  for (let attempt = 1; !create(file, mine); attempt += 1) {
    const found = read(file)
    if (found === null) continue
    const owner = liveOwner(found)
    if (owner !== null || attempt >= MAX_TRIES) throw lockedFault(dataDir, owner)
    removeStale(file, found)
  }
  return {
    release() {
      if (read(file) === mine) rmSync(file, { force: true })
    },
  }
}

function create(file: string, content: string): boolean {
  return writable(file, () => {
    try {
      writeFileSync(file, content, { flag: 'wx', mode: 0o600 })
      return true
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false
      throw error
    }
  })
}

/** Moved away before it is removed: in between another starter may have put its own in place, which has to stay. */
function removeStale(file: string, stale: string): void {
  const aside = `${file}.${newUuid()}`
  try {
    renameSync(file, aside)
    if (read(aside) !== stale) linkSync(aside, file)
  } catch {
    // another starter was first; the next try sees its lock
  }
  rmSync(aside, { force: true })
}

function lockedFault(dataDir: string, owner: number | null): AppError {
  const who = owner === null ? 'another erlmcp' : `another erlmcp (process ${owner})`
  return new AppError('data_locked', `${who} uses ${dataDir}`, {
    action: 'Use that one, stop it, or set ERLMCP_DATA_DIR to another folder.',
    data: { dataDir, pid: owner },
  })
}

function liveOwner(content: string): number | null {
  const [pid = '', startedAt = ''] = content.trim().split(' ')
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
function isProcess(pid: number, startedAt: string): boolean {
  try {
    process.kill(pid, 0)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPERM') return false
  }
  const now = startTimeOf(pid)
  return now === null || startedAt === 'unknown' || now === startedAt
}

/** Start of a process in clock ticks since boot, with the boot's id; Linux only. A zombie has none any more. */
function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // the name in parentheses may hold spaces; field 22 is the 20th after it
    const [state, ...fields] = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const ticks = state === 'Z' || state === 'X' ? 'ended' : fields[18]
    const boot = readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()
    return ticks === undefined ? null : `${boot}:${ticks}`
  } catch {
    return null
  }
}
