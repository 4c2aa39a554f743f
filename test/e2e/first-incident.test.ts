import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, expect, test } from 'vitest'

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true, force: true })
})

interface Play {
  child: ChildProcess
  dataDir: string
  output(): string
  ended: Promise<number | null>
}

function play(args: string[], dataDir?: string): Play {
  const folder = dataDir ?? mkdtempSync(path.join(tmpdir(), 'erlmcp-play-'))
  if (dataDir === undefined) folders.push(folder)
  const child = spawn(process.execPath, ['src/main.ts', 'start', ...args], {
    env: { ...process.env, ERLMCP_DATA_DIR: folder, ERLMCP_PORT: '0' },
    stdio: ['pipe', 'pipe', 'pipe'],
  })
  let text = ''
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (part: Buffer) => (text += part.toString('utf8')))
  return {
    child,
    dataDir: folder,
    output: () => text,
    ended: new Promise((resolve) => child.once('exit', (code) => resolve(code))),
  }
}

/** Every process whose command line or environment names the folder. */
function processesOf(folder: string): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .flatMap((pid) => {
      try {
        const command = readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ')
        return command.includes(folder) ? [command] : []
      } catch {
        return []
      }
    })
}

async function until(condition: () => boolean, what: () => string): Promise<void> {
  const limit = Date.now() + 150_000
  while (!condition()) {
    if (Date.now() > limit) throw new Error(`did not happen: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}

test('the first incident goes from its alert to a proved recovery and a written review, by itself', async () => {
  const started = play(['--auto'])
  expect(await started.ended, started.output()).toBe(0)
  const file = started.output().trim().split('\n').at(-1) ?? ''
  expect(existsSync(file)).toBe(true)
  const review = readFileSync(file, 'utf8')
  expect(review).toContain('# Incident Report: High error rate on orders')
  expect(review).toContain('**passed**')
  expect(review).toContain('approved by rehearsal:example')
  expect(started.output()).toMatch(/error rate < 1\.00 % held for 20 s/)
  expect(processesOf(started.dataDir)).toEqual([])
})

test('a person answers y at the terminal, and state stays between starts', async () => {
  const first = play([])
  await until(() => first.output().includes('[y] approve option 1'), first.output)
  // erlmcp is killed while it waits for the person, and started again: the incident is still there
  first.child.kill('SIGKILL')
  await first.ended
  const second = play([], first.dataDir)
  await until(() => second.output().includes('[y] approve option 1'), second.output)
  second.child.stdin?.write('y\n')
  expect(await second.ended, second.output()).toBe(0)
  expect(second.output()).toContain('INC-1 is resolved')
  expect(second.output().trim().split('\n').at(-1)).toMatch(/INC-1\.md$/)
  await until(
    () => processesOf(first.dataDir).length === 0,
    () => processesOf(first.dataDir).join('\n'),
  )
})

test('Ctrl-C leaves nothing running', async () => {
  const started = play([])
  await until(() => started.output().includes('[y] approve option 1'), started.output)
  started.child.kill('SIGINT')
  await started.ended
  expect(started.output()).toContain('nothing is left running')
  await until(
    () => processesOf(started.dataDir).length === 0,
    () => processesOf(started.dataDir).join('\n'),
  )
})
