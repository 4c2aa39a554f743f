import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { Client } from 'pg'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { delay } from '../../src/base/clock.ts'
import { findBinaries, packagedNative } from '../../src/db/embedded/binaries.ts'
import { startEmbedded } from '../../src/db/index.ts'
import type { EmbeddedPostgres } from '../../src/db/index.ts'
import { eventually } from '../support/engine.ts'
import { memoryLog, silentLog } from '../support/log.ts'

let dataDir: string
const running: EmbeddedPostgres[] = []

beforeEach(() => {
  dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-pg-'))
  // PostgreSQL's user passes through
  chmodSync(dataDir, 0o711)
})
afterEach(async () => {
  await Promise.all(running.splice(0).map((embedded) => embedded.stop()))
  rmSync(dataDir, { recursive: true, force: true })
})

async function start(
  options: { native?: string | null; log?: typeof silentLog } = {},
): Promise<EmbeddedPostgres> {
  const embedded = await startEmbedded({ dataDir, log: silentLog, ...options })
  running.push(embedded)
  return embedded
}

async function ask(url: string, statement: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    return (await client.query<Record<string, unknown>>(statement)).rows
  } finally {
    await client.end()
  }
}

/** A zombie has no command line any more. */
const isAlive = (pid: number): boolean => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8') !== ''
  } catch {
    return false
  }
}

