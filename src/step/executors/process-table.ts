import { readdir, readFile } from 'node:fs/promises'

/** Set in the environment of every command, so that its processes are found when they leave the group. */
export const MARKER = 'ERLMCP_EXECUTION_ID'

export interface ProcessEntry {
  pid: number
  parent: number
  group: number
  state: string
  startedTicks: string
}

type Look = Promise<ProcessEntry[] | null>
let running: Look | null = null
let next: Look | null = null

/**
 * Every process of this host, from /proc, as it is after the call; `null` where there is none (not Linux). Many commands
 * that end at one time share a look: each for itself would open as many files as there are commands times processes.
 */
export async function listProcesses(): Look {
  if (running === null) return begin()
  next ??= running.then(begin, begin)
  return next
}

function begin(): Look {
  next = null
  const look = lookAtAll().finally(() => {
    if (running === look) running = null
  })
  running = look
  return look
}

async function lookAtAll(): Look {
  const names = await readdir('/proc').catch(() => null)
  if (names === null || !names.includes('self')) return null
  const numbers = names.filter((name) => /^\d+$/.test(name))
  return (await inBatches(numbers, readEntry)).filter((entry) => entry !== null)
}

/** Start time since boot together with the boot: equal only for the same process. `null` when there is no such process. */
export async function processStartedAt(pid: number): Promise<string | null> {
  const [entry, boot] = await Promise.all([readEntry(String(pid)), bootId()])
  return entry === null ? null : `${entry.startedTicks}@${boot}`
}

/** The processes whose environment carries the marker of this execution. */
export async function markedProcesses(
  entries: readonly ProcessEntry[],
  executionId: string,
): Promise<number[]> {
  if (executionId === '') return []
  const line = `${MARKER}=${executionId}`
  const marked = await inBatches(entries, async ({ pid }) => {
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '')
    return environment.split('\0').includes(line) ? pid : null
  })
  return marked.filter((pid) => pid !== null)
}

/** Files that one look has open at a time. */
const AT_A_TIME = 32

async function inBatches<T, R>(all: readonly T[], read: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  for (let from = 0; from < all.length; from += AT_A_TIME)
    results.push(...(await Promise.all(all.slice(from, from + AT_A_TIME).map(read))))
  return results
}

/** All descendants of the given processes. */
export function descendantsOf(entries: readonly ProcessEntry[], roots: ReadonlySet<number>): number[] {
  const found = new Set(roots)
  let grown = true
  while (grown) {
    grown = false
    for (const { pid, parent } of entries) {
      if (!found.has(parent) || found.has(pid)) continue
      found.add(pid)
      grown = true
    }
  }
  return [...found].filter((pid) => !roots.has(pid))
}

/** Whether a background process asked to outlive the terminal (`nohup`). */
export async function ignoresHangup(pid: number): Promise<boolean> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const mask = /^SigIgn:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  return mask !== undefined && (BigInt(`0x${mask}`) & 1n) === 1n
}

/** The words of a process; empty for one that has ended. */
export async function commandLine(pid: number): Promise<string[]> {
  const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
  return text.split('\0').slice(0, -1)
}

const bootId = async (): Promise<string> =>
  (await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => 'unknown')).trim()

async function readEntry(name: string): Promise<ProcessEntry | null> {
  const stat = await readFile(`/proc/${name}/stat`, 'latin1').catch(() => null)
  if (stat === null) return null
  // the command in parentheses may itself hold parentheses and spaces
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  const [state, parent, group] = fields
  const startedTicks = fields[19]
  if (state === undefined || startedTicks === undefined) return null
  return { pid: Number(name), parent: Number(parent), group: Number(group), state, startedTicks }
}
