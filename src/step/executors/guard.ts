import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, openSync } from 'node:fs'
import { unlink } from 'node:fs/promises'
import { Socket } from 'node:net'
import path from 'node:path'
import type { Readable } from 'node:stream'
import { MARKER } from './process-table.ts'

/**
 * A small process beside each command, in a session of its own. It makes the two pipes for the output (Node's own are
 * sockets, on which `> /dev/stderr` and `tee /dev/stderr` fail), then waits on its input: when that ends without the
 * word `done`, erlmcp has died, and it kills the command's group and whatever still carries its marker.
 */
const SCRIPT = `
trap '' INT TERM HUP
mkfifo -m 600 "$2/stdout" "$2/stderr" && echo ready || echo failed
group=
while read -r word value; do
  case $word in
    group) group=$value ;;
    done) exit 0 ;;
  esac
done
[ -n "$group" ] && kill -KILL -- "-$group" 2>/dev/null
for round in 1 2 3 4 5; do
  found=
  for file in $(grep -lzxF -- "${MARKER}=$1" /proc/[0-9]*/environ 2>/dev/null); do
    pid=\${file#/proc/}
    kill -KILL "\${pid%/environ}" 2>/dev/null && found=yes
  done
  [ -z "$found" ] && break
done
rm -f -- "$2/command" "$2/prelude" "$2/state" "$2/stdout" "$2/stderr"
rmdir -- "$2" 2>/dev/null
`

export interface Guard {
  stdout: Readable
  stderr: Readable
  /** The write ends, for the command's descriptors 1 and 2. `closeWriteEnds` once it has them. */
  writeEnds: [number, number]
  closeWriteEnds(): void
  /** From here on the group dies with erlmcp. */
  watch(group: number): void
  /** The command has ended; nothing is left to guard. */
  release(): void
}

/** Throws when the pipes cannot be made: no `mkfifo`, folder not writable, disk full, too many open files. */
export async function startGuard(executionId: string, folder: string): Promise<Guard> {
  const child = spawn('/bin/sh', ['-c', SCRIPT, 'erlmcp-guard', executionId, folder], {
    detached: true,
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { PATH: '/usr/local/bin:/usr/bin:/bin' },
    cwd: '/',
  })
  const release = (): void => {
    child.stdin.end('done\n')
  }
  // a guard that was killed must not take erlmcp down with EPIPE
  child.stdin.on('error', () => {})
  try {
    const answer = await firstLine(child)
    if (answer !== 'ready') throw new Error(`the pipes for the output could not be made in ${folder}`)
    child.stdout.destroy()
    child.unref()
    return {
      ...(await openPipes(folder)),
      watch: (group) => void child.stdin.write(`group ${group}\n`),
      release,
    }
  } catch (error) {
    release()
    throw error
  }
}

async function firstLine(child: ReturnType<typeof spawn>): Promise<string> {
  const { stdout } = child
  if (stdout === null) return ''
  const failed = once(child, 'error').then(([error]) =>
    Promise.reject(error instanceof Error ? error : new Error('failed')),
  )
  const text = once(stdout, 'readable').then(() => String(stdout.read() ?? '').trim())
  return Promise.race([text, failed])
}

async function openPipes(
  folder: string,
): Promise<Pick<Guard, 'stdout' | 'stderr' | 'writeEnds' | 'closeWriteEnds'>> {
  const opened: number[] = []
  const open = (name: string, flags: number): number => {
    const descriptor = openSync(path.join(folder, name), flags)
    opened.push(descriptor)
    return descriptor
  }
  try {
    const reads = ['stdout', 'stderr'].map((name) => open(name, constants.O_RDONLY | constants.O_NONBLOCK))
    const writes = ['stdout', 'stderr'].map((name) => open(name, constants.O_WRONLY))
    await Promise.all(['stdout', 'stderr'].map((name) => unlink(path.join(folder, name))))
    const [stdout, stderr] = reads.map((fd) => new Socket({ fd, readable: true, writable: false }))
    const [out, err] = writes
    if (stdout === undefined || stderr === undefined || out === undefined || err === undefined)
      throw new Error('no pipes')
    return {
      stdout,
      stderr,
      writeEnds: [out, err],
      closeWriteEnds: () => writes.forEach((fd) => closeSync(fd)),
    }
  } catch (error) {
    for (const descriptor of opened) closeSync(descriptor)
    throw error
  }
}
