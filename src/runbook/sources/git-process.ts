import { spawn } from 'node:child_process'
import { readdir, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../base/error.ts'

export interface GitCall {
  args: readonly string[]
  cwd: string
  /** Everything git sees of the environment, beside what is set here. */
  environment: Readonly<Record<string, string>>
  input?: string
  timeoutMs: number
  /** Default 64 MB. */
  maxOutputBytes?: number
  signal?: AbortSignal
  /** Ends the call when the files in this folder become larger. */
  watch?: { folder: string; maxBytes: number }
}

const DEFAULT_MAX_OUTPUT_BYTES = 64 * 1_048_576
const MAX_ERROR_BYTES = 16_384
const WATCH_MS = 250

/** Nothing of the surroundings counts: no user's or system's configuration, no prompt, no hook, no helper. */
const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:/opt/homebrew/bin',
  LC_ALL: 'C.UTF-8',
  GIT_TERMINAL_PROMPT: '0',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_OPTIONAL_LOCKS: '0',
  GIT_ADVICE: '0',
}
const SETTINGS = [
  'core.hooksPath=/dev/null',
  'core.fsmonitor=false',
  'core.askPass=',
  'credential.helper=',
  'protocol.ext.allow=never',
  'gc.auto=0',
  'maintenance.auto=false',
  // packs stay packs, so that their size can be watched in one folder
  'fetch.unpackLimit=1',
  'log.showSignature=false',
  'http.lowSpeedLimit=100',
  'http.lowSpeedTime=60',
].flatMap((setting) => ['-c', setting])

/**
 * Runs git with an argument array, in a process group of its own that ends with the time limit, the signal, or when it
 * fills the disk.
 * @throws AppError `unavailable` with git's own last words, `timeout`, `too_large`, `unsupported` where there is no git
 */
export async function runGit(call: GitCall): Promise<Buffer> {
  call.signal?.throwIfAborted()
  const child = spawn('git', [...SETTINGS, ...call.args], {
    cwd: call.cwd,
    env: { ...ENVIRONMENT, ...call.environment },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  let stopped: AppError | null = null
  const stop = (reason: AppError): void => {
    stopped ??= reason
    if (child.pid === undefined || child.exitCode !== null) return
    try {
      process.kill(-child.pid, 'SIGKILL')
    } catch {
      // it has ended already
    }
  }
  const verb = call.args.find((word) => /^[a-z][a-z-]+$/.test(word)) ?? ''
  const release = armLimits(call, verb, stop)
  const output = collect(child.stdout, call.maxOutputBytes ?? DEFAULT_MAX_OUTPUT_BYTES, () =>
    stop(tooLarge(`git ${verb} printed more than it may`)),
  )
  const errors = collect(child.stderr, MAX_ERROR_BYTES, () => undefined)
  child.stdin.on('error', () => undefined)
  child.stdin.end(call.input ?? '')
  try {
    const code = await new Promise<number | null>((resolve, reject) => {
      child.on('error', reject)
      child.on('close', resolve)
    }).catch((error: NodeJS.ErrnoException) => {
      throw notStarted(error)
    })
    // what was quicker than the watch
    if (code === 0 && call.watch !== undefined) await checkSize(call.watch, stop)
    if (stopped !== null) throw stopped
    if (code !== 0) throw failed(verb, lastWords(errors(), code))
    return output()
  } finally {
    release()
  }
}

function armLimits(call: GitCall, verb: string, stop: (reason: AppError) => void): () => void {
  const timer = setTimeout(
    () =>
      stop(
        new AppError('timeout', `git ${verb} was not done after ${Math.round(call.timeoutMs / 1_000)} s`, {
          action: 'It is tried again; raise timeoutSeconds of the source if the repository is large.',
          retryable: true,
        }),
      ),
    call.timeoutMs,
  )
  const { watch, signal } = call
  const onAbort = (): void => stop(failed(verb, 'it was stopped'))
  signal?.addEventListener('abort', onAbort, { once: true })
  const watcher = watch === undefined ? undefined : setInterval(() => void checkSize(watch, stop), WATCH_MS)
  return () => {
    clearTimeout(timer)
    clearInterval(watcher)
    signal?.removeEventListener('abort', onAbort)
  }
}

async function checkSize(
  { folder, maxBytes }: NonNullable<GitCall['watch']>,
  stop: (reason: AppError) => void,
): Promise<void> {
  if ((await sizeOf(folder)) <= maxBytes) return
  stop(tooLarge(`the repository needs more than ${Math.round(maxBytes / 1_048_576)} MB on disk`))
}

/** Bytes of the files directly in a folder; 0 when it is not there. */
export async function sizeOf(folder: string): Promise<number> {
  const names = await readdir(folder).catch(() => [])
  const sizes = await Promise.all(
    names.map((name) =>
      stat(path.join(folder, name)).then(
        (found) => found.size,
        () => 0,
      ),
    ),
  )
  return sizes.reduce((sum, size) => sum + size, 0)
}

function collect(stream: NodeJS.ReadableStream, maxBytes: number, onOverflow: () => void): () => Buffer {
  const parts: Buffer[] = []
  let size = 0
  stream.on('data', (part: Buffer) => {
    size += part.length
    if (size > maxBytes) onOverflow()
    else parts.push(part)
  })
  stream.on('error', () => undefined)
  return () => Buffer.concat(parts)
}

/** What git said went wrong: its `fatal:` or `error:` lines, without colours and progress. */
function lastWords(errors: Buffer, code: number | null): string {
  const lines = errors
    .toString('utf8')
    .split(/[\r\n]+/)
    // oxlint-disable-next-line no-control-regex
    .map((line) => line.replaceAll(/[\u0000-\u001f\u007f]/g, ' ').trim())
    .filter((line) => line !== '' && !line.startsWith('warning:') && !/^(?:hint:|ssh-keygen|@)/.test(line))
  const telling = lines.filter((line) =>
    /^(?:fatal|error|remote):|denied|verification failed|has changed|could not resolve|refused|timed out/i.test(
      line,
    ),
  )
  const words = (telling.length > 0 ? telling : lines).slice(0, 3).join('; ').slice(0, 500)
  return words === '' ? `exit code ${code ?? 'none'}` : words.replaceAll(/(?:fatal|error): /g, '')
}

const failed = (verb: string, why: string): AppError =>
  new AppError('unavailable', `git ${verb}: ${why}`, {
    action: 'Check address, branch and credentials of the source; it is tried again.',
    retryable: true,
  })

const tooLarge = (message: string): AppError =>
  new AppError('too_large', message, {
    action: 'Raise maxMegabytes of the source, or put the pages into a repository of their own.',
  })

const notStarted = (error: NodeJS.ErrnoException): AppError =>
  error.code === 'ENOENT'
    ? new AppError('unsupported', 'git is not installed on this host', {
        action: 'Install git 2.36 or newer.',
        cause: error,
      })
    : failed('', error.message)
