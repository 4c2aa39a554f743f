import { spawn } from 'node:child_process'
import { closeSync, constants, fstatSync, openSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { Socket } from 'node:net'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { MARKER } from './process-table.ts'

/**
 * A small shell beside erlmcp, in a session of its own. When its input ends without the word `quit`, erlmcp has died: it
 * then kills the group of every command that it was told of, and whatever still carries that command's marker.
 *
 * It also lends its pipes for the output of commands, because those that Node makes are sockets, on which
 * `> /dev/stderr` and `tee /dev/stderr` fail. A here-document is a pipe that costs no process; where it is not, or
 * where there is no /proc to open it through, named pipes are made.
 */
const SCRIPT = `
trap '' INT TERM HUP
active=
while read -r verb first rest; do
  case $verb in
    pipes)
      exec 4<<X 5<<X
X
X
      echo ready ;;
    close) exec 4<&- 5<&- ;;
    named)
      folder=$first\${rest:+ $rest}
      mkfifo -m 600 "$folder/stdout" "$folder/stderr" 2>/dev/null && echo ready || echo failed ;;
    watch) active="$active $first:$rest" ;;
    done)
      kept=
      for entry in $active; do [ "\${entry%:*}" = "$first" ] || kept="$kept $entry"; done
      active=$kept ;;
    quit) exit 0 ;;
  esac
done
for entry in $active; do kill -KILL -- "-\${entry##*:}" 2>/dev/null; done
for round in 1 2 3 4 5; do
  found=
  for entry in $active; do
    for file in $(grep -lzxF -- "${MARKER}=\${entry%:*}" /proc/[0-9]*/environ 2>/dev/null); do
      pid=\${file#/proc/}
      kill -KILL "\${pid%/environ}" 2>/dev/null && found=yes
    done
  done
  [ -z "$found" ] && break
done
`

export interface OutputPipes {
  stdout: Readable
  stderr: Readable
  /** The write ends, for the command's descriptors 1 and 2. `closeWriteEnds` once it has them. */
  writeEnds: [number, number]
  closeWriteEnds(): void
}

export interface Guard {
  /** Throws when no pipes can be made: too many open files, folder not writable. */
  openPipes(folder: string): Promise<OutputPipes>
  /** From here on the group dies with erlmcp. */
  watch(executionId: string, group: number): void
  /** The command has ended. */
  release(executionId: string): void
  /** Ends the guard. Commands are left as they are. */
  stop(): void
}

/** Starts with its first use, and again should it be killed. One serves all commands of this erlmcp. */
export function createGuard(): Guard {
  const watched = new Map<string, number>()
  let helper: Helper | null = null
  let turn: Promise<unknown> = Promise.resolve()

  const current = (): Helper => {
    if (helper !== null) return helper
    const started = startHelper(() => {
      if (helper === started) helper = null
      if (watched.size > 0) current()
    })
    helper = started
    for (const [executionId, group] of watched) started.tell(`watch ${executionId} ${group}`)
    return started
  }

  return {
    openPipes(folder) {
      const opened = turn.then(() => openPipes(current(), folder))
      turn = opened.catch(() => {})
      return opened
    },
    watch(executionId, group) {
      watched.set(executionId, group)
      current().tell(`watch ${executionId} ${group}`)
    },
    release(executionId) {
      if (watched.delete(executionId)) helper?.tell(`done ${executionId}`)
    },
    stop() {
      watched.clear()
      helper?.tell('quit')
      helper = null
    },
  }
}

interface Helper {
  pid: number | undefined
  tell(line: string): void
  ask(line: string): Promise<string>
}

function startHelper(onEnd: () => void): Helper {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'erlmcp-guard'], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    cwd: '/',
  })
  const { stdin, stdout } = child
  let answer: PromiseWithResolvers<string> | null = null
  const end = (reason: string): void => {
    answer?.reject(new Error(reason))
    onEnd()
  }
  child.once('error', (error) => end(`the guard of commands could not be started: ${error.message}`))
  child.once('exit', () => end('the guard of commands has ended'))
  stdout.on('data', (bytes: Buffer) => answer?.resolve(bytes.toString().trim()))
  // a guard that was killed must not take erlmcp down with EPIPE
  stdin.on('error', () => {})
  const sockets = [stdin, stdout].filter((stream) => stream instanceof Socket)
  const keepAlive = (needed: boolean): void => {
    for (const handle of [child, ...sockets]) {
      if (needed) handle.ref()
      else handle.unref()
    }
  }
  keepAlive(false)
  return {
    pid: child.pid,
    tell: (line) => void stdin.write(`${line}\n`),
    async ask(line) {
      answer = Promise.withResolvers<string>()
      keepAlive(true)
      try {
        stdin.write(`${line}\n`)
        return await answer.promise
      } finally {
        answer = null
        keepAlive(false)
      }
    },
  }
}

async function openPipes(helper: Helper, folder: string): Promise<OutputPipes> {
  if ((await helper.ask('pipes')) === 'ready' && helper.pid !== undefined) {
    try {
      return openEnds([`/proc/${helper.pid}/fd/4`, `/proc/${helper.pid}/fd/5`])
    } catch {
      // not Linux, or a shell whose here-documents are files
    } finally {
      helper.tell('close')
    }
  }
  if ((await helper.ask(`named ${folder}`)) !== 'ready')
    throw new Error(`no pipes for the output can be made in ${folder}`)
  const names = [path.join(folder, 'stdout'), path.join(folder, 'stderr')] as const
  const pipes = openEnds(names)
  await Promise.all(names.map((name) => unlink(name)))
  return pipes
}

function openEnds(names: readonly [string, string]): OutputPipes {
  const opened: number[] = []
  const open = (name: string, flags: number): number => {
    const descriptor = openSync(name, flags)
    opened.push(descriptor)
    if (!fstatSync(descriptor).isFIFO()) throw new Error(`${name} is not a pipe`)
    return descriptor
  }
  try {
    const [out, err] = names
    const reads = [
      open(out, constants.O_RDONLY | constants.O_NONBLOCK),
      open(err, constants.O_RDONLY | constants.O_NONBLOCK),
    ] as const
    const writes: [number, number] = [open(out, constants.O_WRONLY), open(err, constants.O_WRONLY)]
    const reader = (fd: number): Readable => new Socket({ fd, readable: true, writable: false })
    return {
      stdout: reader(reads[0]),
      stderr: reader(reads[1]),
      writeEnds: writes,
      closeWriteEnds: () => writes.forEach((descriptor) => closeSync(descriptor)),
    }
  } catch (error) {
    for (const descriptor of opened) closeSync(descriptor)
    throw error
  }
}
