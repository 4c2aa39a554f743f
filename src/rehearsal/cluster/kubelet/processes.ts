import { appendFileSync, existsSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import path from 'node:path'

/** Everything here reads `/proc`, which is why the sandbox needs Linux. */
export function childrenOf(pid: number): number[] {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter((part) => part !== '').map(Number)
  } catch {
    return []
  }
} // prettier-ignore

/** The process and all that descend from it. Threads of a process may have children of their own. */
export function treeOf(pid: number): number[] {
  const tree = [pid]
  for (let at = 0; at < tree.length; at += 1) tree.push(...childrenOfAllThreads(tree[at] ?? 0))
  return tree
}

function childrenOfAllThreads(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) => {
      const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim()
      return text === '' ? [] : text.split(' ').map(Number)
    })
  } catch {
    return []
  }
}

/** When the process started, in clock ticks since boot; with the pid it names one process for good. */
export function startTimeOf(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null
  } catch {
    return null
  }
}

/** CPU seconds that the process has used. */
export function cpuSecondsOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND
  } catch {
    return 0
  }
}

/** Linux reports times of processes in hundredths on every architecture that Node runs on. */
const TICKS_PER_SECOND = 100

/** Memory of a set of processes as a container's limit counts it: what each owns, and shared memory once. */
export function memoryBytesOf(pids: readonly number[]): number {
  let own = 0
  let shared = 0
  for (const pid of pids) {
    try {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8')
      own += kilobytes(status, 'RssAnon')
      shared = Math.max(shared, kilobytes(status, 'RssShmem'))
    } catch {
      // gone in between
    }
  }
  return (own + shared) * 1_024
}

const kilobytes = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0)

/** The list of processes that a sandbox has started, so that the next one can end what a killed one left. */
export class ProcessRecord {
  #file: string

  constructor(dataDir: string) {
    this.#file = path.join(dataDir, 'processes')
  }

  add(pid: number): void {
    appendFileSync(this.#file, `${pid} ${startTimeOf(pid) ?? ''}\n`)
  }

  /** Ends what is still alive of an earlier sandbox: the same pid with the same start time, nothing else. */
  endLeftovers(): number {
    if (!existsSync(this.#file)) return 0
    const alive = readFileSync(this.#file, 'utf8')
      .split('\n')
      .map((line) => line.split(' '))
      .filter(([pid = '', started = '']) => started !== '' && startTimeOf(Number(pid)) === started)
      .map(([pid]) => Number(pid))
    for (const pid of alive) killTree(pid)
    rmSync(this.#file, { force: true })
    return alive.length
  }

  clear(): void {
    rmSync(this.#file, { force: true })
  }
}

/** From the top: `unshare` complains, and exits with 1, when what it waits for is killed before it. */
export function killTree(pid: number): void {
  for (const each of treeOf(pid)) sendSignal(each, 'SIGKILL')
}

export function sendSignal(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal)
  } catch {
    // already gone
  }
}
