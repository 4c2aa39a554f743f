import { spawn } from 'node:child_process'
import { globSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { withFixtures } from './mcp/fixtures.ts'
import { startUnderTest } from './mcp/server.ts'

const SUITE = path.resolve('node_modules/@modelcontextprotocol/conformance/dist/index.js')
/** What the suite asks of any server, without a tool made for it. */
const WITHOUT_FIXTURES = [
  'tools-list',
  'resources-list',
  'prompts-list',
  'caching',
  'dns-rebinding-protection',
  'sep-2164-resource-not-found',
  'http-header-validation',
]

let folder = ''
let fixtures: Awaited<ReturnType<typeof startUnderTest>>
let bare: Awaited<ReturnType<typeof startUnderTest>>

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-suite-'))
  fixtures = await startUnderTest(withFixtures)
  bare = await startUnderTest((registry) => registry)
})
afterAll(async () => {
  await Promise.all([fixtures.stop(), bare.stop()])
  await rm(folder, { recursive: true, force: true })
})

describe('the official suite', () => {
  test.each(['2026-07-28', '2025-11-25'])(
    'finds every scored scenario of %s in order',
    async (revision) => {
      const { code, output } = await suite(fixtures.url, ['--requirements', revision])
      expect(code, output.slice(-4_000)).toBe(0)
    },
    110_000,
  )

  test('finds all that it has in order, the Tasks and Skills extensions too', async () => {
    const { code, output } = await suite(fixtures.url, ['--suite', 'all'])
    expect(code, output.slice(-4_000)).toBe(0)
    expect(output).toMatch(/Total: 27\d passed, 0 failed/)
  }, 110_000)

  test.each(WITHOUT_FIXTURES)(
    'finds %s in order with nothing but the tools of erlmcp',
    async (scenario) => {
      const { code, output } = await suite(bare.url, ['--scenario', scenario, '--spec-version', '2026-07-28'])
      expect(code, output.slice(-4_000)).toBe(0)
    },
    60_000,
  )
})

test('the product holds no fixture of the suite, and what is published no test', () => {
  const sources = globSync('{src,bin}/**/*', { withFileTypes: true }).filter((entry) => entry.isFile())
  expect(sources.length).toBeGreaterThan(100)
  const wrong = sources
    .map((entry) => path.join(entry.parentPath, entry.name))
    .filter((file) => /test_simple_text|conformance\/mcp/.test(readFileSync(file, 'utf8')))
  expect(wrong).toEqual([])
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files?: string[] }
  expect((files ?? []).filter((each) => each.startsWith('test'))).toEqual([])
})

function suite(url: string, more: readonly string[]): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [SUITE, 'server', '--url', url, '-o', folder, ...more], {
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 100_000,
    })
    let output = ''
    child.stdout.on('data', (part: Buffer) => (output += part.toString()))
    child.stderr.on('data', (part: Buffer) => (output += part.toString()))
    child.on('error', reject)
    child.on('close', (code) => resolve({ code, output }))
  })
}
