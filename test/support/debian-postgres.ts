import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { eventually } from './engine.ts'
import { onServer } from './server.ts'

const PARENT = '/usr/lib/postgresql'

/** The folder of a PostgreSQL server package with its client tools, or `null` where Debian's is not installed. */
export const debianPostgres = ((): string | null => {
  const versions = existsSync(PARENT) ? readdirSync(PARENT).toSorted((a, b) => Number(b) - Number(a)) : []
  const found = versions.map((version) => path.join(PARENT, version, 'bin'))
  return (
    found.find((bin) =>
      ['initdb', 'postgres', 'pg_dump'].every((file) => existsSync(path.join(bin, file))),
    ) ?? null
  )
})()

/** A server of its own in a temporary folder, reached by a socket: `url(database)`. */
export interface DebianServer {
  url(database: string, user?: string): string
  bin: string
  stop(): Promise<void>
}

export async function startDebianPostgres(): Promise<DebianServer> {
  if (debianPostgres === null) throw new Error('no PostgreSQL of Debian')
  const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-pg-'))
  const data = path.join(folder, 'data')
  const identity = unprivileged()
  if (identity.uid !== undefined) chownSync(folder, identity.uid, identity.gid ?? 0)
  const init = ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C.UTF-8', '--no-sync']
  execFileSync(path.join(debianPostgres, 'initdb'), init, { ...identity, cwd: folder, stdio: 'ignore' })
  const settings = ['-c', 'listen_addresses=', '-c', `unix_socket_directories=${folder}`, '-c', 'fsync=off']
  const child: ChildProcess = spawn(path.join(debianPostgres, 'postgres'), ['-D', data, ...settings], {
    ...identity,
    cwd: folder,
    stdio: 'ignore',
  })
  const url = (database: string, user = 'postgres'): string =>
    `postgres://${user}@localhost:5432/${database}?host=${encodeURIComponent(folder)}`
  await eventually(() =>
    onServer(url('postgres'), 'select 1').then(
      () => true,
      () => false,
    ),
  )
  return {
    url,
    bin: debianPostgres,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve))
      child.kill('SIGINT')
      await ended
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

function unprivileged(): { uid?: number; gid?: number } {
  if (process.getuid?.() !== 0) return {}
  const line = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .find((each) => each.startsWith('postgres:'))
  const [, , uid, gid] = line?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}
