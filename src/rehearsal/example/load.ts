import { Agent, request } from 'node:http'

/** Steady traffic on a service: `perSecond` requests for orders in a scattered order, until it is stopped. */
export function startLoad(url: string, perSecond: number): { stop(): void } {
  const agent = new Agent({ keepAlive: true, maxSockets: 8 })
  let order = 0
  let owed = 0
  let last = performance.now()
  const timer = setInterval(() => {
    const now = performance.now()
    owed = Math.min(owed + ((now - last) / 1_000) * perSecond, perSecond)
    last = now
    for (; owed >= 1; owed -= 1) {
      order += 1
      const call = request(`${url}/orders/${(order * 79) % 100_000}`, { agent, timeout: 5_000 }, (response) =>
        response.resume(),
      )
      // a restart of the service refuses connections for a moment; that is part of the traffic it gets
      call.on('error', () => undefined)
      call.end()
    }
  }, 50)
  return {
    stop() {
      clearInterval(timer)
      agent.destroy()
    },
  }
}
