import { randomBytes, timingSafeEqual } from 'node:crypto'
import { createServer } from 'node:http'
import type { IncomingMessage, Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { messageOf } from '../../base/error.ts'
import { startCluster } from '../cluster/cluster.ts'
import type { SandboxCluster } from '../cluster/cluster.ts'
import { startTimeOf } from '../cluster/kubelet/processes.ts'
import { removeRecord, writeRecord } from './record.ts'
import type { SandboxRecord } from './record.ts'
import { readRequest } from './request.ts'
import type { SandboxRequest } from './request.ts'

export interface RunningSandbox {
  cluster: SandboxCluster
  record: SandboxRecord
  stop(): Promise<void>
}

const SERVICES = ['erlmcp', 'prometheus', 'otel-collector'] as const
const MAX_BODY_BYTES = 65_536

/** The sandbox cluster, with a door on loopback by which other commands of its owner ask for faults. */
export async function runSandbox(options: {
  dataDir: string
  speed: number
  log(message: string): void
}): Promise<RunningSandbox> {
  const cluster = await startCluster(options)
  const token = randomBytes(24).toString('hex')
  const faults: SandboxRecord['faults'] = []
  let record: SandboxRecord | null = null
  const act = async (request: SandboxRequest): Promise<void> => {
    if (request.do === 'inject') {
      await cluster.inject(request.fault)
      faults.push({ kind: request.fault.kind, at: new Date().toISOString() })
    } else {
      cluster.load.setConnections(0)
      faults.length = 0
    }
    if (record !== null) await writeRecord(options.dataDir, { ...record, faults })
  }
  const server = doorOf(token, act)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  record = {
    pid: process.pid,
    started: startTimeOf(process.pid) ?? '',
    startedAt: new Date().toISOString(),
    namespace: cluster.namespace,
    kubeconfig: cluster.kubeconfigPath,
    manifests: cluster.manifestsDir,
    speed: options.speed,
    services: servicesOf(cluster),
    control: { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token },
    faults,
  }
  await writeRecord(options.dataDir, record)
  return {
    cluster,
    record,
    async stop() {
      removeRecord(options.dataDir)
      server.close()
      server.closeAllConnections()
      await cluster.stop()
    },
  }
}

function servicesOf(cluster: SandboxCluster): Record<string, string> {
  return Object.fromEntries(
    SERVICES.flatMap((name) => {
      try {
        return [[name, cluster.serviceUrl(name)]]
      } catch {
        return []
      }
    }),
  )
}

function doorOf(token: string, act: (request: SandboxRequest) => Promise<void>): Server {
  const wanted = Buffer.from(`Bearer ${token}`)
  return createServer((request, response) => {
    const given = Buffer.from(request.headers.authorization ?? '')
    const allowed = given.length === wanted.length && timingSafeEqual(given, wanted)
    const answer = (status: number, body: Record<string, unknown>): void => {
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(body))
    }
    if (!allowed) return answer(401, { message: 'wrong token' })
    bodyOf(request)
      .then((body) => act(readRequest(body)))
      .then(
        () => answer(200, {}),
        (error: unknown) => answer(400, { message: messageOf(error) }),
      )
  })
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const parts: Buffer[] = []
  let bytes = 0
  for await (const part of request) {
    const chunk = Buffer.from(part as Uint8Array)
    bytes += chunk.length
    if (bytes > MAX_BODY_BYTES) throw new Error('the request is too large')
    parts.push(chunk)
  }
  return Buffer.concat(parts).toString('utf8')
}
