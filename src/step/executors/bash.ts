import { spawn, type ChildProcess } from 'node:child_process'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { messageOf } from '../../base/error.ts'
import type { Redactor } from '../../base/redact.ts'
import type { ExecuteRequest, OutputSink, StepOutcome, StepResult } from '../model.ts'
import { prepareFolder, stateAfter, type CommandFolder } from './command-folder.ts'
import { createGuard, type Guard, type OutputPipes } from './guard.ts'
import { drain, untilEnd } from './lifetime.ts'
import { endGroup } from './process-group.ts'
import { processStartedAt } from './process-table.ts'
import { createRecorder, type Recorder } from './recorder.ts'

export interface BashDeps {
  now: () => Date
  output: OutputSink
  redactor: Redactor
  /** One folder for one run: home and first working directory of its commands, kept until the run ends. */
  scratchDir: string
  /** One for all commands of this erlmcp saves two processes a command. Default: one for this command. */
  guard?: Guard
}

const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1_048_576
const STORE_AFTER_STOP_MS = 5_000

/**
 * Runs one script by bash, in a process group of its own, and stores its output.
 * Expected outcomes are values; it throws only when the output cannot be stored or `onStart` rejects.
 */
export async function executeBash(
  deps: BashDeps,
  request: ExecuteRequest,
  signal: AbortSignal,
): Promise<StepResult> {
  if (signal.aborted) return notStarted(request, 'it was stopped before it began')
  const guard = deps.guard ?? createGuard()
  const closing: (() => unknown)[] = deps.guard === undefined ? [() => guard.stop()] : []
  try {
    const started = await start(deps, request, guard, closing).catch((error: unknown) =>
      notStarted(request, messageOf(error)),
    )
    return 'kind' in started ? started : await run(deps, request, signal, started)
  } finally {
    for (const close of closing.reverse()) await close()
  }
}

interface Started {
  folder: CommandFolder
  pipes: OutputPipes
  child: ChildProcess
  pid: number
  ended: Promise<StepOutcome>
}

/** Bash is there and waits for the word to begin. What has to be undone at the end is put on `closing`. */
async function start(
  deps: BashDeps,
  request: ExecuteRequest,
  guard: Guard,
  closing: (() => unknown)[],
): Promise<Started> {
  const folder = await prepareFolder(deps.scratchDir, request)
  closing.push(() => rm(folder.path, { recursive: true, force: true }))
  const pipes = await guard.openPipes(folder.path)
  closing.push(() => {
    pipes.stdout.destroy()
    pipes.stderr.destroy()
  })
  try {
    const child = spawn(folder.bash, ['--noprofile', '--norc', folder.script], {
      cwd: folder.cwd,
      env: folder.environment,
      detached: true,
      stdio: ['ignore', ...pipes.writeEnds, 'pipe'],
    })
    const ended = outcomeOf(child)
    const { pid } = child
    if (pid === undefined)
      throw await ended.then(
        (outcome) => new Error('reason' in outcome ? outcome.reason : 'bash did not start'),
      )
    guard.watch(request.executionId, pid)
    closing.push(() => guard.release(request.executionId))
    return { folder, pipes, child, pid, ended }
  } finally {
    pipes.closeWriteEnds()
  }
}

async function run(
  deps: BashDeps,
  request: ExecuteRequest,
  signal: AbortSignal,
  started: Started,
): Promise<StepResult> {
  // a stop leaves the store a moment to take what is there already
  const storing = new AbortController()
  let timer: NodeJS.Timeout | null = null
  const recorder = createRecorder({
    executionId: request.executionId,
    sink: deps.output,
    redactor: deps.redactor.knowing({ ...request.environment, ...request.inputs }),
    now: deps.now,
    maxOutputBytes: request.limits.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    rename: { from: started.folder.script, to: 'bash' },
    signal: storing.signal,
  })
  const onStop = (): void => {
    timer = setTimeout(() => storing.abort(), request.limits.graceMs + STORE_AFTER_STOP_MS)
  }
  signal.addEventListener('abort', onStop, { once: true })
  try {
    return await supervise(deps, request, { ...started, recorder, signal })
  } finally {
    signal.removeEventListener('abort', onStop)
    if (timer !== null) clearTimeout(timer)
  }
}

interface Running extends Started {
  recorder: Recorder
  signal: AbortSignal
}

async function supervise(deps: BashDeps, request: ExecuteRequest, running: Running): Promise<StepResult> {
  const { folder, pipes, child, pid, ended, recorder, signal } = running
  const target = { pid, executionId: request.executionId }
  const recording = Promise.all([
    recorder.record('stdout', pipes.stdout),
    recorder.record('stderr', pipes.stderr),
  ])
  const refused = new Promise<never>((_, reject) => {
    recording.catch(reject)
  })
  try {
    const startedAt = (await processStartedAt(pid)) ?? deps.now().toISOString()
    await Promise.race([request.onStart?.({ pid, startedAt }), refused])
    if (signal.aborted) {
      await endGroup(target, [])
      return notStarted(request, 'it was stopped before it began')
    }
    letGo(child)
    const { limits, windowMs } = request
    const outcome = await Promise.race([
      untilEnd({ target, script: folder.script, limits, windowMs, ended, signal }),
      refused,
    ])
    await Promise.race([drain(recorder, pipes, recording), refused])
    const { shellState, lost } = await stateAfter(folder, request)
    if (lost !== null) await recorder.note(lost)
    const output = await recorder.finish()
    return { ...explain(outcome, output.tail), shellState, ...output }
  } catch (error) {
    await endGroup(target, [])
    throw error
  }
}

/** The prelude waits for this line, so that nothing of the script runs before the process is on record. */
function letGo(child: ChildProcess): void {
  const gate = child.stdio[3]
  if (!(gate instanceof Socket)) return
  // bash may have been killed meanwhile
  gate.on('error', () => {})
  gate.end('go\n')
}

function outcomeOf(child: ChildProcess): Promise<StepOutcome> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ kind: 'not-started', reason: messageOf(error) }))
    child.once('exit', (code, signal) =>
      resolve(signal === null ? { kind: 'exited', exitCode: code ?? 0 } : { kind: 'signalled', signal }),
    )
  })
}

function explain(outcome: StepOutcome, tail: string): StepOutcome {
  if (outcome.kind !== 'exited' || (outcome.exitCode !== 127 && outcome.exitCode !== 126)) return outcome
  const line = tail
    .split('\n')
    .findLast((text) =>
      /: (command not found|No such file or directory|Permission denied|cannot execute.*)$/.test(text),
    )
  const what = /line \d+: (.+)$/.exec(line ?? '')?.[1] ?? line
  if (what === undefined) return outcome
  return { ...outcome, reason: what }
}

const notStarted = (request: ExecuteRequest, reason: string): StepResult => ({
  kind: 'not-started',
  reason,
  shellState: request.shellState,
  outputBytes: 0,
  truncated: false,
  tail: '',
})
