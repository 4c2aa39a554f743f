import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'
import { AppError } from '../../../base/error.ts'

/**
 * The network of a sandbox: one block of loopback addresses, which Linux answers without any set-up. Every pod,
 * service and node has its own address, so all of them can use the ports that their manifests name.
 */
export class AddressBlock {
  readonly block: number
  #pods = new Set<string>()
  #services = 0
  #last = 0

  constructor(block: number) {
    this.block = block
  }

  get host(): string {
    return `127.${this.block}.0.1`
  }

  node(index: number): string {
    return `127.${this.block}.0.${10 + index}`
  }

  /** Addresses are not reused at once: a client that lags must not reach a stranger. */
  takePod(): string {
    for (let tries = 0; tries < 40_000; tries += 1) {
      this.#last = (this.#last + 1) % 40_000
      const ip = `127.${this.block}.${1 + Math.floor(this.#last / 250)}.${1 + (this.#last % 250)}`
      if (this.#pods.has(ip)) continue
      this.#pods.add(ip)
      return ip
    }
    throw new AppError('unavailable', 'all pod addresses of the sandbox are in use', {
      action: 'Remove pods.',
    })
  }

  releasePod(ip: string): void {
    this.#pods.delete(ip)
  }

  takeService(): string {
    this.#services += 1
    return `127.${this.block}.${200 + Math.floor(this.#services / 250)}.${1 + (this.#services % 250)}`
  }
}

/** A block in which the ports of the default services are free. */
export async function findBlock(ports: readonly number[]): Promise<AddressBlock> {
  let busy = 0
  for (let tries = 0; tries < 20; tries += 1) {
    const block = new AddressBlock(randomInt(20, 250))
    const free = await Promise.all(ports.map((port) => isFree(block.host, port)))
    busy = ports[free.indexOf(false)] ?? busy
    if (!free.includes(false)) return block
  }
  throw new AppError('port_taken', `port ${busy} is in use on all addresses of this machine`, {
    action: `Stop the program that listens on 0.0.0.0:${busy}, or let it listen on one address only.`,
  })
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
