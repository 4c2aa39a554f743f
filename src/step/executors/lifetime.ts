import { delay } from '../../base/clock.ts'
import type { ExecutionLimits, StepOutcome } from '../model.ts'
import type { OutputPipes } from './guard.ts'
import { endGroup, groupExists, hangUp, type GroupTarget, type Stage } from './process-group.ts'
import type { Recorder } from './recorder.ts'

/** How long output that is still in the pipes is read after the command has ended. */
const DRAIN_MS = 500
const DRAIN_BYTES = 262_144
const POLL_MS = 20

export interface Lifetime {
  target: GroupTarget
  /** The file that bash runs. */
  script: string
  limits: ExecutionLimits
  windowMs: number | undefined
  /** Resolves with the command's own end. */
  ended: Promise<StepOutcome>
  signal: AbortSignal
}

/** Waits for the first of: own end, time limit, window, stop. In the last three nothing of the command is left running. */
export async function untilEnd({
  target,
  script,
  limits,
  windowMs,
  ended,
  signal,
}: Lifetime): Promise<StepOutcome> {
  const finished = new AbortController()
  const after = (ms: number, kind: 'timed-out' | 'window-ended') =>
    delay(ms, finished.signal).then(() => ({ kind }) as const)
  const stopped = new Promise<{ kind: 'stopped' }>((resolve) => {
    signal.addEventListener('abort', () => resolve({ kind: 'stopped' }), {
      once: true,
      signal: finished.signal,
    })
    if (signal.aborted) resolve({ kind: 'stopped' })
  })
  const waits = [after(limits.timeoutMs, 'timed-out')]
  if (windowMs !== undefined && windowMs < limits.timeoutMs) waits.push(after(windowMs, 'window-ended'))
  for (const wait of waits) wait.catch(() => {})
  try {
    const outcome = await Promise.race([ended, stopped, ...waits])
    if (outcome.kind === 'exited' || outcome.kind === 'signalled' || outcome.kind === 'not-started') {
      if (groupExists(target.pid)) await hangUp(target, script, limits.graceMs)
      return outcome
    }
    const term: Stage = { signal: 'SIGTERM', waitMs: limits.graceMs }
    // as a person would end it: ping and tail then print what they have counted
    const interrupt: Stage = { signal: 'SIGINT', waitMs: Math.min(limits.graceMs, 1_000) }
    await endGroup(target, outcome.kind === 'window-ended' ? [interrupt, term] : [term])
    // not for ever: a process in uninterruptible sleep does not end
    await Promise.race([ended, delay(1_000, finished.signal).catch(() => {})])
    return outcome
  } finally {
    finished.abort()
  }
}

/** Reads what is still in the pipes. A background process that keeps them open is not waited for. */
export async function drain(
  recorder: Recorder,
  pipes: Pick<OutputPipes, 'stdout' | 'stderr'>,
  recording: Promise<unknown>,
): Promise<void> {
  const done = recording.then(() => true)
  const mark = recorder.progress()
  for (;;) {
    if (await Promise.race([done, delay(POLL_MS).then(() => false)])) return
    const { idleMs, bytes } = recorder.progress()
    if (idleMs < DRAIN_MS && bytes - mark.bytes < DRAIN_BYTES) continue
    pipes.stdout.destroy()
    pipes.stderr.destroy()
    await done
    await recorder.note(
      'a background process keeps the output open; what it writes from here on is not recorded',
    )
    return
  }
}
