import { createServer } from 'node:net'
import { randomInt } from 'node:crypto'
import { AppError } from '../../../base/error.ts'
import { Ports } from './ports.ts'

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

  has(address: string): boolean {
    return address.startsWith(`127.${this.block}.`)
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

/** After so many blocks in which a port is taken, it is taken on every address. */
const SURE_AFTER = 3

/**
 * A block in which `wanted` are free. A port that a program of the machine holds on all addresses is free in none:
 * another one stands for it then.
 */
export async function findNetwork(
  wanted: readonly number[],
): Promise<{ addresses: AddressBlock; ports: Ports }> {
  const busy = new Map<number, number>()
  for (let tries = 1; ; tries += 1) {
    const addresses = new AddressBlock(randomInt(20, 250))
    const free = await Promise.all(wanted.map((port) => isFree(addresses.host, port)))
    const taken = wanted.filter((_port, index) => free[index] === false)
    if (taken.length === 0) return { addresses, ports: new Ports() }
    for (const port of taken) busy.set(port, (busy.get(port) ?? 0) + 1)
    if (taken.every((port) => (busy.get(port) ?? 0) >= SURE_AFTER) || tries > 20)
      return { addresses, ports: new Ports(await replacements(addresses.host, taken, wanted)) }
  }
}

async function replacements(
  host: string,
  taken: readonly number[],
  wanted: readonly number[],
): Promise<Map<number, number>> {
  const found = new Map<number, number>()
  for (const port of taken) {
    let other = port + 10_000
    while ([...found.values(), ...wanted].includes(other) || !(await isFree(host, other))) {
      other += 1
      if (other > port + 20_000) {
        throw new AppError(
          'port_taken',
          `port ${port} and all that could stand for it are in use on this machine`,
          {
            action: `Stop the program that listens on 0.0.0.0:${port}, or let it listen on one address only.`,
          },
        )
      }
    }
    found.set(port, other)
  }
  return found
}

function isFree(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