describe('the embedded PostgreSQL', () => {
  test('keeps its data and its name between starts, writes through, and listens on no network', async () => {
    const first = await start()
    await ask(first.url, 'create table kept (n int); insert into kept values (7)')
    const settings = await ask(
      first.url,
      `select current_setting('fsync') as fsync, current_setting('listen_addresses') as listens,
       current_setting('synchronous_commit') as waits, current_setting('data_checksums') as checksums`,
    )
    expect(settings).toEqual([{ fsync: 'on', listens: '', waits: 'on', checksums: 'on' }])
    await first.stop()
    expect(isAlive(first.pid())).toBe(false)
    const second = await start()
    expect(await ask(second.url, 'select n from kept')).toEqual([{ n: 7 }])
    expect(second.executorId).toBe(first.executorId)
  })

  test('refuses a second erlmcp on the same folder, and does not harm the first', async () => {
    const first = await start()
    await expect(startEmbedded({ dataDir, log: silentLog })).rejects.toMatchObject({ code: 'data_locked' })
    expect(await ask(first.url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('starts again when it ends by itself, and says so', async () => {
    const { log, lines } = memoryLog()
    const embedded = await start({ log })
    const before = embedded.pid()
    process.kill(before, 'SIGKILL')
    await eventually(async () => embedded.pid() !== before && (await answers(embedded.url)))
    expect(lines.map((line) => line.level)).toEqual(['error', 'warn'])
  })

  test('does not mind what a killed initdb left', async () => {
    mkdirSync(path.join(dataDir, 'pg.new'))
    writeFileSync(path.join(dataDir, 'pg.new', 'PG_VERSION'), '18\n')
    expect(await ask((await start()).url, 'select 1 as one')).toEqual([{ one: 1 }])
  })

  test('puts its socket elsewhere when the path of the folder is too long', async () => {
    dataDir = path.join(dataDir, 'long'.repeat(25))
    const embedded = await start()
    expect(await ask(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }])
    const socketDir = new URL(embedded.url).searchParams.get('host') ?? ''
    expect(lstatSync(socketDir).mode & 0o077).toBe(0)
  })
})

describe('after erlmcp was killed', () => {
  test.each(['has ended with it', 'still runs'])(
    'the server that %s gives way to a new one, with its data',
    async (how) => {
      const child = spawn(process.execPath, [
        fileURLToPath(new URL('../support/embedded-child.ts', import.meta.url)),
        dataDir,
      ])
      const { url, pid } = await new Promise<{ url: string; pid: number }>((resolve) => {
        child.stdout.once('data', (data: Buffer) =>
          resolve(JSON.parse(data.toString()) as { url: string; pid: number }),
        )
      })
      await ask(url, 'create table kept (n int); insert into kept values (7)')
      // a stopped process takes no signal, so it outlives its parent
      if (how === 'still runs') process.kill(pid, 'SIGSTOP')
      child.kill('SIGKILL')
      await new Promise((resolve) => child.once('exit', resolve))
      const starting = start()
      await delay(300)
      if (how === 'still runs') process.kill(pid, 'SIGCONT')
      const next = await starting
      expect(next.pid()).not.toBe(pid)
      expect(isAlive(pid)).toBe(false)
      expect(await ask(next.url, 'select n from kept')).toEqual([{ n: 7 }])
    },
  )
})

describe('the programs', () => {
  test('are taken from a package without its symbolic links, also where PostgreSQL may not look', async () => {
    const native = await packagedNative()
    if (native === null) throw new Error('the npm package is not installed')
    const closed = path.join(dataDir, 'closed')
    const copy = path.join(closed, 'native')
    cpSync(native, copy, { recursive: true, filter: (file) => !lstatSync(file).isSymbolicLink() })
    cpSync(path.join(native, '..', 'package.json'), path.join(closed, 'package.json'))
    chmodSync(closed, 0o700)
    const embedded = await start({ native: copy })
    expect(await ask(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }])
    expect(existsSync(path.join(dataDir, 'postgresql'))).toBe(process.getuid?.() === 0)
  })

  test.skipIf(!systemHasPostgres())('are those of the system where there is no package', async () => {
    const embedded = await start({ native: null })
    expect(embedded.major).toBeGreaterThanOrEqual(15)
    const [row] = await ask(
      embedded.url,
      `select current_setting('server_version_num')::int / 10000 as major`,
    )
    expect(row).toEqual({ major: embedded.major })
  })

  test('are missed with a sentence that says what to do', () => {
    const search = { dataDir, identity: {}, major: null, native: null, systemFolders: [] }
    expect(() => findBinaries(search)).toThrow(expect.objectContaining({ code: 'database_missing' }))
  })
})

describe('a folder that cannot be used', () => {
  test('with data of another version is refused and left as it is', async () => {
    mkdirSync(path.join(dataDir, 'pg'))
    writeFileSync(path.join(dataDir, 'pg', 'PG_VERSION'), '99\n')
    await expect(start()).rejects.toMatchObject({ code: 'data_newer' })
    expect(readdirSync(dataDir)).toEqual(['pg'])
  })

  test('that cannot be made is named', async () => {
    writeFileSync(path.join(dataDir, 'file'), '')
    const inFile = startEmbedded({ dataDir: path.join(dataDir, 'file', 'data'), log: silentLog })
    await expect(inFile).rejects.toMatchObject({ code: 'data_unwritable' })
  })

  test.skipIf(process.getuid?.() !== 0)('that PostgreSQL, unlike root, cannot reach is named', async () => {
    const closed = path.join(dataDir, 'closed')
    mkdirSync(closed, { mode: 0o700 })
    const unreachable = startEmbedded({ dataDir: path.join(closed, 'data'), log: silentLog })
    await expect(unreachable).rejects.toMatchObject({ code: 'data_unwritable', data: { closed } })
  })

  test.skipIf(!canMount())('on a full disk is named, and starts when there is room', async () => {
    const mount = (size: string) =>
      spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', dataDir], { encoding: 'utf8' })
    mount('8m')
    try {
      const full = start()
      await expect(full).rejects.toMatchObject({ code: 'data_unwritable' })
      spawnSync('mount', ['-o', 'remount,size=300m', dataDir])
      const embedded = await start()
      expect(await ask(embedded.url, 'select 1 as one')).toEqual([{ one: 1 }])
      await embedded.stop()
    } finally {
      spawnSync('umount', [dataDir])
    }
  })
})

const answers = (url: string): Promise<boolean> =>
  ask(url, 'select 1').then(
    () => true,
    () => false,
  )

function systemHasPostgres(): boolean {
  return [15, 16, 17, 18].some((major) => existsSync(`/usr/lib/postgresql/${major}/bin/postgres`))
}

function canMount(): boolean {
  const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-mount-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', folder]).status === 0
  if (mounted) spawnSync('umount', [folder])
  rmSync(folder, { recursive: true, force: true })
  return mounted
}
