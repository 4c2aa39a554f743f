import { Agent, request } from 'node:http'
import { connect } from 'node:net'
import type { Socket } from 'node:net'

export interface Load {
  /** Requests a second. */
  setRate(perSecond: number): void
  /** Idle connections that are kept open beside the requests. */
  setConnections(count: number): void
  stop(): void
}

const TICK_MS = 50
/** How long a client stays connected, on average. */
const CLIENT_MS = 6_000

/** Steady traffic on a service, as its clients would send it; errors and refusals are part of it. */
export function startLoad(url: string, perSecond: number): Load {
  const { hostname, port } = new URL(url)
  const agent = new Agent({ keepAlive: false, maxSockets: 200 })
  const idle = new Set<Socket>()
  let rate = perSecond
  let connections = 0
  let owed = 0
  let last = performance.now()
  const send = (): void => {
    const call = request(`${url}/tools/call`, { agent, timeout: 5_000 }, (response) => response.resume())
    call.on('timeout', () => call.destroy())
    call.on('error', () => undefined)
    call.end()
  }
  const open = (): void => {
    const socket = connect({ host: hostname, port: Number(port) })
    idle.add(socket)
    socket.on('error', () => socket.destroy())
    socket.on('close', () => idle.delete(socket))
    // clients come and go, so that new pods get their share of them
    setTimeout(() => socket.destroy(), CLIENT_MS * (0.5 + Math.random())).unref()
  }
  const timer = setInterval(() => {
    const now = performance.now()
    owed = Math.min(owed + ((now - last) / 1_000) * rate, rate)
    last = now
    for (; owed >= 1; owed -= 1) send()
    while (idle.size > connections) {
      const [socket] = idle
      if (socket === undefined) break
      idle.delete(socket)
      socket.destroy()
    }
    if (idle.size < connections)
      for (let count = Math.min(20, connections - idle.size); count > 0; count -= 1) open()
  }, TICK_MS)
  return {
    setRate(value) {
      rate = value
    },
    setConnections(count) {
      connections = count
    },
    stop() {
      clearInterval(timer)
      agent.destroy()
      for (const socket of idle) socket.destroy()
    },
  }
}
