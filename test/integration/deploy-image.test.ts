import { spawn, spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { billOfMaterials, runtimePackages } from '../../scripts/sbom.ts'
import { testDatabase } from '../support/database.ts'

const DOCKERFILE = readFileSync('deploy/Dockerfile', 'utf8')
const root = mkdtempSync(path.join(tmpdir(), 'erlmcp-image-'))
const app = path.join(root, 'opt', 'erlmcp')

/** Packages that the image installs, by the lock file, without those that the Dockerfile removes again. */
function installed(): string[] {
  const removed = /rm -rf (node_modules\/.*)/.exec(DOCKERFILE)?.[1]?.split(/\s+/) ?? []
  return runtimePackages()
    .map((each) => `node_modules/${each.slice(0, each.lastIndexOf('@'))}`)
    .filter((name) => existsSync(name) && !removed.includes(name))
}

/** What the last stage copies from the repository itself. */
const copied = (): string[] =>
  (DOCKERFILE.split(/^FROM /m).at(-1) ?? '')
    .split('\n')
    .filter((line) => line.startsWith('COPY ') && !line.includes('--from='))
    .flatMap((line) => line.split(/\s+/).slice(1, -1))

beforeAll(() => {
  mkdirSync(path.join(app, 'node_modules'), { recursive: true })
  for (const name of copied())
    cpSync(name, path.join(app, name), { recursive: true, filter: (file) => !file.endsWith('.test.ts') })
  for (const name of new Set(installed())) {
    mkdirSync(path.dirname(path.join(app, name)), { recursive: true })
    symlinkSync(path.resolve(name), path.join(app, name))
  }
}, 60_000)
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))

const environment = { PATH: process.env['PATH'] ?? '', HOME: root, NODE_ENV: 'production' }
const erlmcp = (
  args: readonly string[],
  env: Record<string, string> = {},
): { status: number | null; out: string } => {
  const { status, stdout, stderr } = spawnSync(process.execPath, ['src/main.ts', ...args], {
    cwd: app,
    env: { ...environment, ...env },
    encoding: 'utf8',
    timeout: 60_000,
  })
  return { status, out: stdout + stderr }
}

describe('the files of the image', () => {
  test('are there, and the build context lets them through', () => {
    const ignore = readFileSync('deploy/Dockerfile.dockerignore', 'utf8').split('\n')
    const sources = [...DOCKERFILE.matchAll(/^COPY (?!--from)(.+)$/gm)].flatMap(([, list = '']) =>
      list.split(/\s+/).slice(0, -1),
    )
    expect(sources.length).toBeGreaterThan(5)
    expect(sources.filter((name) => !existsSync(name))).toEqual([])
    expect(sources.filter((name) => !ignore.includes(`!${name}`))).toEqual([])
  })

  test('are enough for the command line: version, pages, the check of a configuration', () => {
    expect(erlmcp(['--version'])).toMatchObject({ status: 0 })
    expect(erlmcp(['config', 'check'])).toMatchObject({ status: 0 })
    expect(erlmcp(['runbook', 'lint', 'runbooks/high-cpu.md'])).toMatchObject({ status: 0 })
  }, 120_000)

  test('are enough for the server: it starts on a PostgreSQL, becomes ready, and stops when told', async () => {
    const store = await testDatabase()
    const port = await freePort()
    const child = spawn(process.execPath, ['src/main.ts', 'serve'], {
      cwd: app,
      env: {
        ...environment,
        DATABASE_URL: store.url,
        ERLMCP_PORT: String(port),
        ERLMCP_DATA_DIR: path.join(root, 'data'),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (chunk: Buffer) => (said += chunk.toString()))
    const ended = new Promise<number | null>((resolve) => child.once('exit', resolve))
    try {
      await expect
        .poll(() => readiness(port), { timeout: 90_000, interval: 500, message: said })
        .toEqual({ ready: true, reasons: [] })
      child.kill('SIGTERM')
      expect(await ended, said).toBe(0)
    } finally {
      child.kill('SIGKILL')
      await ended
      await store.drop()
    }
  }, 150_000)
})

const readiness = async (port: number): Promise<unknown> =>
  fetch(`http://127.0.0.1:${port}/ready`).then(
    (answer) => answer.json(),
    (error: unknown) => String(error),
  )

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0))
    })
  })

test('the bill of materials names what runs, each with its licence, and no developer tool', () => {
  const bill = billOfMaterials()
  expect(bill.components.map((each) => each['bom-ref']).toSorted()).toEqual(
    [...new Set(runtimePackages())].toSorted(),
  )
  const names = bill.components.map((each) => each.name)
  expect(names).toEqual(expect.arrayContaining(['fastify', 'pg', 'zod']))
  expect(names.filter((name) => /^(?:vitest|vite|typescript|oxlint|playwright-core)$/.test(name))).toEqual([])
  expect(
    bill.components.filter((each) => (each.licenses ?? []).length === 0).map((each) => each.name),
  ).toEqual([])
}, 90_000)

test('the image runs as a user with a number and a name, and every base can be pinned', () => {
  expect(DOCKERFILE).toMatch(/^USER 1000:1000$/m)
  const bases = [...DOCKERFILE.matchAll(/^FROM (\S+)/gm)].map(([, name]) => name)
  expect(bases.every((name) => /^\$\{\w+_IMAGE\}$/.test(name ?? ''))).toBe(true)
})
