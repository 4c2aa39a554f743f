import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import path from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { nothingLeftOf, processesOf, removePlayFolders, runErlmcp, until } from '../support/play.ts'
import type { Play } from '../support/play.ts'

const hasKubectl =
  process.platform === 'linux' &&
  spawnSync('kubectl', ['version', '--client'], { stdio: 'ignore' }).status === 0

const running: Play[] = []
const erlmcp = (args: string[], options: Parameters<typeof runErlmcp>[1] = {}): Play => {
  const started = runErlmcp(args, options)
  running.push(started)
  return started
}
afterEach(async () => {
  for (const { child, ended } of running.splice(0)) {
    child.kill('SIGKILL')
    await ended
  }
  removePlayFolders()
})

/** A folder for PATH with everything that the host example needs, and no kubectl. */
function pathWithoutKubectl(folder: string): string {
  const bin = path.join(folder, 'bin')
  mkdirSync(bin)
  for (const name of ['bash', 'sh', 'node', 'ps', 'su', 'setpriv', 'id']) {
    const { stdout } = spawnSync('sh', ['-c', `command -v ${name}`], { encoding: 'utf8' })
    if (stdout.trim() !== '') symlinkSync(stdout.trim(), path.join(bin, name))
  }
  return bin
}

describe.skipIf(!hasKubectl)('npm start in the sandbox', () => {
  test('a bad release goes from its alert to a proved rollback and a written review, by itself, and is a proof', async () => {
    const taken = createServer().listen(0, '127.0.0.1')
    await new Promise((resolve) => taken.once('listening', resolve))
    const { port } = taken.address() as AddressInfo
    const started = erlmcp(['start', '--auto', '--speed', '30'], { env: { ERLMCP_PORT: String(port) } })
    expect(await started.ended, started.output()).toBe(0)
    taken.close()
    const told = started.output()
    expect(told).toContain(`port ${port} is taken`)
    expect(told).toMatch(
      /ALERT {2}ErlmcpHighErrorRate: error rate \d+\.\d % \(Error rate > 5% for 1 minute\)/,
    )
    expect(told).toContain('never proved by a rehearsal')
    expect(told).toMatch(/1\. Roll back.*\[change\]/)
    expect(told).toContain('$ kubectl rollout undo "deployment/$DEPLOYMENT" -n "$NAMESPACE"')
    expect(told).toMatch(/error rate 0\.\d\d %: < 1\.00 % for \d+ s, \d+ s to go/)
    const file = told.trim().split('\n').at(-1) ?? ''
    expect(existsSync(file), told).toBe(true)
    expect(readFileSync(file, 'utf8')).toContain('approved by rehearsal:example')
    await nothingLeftOf(started.dataDir)

    const list = erlmcp(['runbook', 'list', 'runbooks'], { dataDir: started.dataDir })
    expect(await list.ended).toBe(0)
    expect(list.output().replaceAll(/\s+/g, ' ')).toMatch(
      /ErlmcpHighErrorRate \(proved \S.{0,20} on this text\)/,
    )
    const stored = erlmcp(['rehearsal', 'list', '--json'], { dataDir: started.dataDir })
    expect(await stored.ended).toBe(0)
    expect(JSON.parse(stored.output()).rehearsals).toMatchObject([
      { scenario: 'bad-release', target: 'sandbox', passed: true, severity: 'P2', responseTimeSeconds: 900 },
    ])
  })

  test('Ctrl-C leaves nothing running, and a killed start is cleaned up', async () => {
    const first = erlmcp(['start'])
    await until(() => first.output().includes('fault injected'), first.output)
    first.child.kill('SIGINT')
    expect(await first.ended).toBe(1)
    expect(first.output()).toContain('nothing is left running')
    await nothingLeftOf(first.dataDir)

    const second = erlmcp(['start'], { dataDir: first.dataDir })
    await until(() => second.output().includes('fault injected'), second.output)
    expect(processesOf(first.dataDir).length).toBeGreaterThan(3)
    second.child.kill('SIGKILL')
    await second.ended
    const down = erlmcp(['sandbox', 'down'], { dataDir: first.dataDir })
    expect(await down.ended, down.output()).toBe(0)
    await nothingLeftOf(first.dataDir)
  })
})

test('without kubectl the start says how to get it, and plays the incident of a host instead', async () => {
  const probe = erlmcp(['--version'])
  await probe.ended
  const env = { PATH: pathWithoutKubectl(probe.dataDir) }
  const started = erlmcp(['start', '--auto'], { dataDir: probe.dataDir, env })
  await until(() => started.output().includes('orders runs release'), started.output)
  expect(started.output()).toContain('kubectl is not on PATH')
  expect(started.output()).toContain('https://kubernetes.io/docs/tasks/tools/')
  started.child.kill('SIGINT')
  await started.ended
  await nothingLeftOf(probe.dataDir)
})
