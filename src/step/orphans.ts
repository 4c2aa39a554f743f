import { hostname } from 'node:os'
import { endGroup, findMembers } from './executors/process-group.ts'
import { listProcesses, processStartedAt } from './executors/process-table.ts'

export interface Leftover {
  /** As recorded by `onStart`; `null` where the crash came before that. */
  host: string | null
  pid: number | null
  startedAt: string | null
  /** Finds what has left the process group, and proves that a group is ours when its leader has ended. */
  executionId?: string
}

export type LeftoverReport =
  | { kind: 'gone'; message: null }
  | { kind: 'killed'; processes: number[]; message: string }
  /** It cannot be seen from here: another host, or a system without /proc. */
  | { kind: 'unseen'; message: string }

/**
 * After a crash of erlmcp: ends what is left of the command that it ran, so that nothing acts after a person has decided.
 * Normally there is nothing, because a command dies with its erlmcp. Never touches a process that only has the same number.
 */
export async function killLeftover(
  leftover: Leftover,
  thisHost: string = hostname(),
): Promise<LeftoverReport> {
  const { host, pid, startedAt, executionId } = leftover
  if (host !== null && host !== thisHost) {
    return {
      kind: 'unseen',
      message: `it ran on ${host}; whether it still runs cannot be seen from ${thisHost}`,
    }
  }
  if ((await listProcesses()) === null) {
    return { kind: 'unseen', message: 'whether it still runs cannot be seen on this system' }
  }
  const same = pid !== null && startedAt !== null && (await processStartedAt(pid)) === startedAt
  // 0 is no group: only what carries the marker is looked for
  const target = { pid: same ? pid : 0, executionId: executionId ?? '' }
  const { grouped, outside } = await findMembers(target)
  if (grouped.length + outside.length === 0) return { kind: 'gone', message: null }
  const processes = await endGroup(target, [])
  return {
    kind: 'killed',
    processes,
    message: `it was still running on ${thisHost} and was killed (process ${processes.join(', ')})`,
  }
}
