import { execFileSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nothingLeftOf, runErlmcp } from '../support/play.ts'
import { hasKubectl } from '../support/sandbox.ts'

const dataDir = mkdtempSync(path.join(tmpdir(), 'erlmcp-commands-'))
// the user that PostgreSQL runs as for root goes through it
chmodSync(dataDir, 0o755)
const occupied: Server[] = []

/** Runs `erlmcp` to its end on the folder of these tests. */
async function erlmcp(
  args: string[],
  env: Record<string, string> = {},
): Promise<{ code: number | null; out: string }> {
  const started = runErlmcp(args, { dataDir, env })
  const code = await started.ended
  return { code, out: started.output() }
}

function kubectl(...args: string[]): string {
  return execFileSync('kubectl', args, {
    encoding: 'utf8',
    env: { PATH: process.env['PATH'] ?? '', HOME: dataDir, KUBECONFIG: kubeconfig() },
  }).trim()
}

const kubeconfig = (): string =>
  (JSON.parse(readFileSync(`${dataDir}/rehearsal/sandbox/sandbox.json`, 'utf8')) as { kubeconfig: string })
    .kubeconfig

const portOf = (server: Server): number => (server.address() as AddressInfo).port

/** A program of the machine that holds the port on all addresses, as many do. */
async function occupy(port: number): Promise<void> {
  const server = createServer((socket) => socket.destroy())
  occupied.push(server)
  // where somebody else has it on one address, it is that one's
  await new Promise<void>((resolve) => server.once('error', () => resolve()).listen(port, '0.0.0.0', resolve))
}

describe.skipIf(!hasKubectl)('a sandbox in the background, on a machine whose ports are taken', () => {
  beforeAll(async () => {
    for (const port of [6443, 8080, 5432, 9090, 4318]) await occupy(port)
    const { code, out } = await erlmcp(['sandbox', 'up', '--detach', '--speed', '30'])
    expect(code, out).toBe(0)
    expect(out).toContain('`erlmcp sandbox down` ends it')
  }, 240_000)

  afterAll(async () => {
    const { code, out } = await erlmcp(['sandbox', 'down'])
    for (const server of occupied) server.close()
    expect(code, out).toBe(0)
    expect(out).toMatch(/the sandbox \(process \d+\) has ended/)
    await nothingLeftOf(dataDir)
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 })
  }, 120_000)

  test('it says where it is, and what runs in it', async () => {
    const { code, out } = await erlmcp(['sandbox', 'status', '--json'])
    expect(code, out).toBe(0)
    const status = JSON.parse(out) as { pods: { ready: boolean }[]; services: Record<string, string> }
    expect(status).toMatchObject({ running: true, namespace: 'erlmcp', faults: [] })
    expect(status.pods).toHaveLength(6)
    const service = status.services['erlmcp'] ?? ''
    expect((await fetch(`${service}/health`)).status).toBe(200)
    const taken = occupied.flatMap((server) => (server.listening ? [portOf(server)] : []))
    expect(taken).not.toContain(Number(new URL(service).port))
    const where = await erlmcp(['sandbox', 'kubeconfig'])
    expect(where.out.trim()).toBe(kubeconfig())
  })

  test('kubectl reaches the pods and what they listen on by the ports of their manifests', () => {
    const inPod = (...command: string[]): string =>
      kubectl('exec', '-n', 'erlmcp', 'deployment/erlmcp-tcps', '--', ...command)
    expect(inPod('curl', '-fsS', 'http://erlmcp:8080/health')).toContain('"status":"ok"')
    expect(inPod('sh', '-c', 'curl -fsS "http://$POD_IP:8080/ready"')).toContain('"database":"up"')
    expect(
      kubectl('exec', '-n', 'erlmcp', 'postgres-pod', '--', 'psql', '-U', 'erlmcp', '-Atc', 'SELECT 1'),
    ).toBe('1')
  })

  test('a second one is refused while it runs', async () => {
    const { code, out } = await erlmcp(['sandbox', 'up', '--detach'])
    expect(code).not.toBe(0)
    expect(out).toMatch(/a sandbox runs already \(process \d+\)/)
    expect(out).toContain('erlmcp sandbox down')
  })

  test('a fault that nobody knows is refused with those that there are', async () => {
    const { code, out } = await erlmcp(['sandbox', 'inject', 'earthquake'])
    expect(code).not.toBe(0)
    expect(out).toContain('there is no fault "earthquake"')
    expect(out).toContain('service-drained')
  })

  test('a fault is put in place, shown, and everything is put back', async () => {
    const selector = (): string =>
      kubectl('get', 'service', 'erlmcp', '-n', 'erlmcp', '-o', 'jsonpath={.spec.selector}')
    expect(await erlmcp(['sandbox', 'inject', 'service-drained'])).toMatchObject({ code: 0 })
    expect(selector()).toBe('{"app":"erlmcp","maintenance":"true"}')
    const shown = await erlmcp(['sandbox', 'status'])
    expect(shown.out).toMatch(/the sandbox runs since .* \(process \d+, speed 30\)/)
    expect(shown.out).toMatch(/faults +service-drained \(/)
    const { code, out } = await erlmcp(['sandbox', 'inject', '--clear'])
    expect(code, out).toBe(0)
    expect(selector()).toBe('{"app":"erlmcp"}')
  })

  test('a namespace without the label is not rehearsed in', async () => {
    const target = ['--target', 'kubeconfig:sandbox/erlmcp']
    const env = { KUBECONFIG: kubeconfig() }
    kubectl('label', 'namespace', 'erlmcp', 'erlmcp.io/rehearsal-')
    const refused = await erlmcp(['rehearse', 'service-drained', ...target], env)
    expect(refused.code, refused.out).toBe(3)
    expect(refused.out).toContain('it has no label erlmcp.io/rehearsal=true')
    kubectl('label', 'namespace', 'erlmcp', 'erlmcp.io/rehearsal=no', '--overwrite')
    const said = await erlmcp(['rehearse', 'service-drained', ...target], env)
    expect(said).toMatchObject({ code: 3, out: expect.stringContaining('(it is "no")') })
  }, 300_000)

  test('in a namespace with the label a scenario is proved through kubectl alone', async () => {
    kubectl('label', 'namespace', 'erlmcp', 'erlmcp.io/rehearsal=true', '--overwrite')
    const { code, out } = await erlmcp(
      ['rehearse', 'service-drained', '--target', 'kubeconfig:sandbox/erlmcp', '--speed', '30'],
      { KUBECONFIG: kubeconfig() },
    )
    expect(code, out).toBe(0)
    expect(out).toContain('PROVED service-drained')
  }, 400_000)

  test('a fault that only the sandbox itself can make is refused elsewhere, with the reason', async () => {
    const { code, out } = await erlmcp(
      ['rehearse', 'overload', '--target', 'kubeconfig:sandbox/erlmcp', '--speed', '30'],
      { KUBECONFIG: kubeconfig() },
    )
    expect(code).toBe(1)
    expect(out).toContain('the fault overload cannot be made through kubectl')
  }, 300_000)
})
