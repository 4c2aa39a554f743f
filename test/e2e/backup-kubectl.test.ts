import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { deploymentWorkload, podTools } from '../../src/backup/index.ts'
import { startCluster } from '../../src/rehearsal/index.ts'
import type { SandboxCluster } from '../../src/rehearsal/index.ts'
import { hasKubectl } from '../support/sandbox.ts'

const home = mkdtempSync(path.join(tmpdir(), 'erlmcp-backup-kubectl-'))
const NAMESPACE = 'erlmcp'
const signal = AbortSignal.timeout(240_000)
let cluster: SandboxCluster
const kubeconfig = (): string => cluster.environment('admin')['KUBECONFIG'] ?? ''

beforeAll(async () => {
  if (hasKubectl) cluster = await startCluster({ dataDir: path.join(home, 'sandbox'), speed: 10 })
}, 120_000)
afterAll(async () => {
  if (hasKubectl) await cluster.stop()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}, 60_000)

describe.skipIf(!hasKubectl)('with kubectl, unmodified', () => {
  test('an application is stopped, and started again with as many replicas as it had', async () => {
    const workload = deploymentWorkload({
      kubeconfig: kubeconfig(),
      context: null,
      namespace: NAMESPACE,
      deployment: 'erlmcp-tcps',
      settleMs: 120_000,
    })
    const before = await workload.replicas(signal)
    expect(before).toBeGreaterThan(0)
    for (const count of [0, 0, before]) {
      await workload.scale(count, signal)
      await workload.settled(count, signal)
      expect(await workload.replicas(signal)).toBe(count)
    }
  })

  test('what goes through a program in a pod and back is whole, and its password is in no argument', async () => {
    const runner = podTools({
      kubeconfig: kubeconfig(),
      context: null,
      namespace: NAMESPACE,
      pod: 'postgres-pod',
      container: null,
    })
    const through = async (tool: string, args: string[], input: Buffer): Promise<Buffer> => {
      const tools = { dump: tool, restore: tool, major: 99 }
      const program = runner.start('dump', tools, args, 'postgres://ada:secret@db:5432/orders', signal)
      const out: Buffer[] = []
      const read = pipeline(program.stdout, async (source: AsyncIterable<Buffer>) => {
        for await (const part of source) out.push(part)
      })
      await pipeline(Readable.from([input]), program.stdin)
      await Promise.all([read, program.ended])
      return Buffer.concat(out)
    }
    const data = randomBytes(3_000_000)
    expect((await through('cat', [], data)).equals(data)).toBe(true)
    const said = await through('sh', ['-c', 'echo "$PGUSER $PGPASSWORD $PGDATABASE"'], Buffer.alloc(0))
    expect(said.toString()).toBe('ada secret orders\n')
    await expect(through('sh', ['-c', 'echo half; exit 3'], Buffer.alloc(0))).rejects.toMatchObject({
      code: expect.stringMatching(/^(backup_damaged|unavailable)$/),
    })
  })
})
