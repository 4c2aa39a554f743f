import { spawn, spawnSync } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  accessSync,
  constants,
  existsSync,
  lstatSync,
  mkdirSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import path from 'node:path'
import type { ProcessRecord } from './processes.ts'
import { childrenOf, killTree } from './processes.ts'

export interface Mount {
  /** Path in the container. */
  at: string
  /** Path on the host; a file or a folder. */
  from: string
}

export interface PodSandbox {
  dir: string
  /** Pid whose namespaces the containers join; `null` without namespaces. */
  pause: number | null
  end(): void
}

export interface RunOptions {
  sandbox: PodSandbox
  rootDir: string
  argv: readonly string[]
  env: Record<string, string>
  mounts: readonly Mount[]
  workingDir: string | undefined
  /** Maps the user to one without privileges, for programs that refuse to run as root. */
  unprivileged: boolean
  /** Whether the program gets an input to write to. */
  stdin: boolean
}

export interface Started {
  child: ChildProcess
  /** Resolves with the pid of the container's first process. */
  main: Promise<number>
}

export interface EnterOptions {
  sandbox: PodSandbox
  pid: number
  rootDir: string
  argv: readonly string[]
  env: Record<string, string>
  mounts: readonly Mount[]
}

/** How containers are kept apart from the machine and from each other. */
export interface Isolation {
  readonly kind: 'namespaces' | 'processes'
  createSandbox(dir: string, tmpfs: readonly { dir: string; bytes: number }[]): Promise<PodSandbox>
  run(options: RunOptions): Started
  /** Runs one more command inside. */
  enter(options: EnterOptions): ChildProcess
  /** Whether the program exists as seen from inside. */
  finds(pid: number, program: string, env: Record<string, string>): boolean
}

/** Host folders that a container sees as they are. */
const HOST_DIRS = ['bin', 'sbin', 'lib', 'lib32', 'lib64', 'libx32', 'usr', 'etc', 'dev', 'opt', 'sys', 'nix']
const OWN_DIRS = [
  'proc',
  'tmp',
  'root',
  'run',
  'run/postgresql',
  'var/log',
  'var/lib',
  'var/tmp',
  'home',
  '.host',
]

export function detectIsolation(
  record: ProcessRecord,
  visible: readonly string[],
  wanted: 'processes' | undefined,
): Isolation {
  if (wanted === 'processes') return processes(record, visible)
  const probe = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'unshare', '-Urmpf', '--kill-child', 'sh', '-c', 'mount -t tmpfs none /mnt'], { timeout: 5_000, stdio: 'ignore' }) // prettier-ignore
  return probe.status === 0 ? namespaces(record, visible) : processes(record, visible)
}

function namespaces(record: ProcessRecord, visible: readonly string[]): Isolation {
  return {
    kind: 'namespaces',
    async createSandbox(dir, tmpfs) {
      const mounts = tmpfs.map((item) => {
        mkdirSync(item.dir, { recursive: true })
        return `mount -t tmpfs -o size=${item.bytes},mode=1777 volume '${item.dir}'\n`
      })
      const script = `${mounts.join('')}echo ready\nexec sleep infinity`
      const child = spawn(
        'setpriv',
        ['--pdeathsig', 'KILL', 'unshare', '-Urmpf', '--kill-child', 'sh', '-ec', script],
        {
          stdio: ['ignore', 'pipe', 'inherit'],
          detached: true,
          env: {},
        },
      )
      const pid = child.pid ?? 0
      record.add(pid)
      await new Promise<void>((resolve, reject) => {
        child.stdout.once('data', () => resolve())
        child.once('exit', (code) => reject(new Error(`the pod sandbox ended with ${code}`)))
      })
      child.unref()
      return { dir, pause: childrenOf(pid)[0] ?? null, end: () => killTree(pid) }
    },
    run(options) {
      prepareRoot(options, visible)
      writeFileSync(path.join(options.rootDir, '..', 'init.sh'), initScript(options, visible))
      const child = spawn(
        'nsenter',
        ['-t', String(options.sandbox.pause), '-U', '-m', '--preserve-credentials',
          'setpriv', '--pdeathsig', 'KILL', 'unshare', '-mpf', '--kill-child',
          'sh', '-e', path.join(options.rootDir, '..', 'init.sh'), ...options.argv],
        { stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe', 'pipe'], detached: true, env: options.env },
      ) // prettier-ignore
      const pid = child.pid ?? 0
      record.add(pid)
      const main = new Promise<number>((resolve, reject) => {
        child.stdio[3]?.once('data', () => resolve(childrenOf(pid)[0] ?? 0))
        child.once('error', reject)
        child.once('exit', () => reject(new Error('the container ended before it was set up')))
      })
      main.catch(() => undefined)
      return { child, main }
    },
    enter({ sandbox, pid, argv, env }) {
      const args = [`--user=/proc/${sandbox.pause}/ns/user`, `--mount=/proc/${pid}/ns/mnt`, `--pid=/proc/${pid}/ns/pid`, '--preserve-credentials', '--', ...argv] // prettier-ignore
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'nsenter', ...args], {
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        env,
        cwd: '/',
      })
      return child
    },
    finds: (pid, program, env) => executable(`/proc/${pid}/root`, program, env),
  }
}

