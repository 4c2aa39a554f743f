import type { ChildProcess } from 'node:child_process'
import { constants } from 'node:os'
import type { ExecOptions, ExecSession } from '../api/context.ts'
import type { ContainerRunner } from './container.ts'
import type { KubeletDeps } from './deps.ts'
import type { PodSandbox } from './isolation.ts'
import { killTree } from './processes.ts'

/** Runs a command in a running container. */
export function execIn(
  deps: KubeletDeps,
  sandbox: PodSandbox | null,
  runner: ContainerRunner,
  options: ExecOptions,
): ExecSession {
  const failed = (failure: string): ExecSession => ({
    ended: Promise.resolve({ failure }),
    resize: () => undefined,
    kill: () => undefined,
  })
  const [program = ''] = options.command
  if (sandbox === null || runner.pid === null) return failed('container not found')
  if (!deps.isolation.finds(runner.pid, program, runner.env)) {
    const why = program.includes('/')
      ? `stat ${program}: no such file or directory`
      : 'executable file not found in $PATH'
    return failed(`failed to exec in container: failed to start exec: OCI runtime exec failed: exec failed: unable to start container process: exec: "${program}": ${why}`) // prettier-ignore
  }
  const child = deps.isolation.enter({
    sandbox,
    pid: runner.pid,
    rootDir: runner.rootDir,
    argv: options.tty ? withTerminal(options.command) : options.command,
    env: options.tty ? { TERM: 'xterm', ...runner.env } : runner.env,
    mounts: runner.mounts,
  })
  if (options.stdin === null) child.stdin?.end()
  else options.stdin.on('error', () => undefined).pipe(child.stdin as NonNullable<typeof child.stdin>)
  child.stdin?.on('error', () => undefined)
  child.stdout?.on('data', (chunk: Buffer) => forward(child.stdout, options.stdout, chunk))
  child.stderr?.on('data', (chunk: Buffer) => forward(child.stderr, options.stderr, chunk))
  return {
    ended: endOf(child),
    // the terminal belongs to `script`; its size is set once, at the start
    resize: () => undefined,
    kill: () => {
      if (child.pid !== undefined && child.exitCode === null) killTree(child.pid)
    },
  }
}

function forward(from: ChildProcess['stdout'], to: ExecOptions['stdout'], chunk: Buffer): void {
  if (to.write(chunk)) return
  from?.pause()
  to.once('drain', () => from?.resume())
}

/** `script` gives the command a terminal without a native module. */
function withTerminal(command: readonly string[]): string[] {
  const quoted = command.map((part) => `'${part.replaceAll("'", String.raw`'\''`)}'`).join(' ')
  return ['script', '-qfec', `stty rows 40 cols 120 2>/dev/null; exec ${quoted}`, '/dev/null']
}

function endOf(child: ChildProcess): ExecSession['ended'] {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve({ failure: error.message }))
    child.once('close', (code, signal) => {
      const number = signal === null ? 0 : (constants.signals[signal] ?? 9)
      resolve({ code: code ?? 128 + number })
    })
  })
}
