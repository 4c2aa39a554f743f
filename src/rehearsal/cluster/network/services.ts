import { connect, createServer } from 'node:net'
import type { Server, Socket } from 'node:net'
import type { Service } from 'kubernetes-types/core/v1.js'
import { nameOf, namespaceOf } from '../object.ts'
import type { Store } from '../store.ts'
import { letsIn } from './policies.ts'
import type { Ports } from './ports.ts'

interface Listener {
  server: Server
  targets: { host: string; port: number }[]
  next: number
  sockets: Set<Socket>
}

/**
 * Services: a listener on the service's address for each of its ports, which hands every connection to the next
 * ready endpoint. Without a ready endpoint nothing listens, so that clients are refused as by a real cluster.
 */
export class ServiceProxy {
  #store: Store
  #listeners = new Map<string, Listener>()
  #unsubscribe: () => void
  #log: (message: string) => void
  #ports: Ports

  constructor(store: Store, ports: Ports, log: (message: string) => void) {
    this.#store = store
    this.#ports = ports
    this.#log = log
    this.#unsubscribe = store.subscribe((change) => {
      if (change.resource === 'endpoints' || change.resource === 'services') this.#sync()
    })
    this.#sync()
  }

  stop(): void {
    this.#unsubscribe()
    for (const key of this.#listeners.keys()) this.#close(key)
  }

  #sync(): void {
    const wanted = new Map<string, Listener['targets']>()
    for (const service of this.#store.list('services')) {
      const host = service.spec?.clusterIP
      if (host === undefined || !host.startsWith('127.')) continue
      for (const { port, targets } of this.#targets(service)) {
        if (targets.length > 0) wanted.set(`${host}:${port}`, targets)
      }
    }
    for (const key of this.#listeners.keys()) if (!wanted.has(key)) this.#close(key)
    for (const [key, targets] of wanted) {
      const listener = this.#listeners.get(key)
      if (listener === undefined) this.#open(key, targets)
      else listener.targets = targets
    }
  }

  #targets(service: Service): { port: number; targets: Listener['targets'] }[] {
    const endpoints = this.#store.find('endpoints', namespaceOf(service), nameOf(service))
    return (service.spec?.ports ?? []).map((port) => ({
      port: port.port,
      targets: (endpoints?.subsets ?? []).flatMap((subset) => {
        const target = (subset.ports ?? []).find((item) => (item.name ?? '') === (port.name ?? ''))
        return (subset.addresses ?? []).map((address) => ({
          host: address.ip,
          port: target?.port ?? port.port,
        }))
      }),
    }))
  }

  #open(key: string, targets: Listener['targets']): void {
    const [host = '', port = ''] = key.split(':')
    const server = createServer({ pauseOnConnect: true }, (socket) => this.#forward(key, socket))
    const listener = { server, targets, next: 0, sockets: new Set<Socket>() }
    this.#listeners.set(key, listener)
    server.on('error', (error) => {
      this.#log(`service on ${key}: ${error.message}`)
      this.#listeners.delete(key)
    })
    server.listen(this.#ports.actual(Number(port)), host)
  }

  #close(key: string): void {
    const listener = this.#listeners.get(key)
    this.#listeners.delete(key)
    listener?.server.close()
    for (const socket of listener?.sockets ?? []) socket.destroy()
  }

  #forward(key: string, client: Socket, tries = 0): void {
    const listener = this.#listeners.get(key)
    const target = listener?.targets[listener.next % listener.targets.length]
    if (listener === undefined || target === undefined) {
      client.destroy()
      return
    }
    listener.next += 1
    listener.sockets.add(client)
    client.once('close', () => listener.sockets.delete(client))
    if (!letsIn(this.#store, target.host, target.port)) {
      drop(client)
      return
    }
    const upstream = connect({ host: target.host, port: this.#ports.actual(target.port) })
    const giveUp = (): void => {
      upstream.destroy()
      client.destroy()
    }
    client.on('error', giveUp)
    upstream.once('connect', () => {
      upstream.off('error', retry)
      upstream.on('error', giveUp)
      client.pipe(upstream)
      upstream.pipe(client)
      client.resume()
    })
    // an endpoint that has just gone: the next one takes the connection
    const retry = (): void => {
      client.off('error', giveUp)
      if (tries + 1 < listener.targets.length) this.#forward(key, client, tries + 1)
      else client.destroy()
    }
    upstream.once('error', retry)
    client.once('close', () => upstream.destroy())
  }
}

/** As a real network does: no refusal, no answer, until the client gives up. */
function drop(client: Socket): void {
  client.on('error', () => client.destroy())
  client.setTimeout(DROPPED_MS, () => client.destroy())
  // what arrives is read, so that the end of the connection is seen
  client.resume()
}

const DROPPED_MS = 60_000