/** Folders and mount points that the init script needs; made here because the script should stay short. */
function prepareRoot(options: RunOptions, visible: readonly string[]): void {
  const { rootDir } = options
  for (const dir of [...OWN_DIRS, ...visible.map((item) => item.slice(1))]) mkdirSync(path.join(rootDir, dir), { recursive: true }) // prettier-ignore
  // programs of the machine look for their sockets in either place
  if (!existsSync(path.join(rootDir, 'var/run'))) symlinkSync('../run', path.join(rootDir, 'var/run'))
  for (const mount of options.mounts) {
    const target = path.join(rootDir, mount.at)
    if (mount.at.startsWith('/etc/')) continue
    if (lstatSync(mount.from).isDirectory()) mkdirSync(target, { recursive: true })
    else {
      mkdirSync(path.dirname(target), { recursive: true })
      if (!existsSync(target)) writeFileSync(target, '')
    }
  }
}

/** Makes the container's own root out of the machine's programs and the pod's folders, then becomes the program. */
function initScript(options: RunOptions, visible: readonly string[]): string {
  const { rootDir } = options
  const lines = [
    'inside="$PATH"',
    'PATH=/usr/sbin:/sbin:/usr/bin:/bin',
    `mount --bind '${rootDir}' '${rootDir}'`,
    `cd '${rootDir}'`,
  ]
  for (const name of HOST_DIRS) {
    const host = `/${name}`
    if (!existsSync(host)) continue
    if (lstatSync(host).isSymbolicLink())
      lines.push(`[ -L ${name} ] || ln -s '${readlinkSync(host)}' ${name}`)
    else lines.push(`mkdir -p ${name}`, `mount --rbind ${host} ${name}`)
  }
  for (const name of ['usr', 'opt']) lines.push(`mount -o remount,bind,ro ${name} 2>/dev/null || true`)
  for (const dir of visible) lines.push(`mount --rbind '${dir}' '.${dir}'`)
  lines.push('mount -t proc proc proc')
  for (const mount of options.mounts) lines.push(`mount --bind '${mount.from}' '.${mount.at}'`)
  lines.push('pivot_root . .host', 'umount -l /.host', 'rmdir /.host 2>/dev/null || true')
  lines.push(`cd '${options.workingDir ?? '/'}'`, 'echo ready >&3', 'exec 3>&-')
  lines.push('PATH="$inside"')
  lines.push(options.unprivileged ? 'exec unshare -U --map-user=1 --map-group=1 "$@"' : 'exec "$@"')
  return `${lines.join('\n')}\n`
}

/** Without user namespaces: process groups in their own folder, and paths of the container mapped onto it. */
function processes(record: ProcessRecord, visible: readonly string[]): Isolation {
  return {
    kind: 'processes',
    createSandbox: (dir) => Promise.resolve({ dir, pause: null, end: () => undefined }),
    run(options) {
      linkMounts(options)
      const user = options.unprivileged && process.getuid?.() === 0 ? otherUser(options) : []
      const child = spawn(
        'setpriv',
        ['--pdeathsig', 'KILL', ...user, ...mapped(options.argv, options, visible)],
        {
          stdio: [options.stdin ? 'pipe' : 'ignore', 'pipe', 'pipe'],
          detached: true,
          cwd: options.rootDir,
          env: { ...options.env, ROOT_DIR: options.rootDir },
        },
      )
      record.add(child.pid ?? 0)
      return { child, main: Promise.resolve(child.pid ?? 0) }
    },
    enter(options) {
      const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...mapped(options.argv, options, visible)], {
        stdio: ['pipe', 'pipe', 'pipe'],
        detached: true,
        cwd: options.rootDir,
        env: { ...options.env, ROOT_DIR: options.rootDir },
      })
      record.add(child.pid ?? 0)
      return child
    },
    finds: (_pid, program, env) => executable('', program, env),
  }
}

function linkMounts(options: RunOptions): void {
  for (const dir of ['tmp', 'var/log', 'var/lib', 'run/postgresql']) mkdirSync(path.join(options.rootDir, dir), { recursive: true })
  for (const mount of options.mounts) {
    const target = path.join(options.rootDir, mount.at)
    if (mount.at.startsWith('/etc/') || existsSync(target)) continue
    mkdirSync(path.dirname(target), { recursive: true })
    spawnSync('ln', ['-s', mount.from, target])
  }
} // prettier-ignore

const MAPPED = ['/var/log', '/var/lib/postgresql', '/config', '/tmp', '/run/postgresql']

function mapped(
  argv: readonly string[],
  options: { rootDir: string; mounts: readonly Mount[] },
  visible: readonly string[],
): string[] {
  const roots = [...MAPPED, ...options.mounts.map((mount) => mount.at)].filter((at) => at !== '/etc/hosts')
  // all at once: the folder of the container may itself lie below one of these
  const place = new RegExp(`(^|[\\s='":])(${roots.join('|')})(?=/|$|[\\s'"])`, 'g')
  return argv.map((arg) => {
    // a program of the machine stays where it is
    if (visible.some((dir) => arg.includes(dir))) return arg
    return arg.replaceAll(place, `$1${options.rootDir}$2`)
  })
}

/** A program that refuses to run as root gets another user and the folders that it writes to. */
function otherUser(options: RunOptions): string[] {
  const template = options.env['POSTGRES_TEMPLATE']
  const folders = [options.rootDir, ...options.mounts.map((mount) => mount.from)]
  spawnSync('chown', ['-R', '1:1', ...folders, ...(template === undefined ? [] : [template])])
  return ['--reuid=1', '--regid=1', '--clear-groups']
}

function executable(root: string, program: string, env: Record<string, string>): boolean {
  const candidates = program.includes('/')
    ? [program]
    : (env['PATH'] ?? '').split(':').map((dir) => `${dir}/${program}`)
  return candidates.some((file) => {
    try {
      accessSync(`${root}${file}`, constants.X_OK)
      return !lstatSync(`${root}${file}`).isDirectory()
    } catch {
      // a link that is absolute inside the container leads elsewhere from here
      return root !== '' && executable('', file, env)
    }
  })
}
