import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { pack } from '../../scripts/pack.mjs'
import { runtimePackages } from '../../scripts/sbom.ts'
import { testDatabase } from '../support/database.ts'
import { until } from '../support/story.ts'

const root = mkdtempSync(path.join(tmpdir(), 'erlmcp-package-'))
const prefix = path.join(root, 'prefix')
const installed = path.join(prefix, 'lib', 'node_modules', 'erlmcp')
const binary = path.join(prefix, 'bin', 'erlmcp')
const environment = {
  PATH: `${path.dirname(process.execPath)}:/usr/local/bin:/usr/bin:/bin`,
  HOME: root,
  ERLMCP_DATA_DIR: path.join(root, 'data'),
}
let files: string[] = []

beforeAll(async () => {
  const tarball = await pack(root)
  files = run('tar', ['-tzf', tarball])
    .out.split('\n')
    .filter((line) => line !== '')
  layOut(tarball)
}, 120_000)
afterAll(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))

/** As `npm install --global` lays it out; the packages are those of this checkout, so that nothing is fetched. */
function layOut(tarball: string): void {
  mkdirSync(installed, { recursive: true })
  mkdirSync(path.dirname(binary), { recursive: true })
  run('tar', ['-xzf', tarball, '--strip-components=1', '-C', installed])
  for (const each of new Set(runtimePackages())) {
    const name = path.join('node_modules', each.slice(0, each.lastIndexOf('@')))
    if (name === path.join('node_modules', 'node')) continue
    if (existsSync(path.join(installed, name)) || !existsSync(name)) continue
    mkdirSync(path.dirname(path.join(installed, name)), { recursive: true })
    symlinkSync(path.resolve(name), path.join(installed, name))
  }
  symlinkSync(path.join(installed, 'bin', 'erlmcp'), binary)
}

function run(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = environment,
): { status: number | null; out: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    cwd: root,
    env,
    encoding: 'utf8',
    timeout: 100_000,
  })
  return { status, out: stdout + stderr }
}

describe('the package', () => {
  test('holds compiled code and all that it reads, and neither sources nor tests nor fixtures', () => {
    const names = files.map((file) => file.replace(/^package\//, ''))
    for (const wanted of [
      'bin/erlmcp',
      'dist/main.js',
      'dist/db/migrations/0001_initial.sql',
      'dist/command/data/kubectl.json',
      'dist/rehearsal/workload/main.js',
      'dist/rehearsal/cluster/world/manifests/erlmcp.yaml',
      'web/dist/index.html',
      'deploy/kustomize/base/kustomization.yaml',
      'npm-shrinkwrap.json',
      'LICENSE',
    ])
      expect(names).toContain(wanted)
    expect(names.some((name) => name.startsWith('runbooks/') && name.endsWith('.md'))).toBe(true)
    expect(
      names.filter((name) => /\.tsx?$|\.test\.[jt]s|^(src|test|bench|scripts)\/|fixture/.test(name)),
    ).toEqual([])
    const code = names.filter((name) => /^dist\/.*\.js$/.test(name))
    expect(code.length).toBeGreaterThan(300)
    for (const name of code) {
      const text = readFileSync(path.join(installed, name), 'utf8')
      expect(text, name).not.toMatch(/test_simple_text|modelcontextprotocol\/conformance/)
      expect(text, name).not.toMatch(/^\s*(?:import|export)\b.*\bfrom '\.[^']*\.ts'/m)
    }
  })

  test('names the versions of everything that it needs, and nothing that only developers need', () => {
    const lock = JSON.parse(readFileSync(path.join(installed, 'npm-shrinkwrap.json'), 'utf8')) as {
      packages: Record<string, { dev?: boolean }>
    }
    expect(Object.keys(lock.packages)).toContain('node_modules/fastify')
    expect(Object.keys(lock.packages)).not.toContain('node_modules/vitest')
    const manifest = JSON.parse(readFileSync(path.join(installed, 'package.json'), 'utf8')) as Record<
      string,
      unknown
    >
    expect(manifest['devDependencies'] ?? manifest['scripts'] ?? null).toBeNull()
  })
})

describe('an installation in an empty place', () => {
  test('says its version, lints a page it came with, and explains itself', () => {
    const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }
    expect(run(binary, ['--version'])).toEqual({ status: 0, out: `${version}\n` })
    const lint = run(binary, ['runbook', 'lint', path.join(installed, 'runbooks', 'high-error-rate.md')])
    expect(lint.status, lint.out.slice(-2_000)).toBe(0)
    expect(run(binary, ['--help'])).toMatchObject({
      status: 0,
      out: expect.stringContaining('incident') as string,
    })
  }, 60_000)

  test('serves the page and its health, and lets nobody in without a token', async () => {
    const store = await testDatabase()
    const child = spawn(binary, ['serve'], {
      cwd: root,
      env: { ...environment, DATABASE_URL: store.url, ERLMCP_PORT: '0', ERLMCP_LOG_LEVEL: 'error' },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    child.stdout.on('data', (part: Buffer) => (said += part.toString()))
    child.stderr.on('data', (part: Buffer) => (said += part.toString()))
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    try {
      const url = await until('the server', async () => {
        if (child.exitCode !== null) throw new Error(said)
        return /listens on (http:\S+),/.exec(said)?.[1]
      })
      expect((await fetch(new URL('/health', url))).status, said).toBe(200)
      expect(await (await fetch(url)).text()).toContain('<script')
      for (const [place, method] of [
        ['/mcp', 'POST'],
        ['/mcp', 'GET'],
        ['/api/v1/incidents', 'GET'],
        ['/api/v1/run-plans', 'POST'],
      ] as const) {
        const response = await fetch(new URL(place, url), {
          method,
          ...(method === 'POST' ? { headers: { 'content-type': 'application/json' }, body: '{}' } : {}),
        })
        expect(response.status, `${method} ${place}`).toBe(401)
      }
    } finally {
      child.kill('SIGTERM')
      expect(await ended).toBe(0)
      await store.drop()
    }
  }, 60_000)
})
