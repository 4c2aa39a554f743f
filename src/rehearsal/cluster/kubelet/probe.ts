import { request } from 'node:http'
import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import type { Container, Pod, Probe } from 'kubernetes-types/core/v1.js'
import type { ExecSession } from '../api/context.ts'
import type { Ports } from '../network/ports.ts'

export type ProbeResult = { ok: true } | { ok: false; message: string }

export interface ProbeTarget {
  pod: Pod
  container: Container
  ports: Ports
  exec(command: readonly string[], out: PassThrough): ExecSession
}

/** One attempt of an HTTP, TCP or exec probe. */
export function attempt(probe: Probe, target: ProbeTarget): Promise<ProbeResult> {
  const timeoutMs = (probe.timeoutSeconds ?? 1) * 1_000
  if (probe.httpGet !== undefined) {
    const port = portOf(probe.httpGet.port, target.container)
    return httpAttempt(target, port, probe.httpGet.path ?? '/', timeoutMs)
  }
  if (probe.tcpSocket !== undefined)
    return tcpAttempt(target, portOf(probe.tcpSocket.port, target.container), timeoutMs)
  if (probe.exec?.command !== undefined) return execAttempt(probe.exec.command, target, timeoutMs)
  return Promise.resolve({ ok: true })
}

export function portOf(port: number | string, container: Container): number {
  if (typeof port === 'number') return port
  return container.ports?.find((item) => item.name === port)?.containerPort ?? Number(port)
}

const hostOf = ({ pod }: ProbeTarget): string => pod.status?.podIP ?? '127.0.0.1'

function httpAttempt(target: ProbeTarget, port: number, path: string, timeoutMs: number): Promise<ProbeResult> {
  const host = hostOf(target)
  return new Promise((resolve) => {
    const url = `http://${host}:${port}${path}`
    const call = request({ host, port: target.ports.actual(port), path, timeout: timeoutMs, headers: { 'User-Agent': 'kube-probe/1.32' }, agent: false })
    call.on('response', (response) => {
      response.resume()
      const code = response.statusCode ?? 0
      if (code >= 200 && code < 400) resolve({ ok: true })
      else resolve({ ok: false, message: `HTTP probe failed with statuscode: ${code}` })
    })
    call.on('timeout', () => call.destroy(new Error('context deadline exceeded (Client.Timeout exceeded while awaiting headers)')))
    call.on('error', (error) => resolve({ ok: false, message: `Get "${url}": ${plain(error)}` }))
    call.end()
  })
} // prettier-ignore

function tcpAttempt(target: ProbeTarget, port: number, timeoutMs: number): Promise<ProbeResult> {
  const host = hostOf(target)
  return new Promise((resolve) => {
    const socket = connect({ host, port: target.ports.actual(port), timeout: timeoutMs })
    socket.on('connect', () => {
      socket.destroy()
      resolve({ ok: true })
    })
    socket.on('timeout', () => socket.destroy(new Error('i/o timeout')))
    socket.on('error', (error) =>
      resolve({ ok: false, message: `dial tcp ${host}:${port}: ${plain(error)}` }),
    )
  })
}

async function execAttempt(
  command: readonly string[],
  target: ProbeTarget,
  timeoutMs: number,
): Promise<ProbeResult> {
  const out = new PassThrough()
  const chunks: Buffer[] = []
  out.on('data', (chunk: Buffer) => chunks.push(chunk))
  const session = target.exec(command, out)
  const timer = setTimeout(() => session.kill(), timeoutMs)
  const ended = await session.ended
  clearTimeout(timer)
  if ('code' in ended && ended.code === 0) return { ok: true }
  return {
    ok: false,
    message: 'failure' in ended ? ended.failure : Buffer.concat(chunks).toString('utf8').trim(),
  }
}

const plain = (error: Error): string =>
  error.message.startsWith('connect ECONNREFUSED') ? `dial tcp ${error.message.split(' ')[2] ?? ''}: connect: connection refused` : error.message // prettier-ignore
