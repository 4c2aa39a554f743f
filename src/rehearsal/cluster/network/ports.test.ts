import { createServer } from 'node:net'
import type { AddressInfo, Server } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { findNetwork } from './addresses.ts'
import { Ports } from './ports.ts'

const open: Server[] = []
afterEach(() => {
  for (const server of open.splice(0)) server.close()
})

async function listen(host: string, port = 0): Promise<number> {
  const server = createServer()
  open.push(server)
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(port, host, resolve))
  return (server.address() as AddressInfo).port
}

test('a port that a program holds on all addresses is replaced by one that is free', async () => {
  const taken = await listen('0.0.0.0')
  const { addresses, ports } = await findNetwork([taken])
  expect(ports.differ).toBe(true)
  expect(ports.actual(taken)).not.toBe(taken)
  expect(ports.environment()).toEqual({ [`SANDBOX_PORT_${taken}`]: String(ports.actual(taken)) })
  await expect(listen(addresses.host, ports.actual(taken))).resolves.toBe(ports.actual(taken))
  await expect(listen(addresses.host, taken)).rejects.toThrow('EADDRINUSE')
})

test('a port that a program holds on one address of its own stays as it is', async () => {
  const taken = await listen('127.0.0.1')
  const { addresses, ports } = await findNetwork([taken])
  expect(ports.differ).toBe(false)
  expect(ports.environment()).toEqual({})
  await expect(listen(addresses.host, taken)).resolves.toBe(taken)
})

test('ports that nobody took are their own', () => {
  const ports = new Ports(new Map([[8080, 18_080]]))
  expect([ports.actual(8080), ports.actual(5432)]).toEqual([18_080, 5432])
  expect(ports.toString()).toBe('8080 is 18080')
})
