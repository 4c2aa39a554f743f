import { delay } from '../../base/clock.ts'
import { commandLine, descendantsOf, ignoresHangup, listProcesses, markedProcesses } from './process-table.ts'

const POLL_MS = 20
const SETTLE_MS = 1_000

export interface GroupTarget {
  /** The leader, whose number is also the group's. */
  pid: number
  executionId: string
}

export interface Stage {
  signal: NodeJS.Signals
  waitMs: number
}

/**
 * Ends a command with everything it started: the group, and what left the group but still carries its marker or has a
 * living ancestor in it. Each signal is followed by a wait; the last one is KILL. Returns the processes that were met;
 * gives up after five seconds of KILL (a process in uninterruptible sleep).
 */
export async function endGroup(target: GroupTarget, stages: readonly Stage[]): Promise<number[]> {
  const met = new Set<number>()
  for (const stage of [...stages, { signal: 'SIGKILL' as const, waitMs: 5_000 }]) {
    if (await endWith(target, stage, met)) break
  }
  return [...met]
}

async function endWith(target: GroupTarget, { signal, waitMs }: Stage, met: Set<number>): Promise<boolean> {
  const deadline = performance.now() + waitMs
  const signalled = new Set<number>()
  do {
    const { grouped, outside } = await findMembers(target)
    if (grouped.length + outside.length === 0) return true
    // KILL is repeated: a process forked while the list was read is met in the next round
    const again = signal === 'SIGKILL' || signalled.size === 0
    if (again && grouped.length > 0) send(-target.pid, signal)
    for (const pid of outside) if (signal === 'SIGKILL' || !signalled.has(pid)) send(pid, signal)
    for (const pid of [...grouped, ...outside]) {
      if (!signalled.has(pid)) send(pid, 'SIGCONT')
      signalled.add(pid)
      met.add(pid)
    }
    await delay(POLL_MS)
  } while (performance.now() < deadline)
  return false
}

/**
 * After a normal end: what is left in the group is ended as at a logout; `nohup` and processes with their own session
 * stay. `script` is the word by which a copy of the shell itself is known, that has not become its program yet.
 */
export async function hangUp(target: GroupTarget, script: string, graceMs: number): Promise<void> {
  await until(SETTLE_MS, async () => {
    const lines = await Promise.all((await backgroundOf(target)).map(commandLine))
    return !lines.some((words) => isBecoming(words, script))
  })
  for (const [signal, waitMs] of [
    ['SIGTERM', graceMs],
    ['SIGKILL', 1_000],
  ] as const) {
    for (const pid of await backgroundOf(target)) send(pid, signal)
    if (await until(waitMs, async () => (await backgroundOf(target)).length === 0)) return
  }
}

/** Still a copy of the shell, in the middle of an exec (no words), or about to leave or to ignore the hang-up. */
const isBecoming = (words: readonly string[], script: string): boolean =>
  words.length === 0 || words.includes(script) || /(?:^|\/)(?:nohup|setsid)$/.test(words[0] ?? '')

async function until(waitMs: number, done: () => Promise<boolean>): Promise<boolean> {
  const deadline = performance.now() + waitMs
  for (;;) {
    if (await done()) return true
    if (performance.now() >= deadline) return false
    await delay(POLL_MS)
  }
}

/** Whether the group has any member: one system call, so that the usual end costs no look at every process. */
export function groupExists(pid: number): boolean {
  return send(-pid, 0)
}

async function backgroundOf({ pid }: GroupTarget): Promise<number[]> {
  if (!groupExists(pid)) return []
  const entries = await listProcesses()
  if (entries === null) return [-pid]
  const members = entries
    .filter((entry) => entry.group === pid && entry.state !== 'Z')
    .map((entry) => entry.pid)
  const staying = await Promise.all(members.map(ignoresHangup))
  return members.filter((_, index) => staying[index] !== true)
}

interface Members {
  grouped: number[]
  outside: number[]
}

export async function findMembers({ pid, executionId }: GroupTarget): Promise<Members> {
  const entries = await listProcesses()
  if (entries === null) return { grouped: groupExists(pid) ? [pid] : [], outside: [] }
  const alive = entries.filter((entry) => entry.state !== 'Z')
  const members = new Set(alive.filter((entry) => pid > 1 && entry.group === pid).map((entry) => entry.pid))
  const grouped = [...members]
  for (const marked of await markedProcesses(alive, executionId)) members.add(marked)
  for (const descendant of descendantsOf(alive, members)) members.add(descendant)
  return { grouped, outside: [...members].filter((member) => !grouped.includes(member)) }
}

// `kill(-1)` and `kill(0)` would reach far more than one command
function send(pid: number, signal: NodeJS.Signals | 0): boolean {
  if (Math.abs(pid) <= 1 || !Number.isSafeInteger(pid)) return false
  try {
    return process.kill(pid, signal)
  } catch (error) {
    // ESRCH: it ended meanwhile; EPERM: it runs as another user (sudo) and cannot be signalled
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
