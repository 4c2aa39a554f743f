import { spawn, type ChildProcess } from 'node:child_process'
import { access, constants, mkdir, readFile, realpath, rm, stat, writeFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import path from 'node:path'
import { delay } from '../../base/clock.ts'
import { messageOf } from '../../base/error.ts'
import type { Redactor } from '../../base/redact.ts'
import type { ExecuteRequest, OutputSink, StepOutcome, StepResult } from '../model.ts'
import { startGuard, type Guard } from './guard.ts'
import { endGroup, groupExists, hangUp, type Stage } from './process-group.ts'
import { MARKER, processStartedAt } from './process-table.ts'
import { createRecorder, type Recorder } from './recorder.ts'
import { parseState, quote, restoreStatements, saveStatements, takeState } from './shell-state.ts'

export interface BashDeps {
  now: () => Date
  output: OutputSink
  redactor: Redactor
  /** One folder for one run: home and first working directory of its commands, kept until the run ends. */
  scratchDir: string
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const DEFAULT_MAX_OUTPUT_BYTES = 16 * 1_048_576
/** How long output that is still in the pipes is read after the command has ended. */
const DRAIN_MS = 500
const DRAIN_BYTES = 262_144
const POLL_MS = 20
const MAX_STATE_FILE_BYTES = 8 * 1_048_576
const STORE_AFTER_STOP_MS = 5_000
/** Exit code of the prelude when erlmcp ended before the script might begin. */
const NOT_RELEASED = 125

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
  const prepared = await prepare(deps, request).catch((error: unknown) =>
    notStarted(request, messageOf(error)),
  )
  if ('kind' in prepared) return prepared
  const { folder, guard } = prepared
  try {
    return await run(deps, request, signal, prepared)
  } finally {
    guard.release()
    guard.stdout.destroy()
    guard.stderr.destroy()
    await rm(folder, { recursive: true, force: true })
  }
}

interface Prepared {
  folder: string
  cwd: string
  guard: Guard
  bash: string
  setpriv: string | null
}

async function prepare({ scratchDir }: BashDeps, request: ExecuteRequest): Promise<Prepared> {
  const bash = await firstExisting([
    '/bin/bash',
    '/usr/bin/bash',
    '/usr/local/bin/bash',
    '/opt/homebrew/bin/bash',
  ])
  if (bash === null) throw new Error('this host has no bash')
  const state = request.shellState === null ? null : parseState(request.shellState)
  if (request.shellState !== null && state === null)
    throw new Error('the state left by the command before it cannot be read')
  const cwd = state?.cwd ?? scratchDir
  await mkdir(scratchDir, { recursive: true, mode: 0o700 })
  const there = await stat(cwd)
    .then((found) => found.isDirectory())
    .catch(() => false)
  // elsewhere a relative path would mean other files
  if (!there) throw new Error(`the working directory of the command before it, ${cwd}, is not there any more`)

  const folder = path.join(scratchDir, '.erlmcp', request.executionId)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  try {
    const given = new Set([...Object.keys(request.inputs), ...Object.keys(request.environment)])
    const restore = state === null ? '' : restoreStatements(state, given)
    await Promise.all([
      writeFile(path.join(folder, 'command'), request.script, { mode: 0o600 }),
      writeFile(path.join(folder, 'prelude'), preludeOf(restore, path.join(folder, 'state')), {
        mode: 0o600,
      }),
    ])
    return {
      folder,
      cwd,
      bash,
      setpriv: await findSetpriv(),
      guard: await startGuard(request.executionId, folder),
    }
  } catch (error) {
    await rm(folder, { recursive: true, force: true })
    throw error
  }
}

/** Sourced by bash before the script, which stays the main program: line numbers, `$0` and `exit` are its own. */
const preludeOf = (restore: string, stateFile: string): string => `unset BASH_ENV
IFS= read -r -u 3 __erlmcp_go || exit ${NOT_RELEASED}
exec 3<&-
unset __erlmcp_go
umask 077
trap ${quote(saveStatements(stateFile))} EXIT
${restore}
`

function environmentOf(
  deps: BashDeps,
  request: ExecuteRequest,
  { cwd, folder }: Prepared,
): Record<string, string> {
  return {
    PATH: DEFAULT_PATH,
    LANG: 'C.UTF-8',
    HOME: deps.scratchDir,
    TERM: 'dumb',
    NO_COLOR: '1',
    PAGER: 'cat',
    ...request.environment,
    ...request.inputs,
    PWD: cwd,
    BASH_ENV: path.join(folder, 'prelude'),
    [MARKER]: request.executionId,
  }
}

async function run(
  deps: BashDeps,
  request: ExecuteRequest,
  signal: AbortSignal,
  prepared: Prepared,
): Promise<StepResult> {
  const { guard, folder, cwd, bash, setpriv } = prepared
  const [out, err] = guard.writeEnds
  const script = [bash, '--noprofile', '--norc', path.join(folder, 'command')]
  // the kernel kills bash with erlmcp; the guard kills what bash has started
  const [program = bash, ...words] =
    setpriv === null ? script : [setpriv, '--pdeathsig', 'KILL', '--', ...script]
  const child = spawn(program, words, {
    cwd,
    env: environmentOf(deps, request, prepared),
    detached: true,
    stdio: ['ignore', out, err, 'pipe'],
  })
  guard.closeWriteEnds()
  const ended = outcomeOf(child)
  const { pid } = child
  if (pid === undefined) return { ...notStarted(request, ''), ...(await ended) }
  guard.watch(pid)
  // a stop leaves the store a moment to take what is there already
  const storing = new AbortController()
  let timer: NodeJS.Timeout | null = null
  const recorder = createRecorder({
    executionId: request.executionId,
    sink: deps.output,
    redactor: deps.redactor,
    now: deps.now,
    maxOutputBytes: request.limits.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES,
    signal: storing.signal,
  })
  const stopWaiting = (): void => {
    timer = setTimeout(() => storing.abort(), request.limits.graceMs + STORE_AFTER_STOP_MS)
  }
  const running = { deps, request, signal, child, pid, ended, recorder, guard, prepared, stopWaiting }
  return supervise(running).finally(() => {
    if (timer !== null) clearTimeout(timer)
  })
}

interface Running {
  deps: BashDeps
  request: ExecuteRequest
  signal: AbortSignal
  child: ChildProcess
  pid: number
  ended: Promise<StepOutcome>
  recorder: Recorder
  guard: Guard
  prepared: Prepared
  stopWaiting: () => void
}

async function supervise(running: Running): Promise<StepResult> {
  const { deps, request, child, pid, guard, recorder } = running
  const recording = Promise.all([
    recorder.record('stdout', guard.stdout),
    recorder.record('stderr', guard.stderr),
  ])
  const refused = new Promise<never>((_, reject) => {
    recording.catch(reject)
  })
  try {
    const startedAt = (await processStartedAt(pid)) ?? deps.now().toISOString()
    await Promise.race([request.onStart?.({ pid, startedAt }), refused])
    letGo(child)
    const outcome = await Promise.race([untilEnd(running), refused])
    await Promise.race([drain(running, recording), refused])
    const { shellState, lost } = await stateAfter(running)
    if (lost !== null) await recorder.note(lost)
    const output = await recorder.finish()
    return { ...explain(outcome, output.tail), shellState, ...output }
  } catch (error) {
    await endGroup({ pid, executionId: request.executionId }, [])
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

/** Waits for the first of: own end, time limit, window, stop. In the last three nothing of the command is left running. */
async function untilEnd({ request, signal, ended, pid, stopWaiting }: Running): Promise<StepOutcome> {
  const { limits, windowMs, executionId } = request
  const target = { pid, executionId }
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
      if (groupExists(pid)) await hangUp(target, limits.graceMs)
      return outcome
    }
    if (outcome.kind === 'stopped') stopWaiting()
    const term: Stage = { signal: 'SIGTERM', waitMs: limits.graceMs }
    // as a person would end it: ping and tail then print what they have counted
    const interrupt: Stage = { signal: 'SIGINT', waitMs: Math.min(limits.graceMs, 1_000) }
    await endGroup(target, outcome.kind === 'window-ended' ? [interrupt, term] : [term])
    await ended
    return outcome
  } finally {
    finished.abort()
  }
}

/** Reads what is still in the pipes. A background process that keeps them open is not waited for. */
async function drain({ recorder, guard }: Running, recording: Promise<unknown>): Promise<void> {
  const done = recording.then(() => true)
  const mark = recorder.progress()
  for (;;) {
    if (await Promise.race([done, delay(POLL_MS).then(() => false)])) return
    const { idleMs, bytes } = recorder.progress()
    if (idleMs < DRAIN_MS && bytes - mark.bytes < DRAIN_BYTES) continue
    guard.stdout.destroy()
    guard.stderr.destroy()
    await done
    await recorder.note(
      'a background process keeps the output open; what it writes from here on is not recorded',
    )
    return
  }
}

/** When bash could not write its state (killed, `exec`), what the next command gets is what this one got. */
async function stateAfter({
  deps,
  request,
  prepared,
}: Running): Promise<{ shellState: string | null; lost: string | null }> {
  const file = path.join(prepared.folder, 'state')
  const size = await stat(file)
    .then((found) => found.size)
    .catch(() => null)
  if (size === null) return { shellState: request.shellState, lost: null }
  if (size > MAX_STATE_FILE_BYTES)
    return {
      shellState: request.shellState,
      lost: 'variables and functions are too large to be kept for the next command',
    }
  const base = environmentOf(deps, request, prepared)
  const taken = takeState(await readFile(file, 'utf8'), base, new Set(Object.keys(request.environment)))
  if (taken === null) return { shellState: request.shellState, lost: null }
  const lost =
    taken.dropped.length === 0
      ? null
      : `too large to be kept for the next command: ${taken.dropped.join(', ')}`
  return { shellState: JSON.stringify(taken.state), lost }
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

async function firstExisting(paths: readonly string[]): Promise<string | null> {
  for (const candidate of paths) {
    if (
      await access(candidate, constants.X_OK).then(
        () => true,
        () => false,
      )
    )
      return candidate
  }
  return null
}

/** util-linux only: the one of BusyBox has no `--pdeathsig`. */
async function findSetpriv(): Promise<string | null> {
  const found = await firstExisting(['/usr/bin/setpriv', '/bin/setpriv'])
  return found === null || (await realpath(found)).includes('busybox') ? null : found
}
