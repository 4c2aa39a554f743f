/**
 * How long a backup and its restore take beside plain pg_dump and pg_restore of the same database, on the same server.
 *
 *   node bench/backup.ts [--megabytes 100] [--rounds 3]
 *
 * `plain piped`: pg_dump -Fc | pg_restore, both at once. `plain by file`: pg_dump -Fc into a file, then pg_restore of it.
 * `erlmcp`: dump, zstd, age, SHA-256, synced to disk, with row counts and checksums of every table from the same snapshot;
 * then fetched, checked, opened and restored. `verification` is what comparing the copy takes beside that.
 */
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { parseArgs } from 'node:util'
import { generateKey } from '../src/backup/age.ts'
import { createBackup } from '../src/backup/create.ts'
import type { BackupTarget } from '../src/backup/index.ts'
import { folderStore, localTools, toolsDumper } from '../src/backup/index.ts'
import { inSnapshot, measure } from '../src/backup/measure.ts'
import { checkSum, unseal } from '../src/backup/seal.ts'
import { withSession } from '../src/backup/session.ts'
import { startDebianPostgres } from '../test/support/debian-postgres.ts'
import { onServer } from '../test/support/server.ts'

const { values } = parseArgs({
  options: { megabytes: { type: 'string', default: '100' }, rounds: { type: 'string', default: '3' } },
})
const megabytes = Number(values.megabytes)
const rounds = Number(values.rounds)
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-bench-backup-'))
const server = await startDebianPostgres()
const signal = new AbortController().signal
const seconds = async (body: () => Promise<unknown>): Promise<number> => {
  const began = performance.now()
  await body()
  return (performance.now() - began) / 1_000
}
const median = (all: readonly number[]): number =>
  all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)] ?? 0
const shell = async (script: string): Promise<void> => {
  const { status, stderr } = spawnSync('bash', ['-o', 'pipefail', '-c', script], { encoding: 'utf8' })
  if (status !== 0) throw new Error(stderr)
}
const fresh = async (): Promise<void> => {
  await onServer(server.url('postgres'), 'drop database if exists copy')
  await onServer(server.url('postgres'), 'create database copy template template0')
}

try {
  await onServer(server.url('postgres'), 'create database source')
  // some 250 bytes a row: words, numbers, a hash that does not compress
  await onServer(
    server.url('source'),
    `create table item (id bigint primary key, name text, note text, price numeric, raw bytea, at timestamptz);
     insert into item select i, 'item ' || i, repeat('word ' || (i % 977) || ' ', 12), i * 1.25, sha256(i::text::bytea), now() from generate_series(1, ${megabytes * 4_000}) i;
     create index on item (name)`,
  )
  const key = await generateKey()
  const target: BackupTarget = {
    name: 'source',
    dumper: toolsDumper(localTools([server.bin])),
    url: async () => server.url('source'),
    store: folderStore(path.join(folder, 'store')),
    storeName: 'default',
    recipients: async () => [key.recipient],
    identities: async () => [key.identity],
    checks: [],
    keep: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
    schedule: null,
    workload: null,
    sessionsEndMs: 1_000,
  }
  const deps = { clock: { now: () => new Date() }, spool: path.join(folder, 'spool') }
  const [dump, restore] = ['pg_dump', 'pg_restore'].map((tool) => path.join(server.bin, tool))
  const [from, to, file] = [server.url('source'), server.url('copy'), path.join(folder, 'plain.dump')]
  const took = {
    piped: [] as number[],
    file: [] as number[],
    create: [] as number[],
    load: [] as number[],
    compare: [] as number[],
  }
  let sizes = { plain: 0, erlmcp: 0, source: 0 }
  for (let round = 0; round < rounds; round += 1) {
    await fresh()
    took.piped.push(await seconds(() => shell(`'${dump}' -Fc -d '${from}' | '${restore}' -d '${to}'`)))
    await fresh()
    took.file.push(
      await seconds(() =>
        shell(`'${dump}' -Fc -d '${from}' -f '${file}' && '${restore}' -d '${to}' '${file}'`),
      ),
    )
    await fresh()
    const request = { id: `bench${round}`, startedAt: new Date() }
    let made: Awaited<ReturnType<typeof createBackup>> | null = null
    took.create.push(await seconds(async () => (made = await createBackup(deps, target, request, signal))))
    const { key: name, manifest } = made as unknown as Awaited<ReturnType<typeof createBackup>>
    const stored = path.join(folder, 'store', name)
    took.load.push(
      await seconds(async () => {
        await checkSum(stored, manifest, signal)
        await target.dumper.load(to, unseal(stored, [key.identity], signal), signal)
      }),
    )
    took.compare.push(
      await seconds(() => withSession(to, (session) => inSnapshot(session, () => measure(session, signal)))),
    )
    sizes = { plain: statSync(file).size, erlmcp: manifest.sizeBytes, source: manifest.plainBytes }
  }
  const [piped, byFile, create, load, compare] = [
    took.piped,
    took.file,
    took.create,
    took.load,
    took.compare,
  ].map(median)
  const whole = (create ?? 0) + (load ?? 0)
  const print = (name: string, value: string): void =>
    void process.stdout.write(`${name.padEnd(34)}${value}\n`)
  print('rows written out', `${Math.round(sizes.source / 1e6)} MB, median of ${rounds}`)
  print('plain piped', `${(piped ?? 0).toFixed(1)} s`)
  print('plain by file', `${(byFile ?? 0).toFixed(1)} s, ${Math.round(sizes.plain / 1e6)} MB`)
  print(
    'erlmcp',
    `${whole.toFixed(1)} s (backup ${(create ?? 0).toFixed(1)}, restore ${(load ?? 0).toFixed(1)}), ${Math.round(sizes.erlmcp / 1e6)} MB`,
  )
  print('verification', `${(compare ?? 0).toFixed(1)} s`)
  print('ratio to plain by file', (whole / (byFile ?? 1)).toFixed(2))
  print('ratio to plain piped', (whole / (piped ?? 1)).toFixed(2))
} finally {
  await server.stop()
  rmSync(folder, { recursive: true, force: true })
}
