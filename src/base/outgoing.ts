import { lookup } from 'node:dns/promises'
import { BlockList, isIP } from 'node:net'
import { AppError } from './error.ts'

/** Addresses inside: this machine, private networks, link-local (where clouds keep credentials), shared, reserved. */
const INSIDE = new BlockList()
for (const [network, prefix] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['224.0.0.0', 3],
] as const)
  // prettier-ignore
  INSIDE.addSubnet(network, prefix, 'ipv4')
for (const [network, prefix] of [
  ['::', 128],
  ['::1', 128],
  ['fc00::', 7],
  ['fe80::', 10],
  ['ff00::', 8],
  ['64:ff9b::', 96],
] as const)
  INSIDE.addSubnet(network, prefix, 'ipv6')

export interface OutgoingRules {
  /** Host names that may be inside, exactly as they stand in the address. */
  allowHosts?: readonly string[]
  resolve?(host: string): Promise<string[]>
}

/**
 * Whether erlmcp may send something to an address that people configure: http or https, no credentials in it, and every
 * address of its host outside this machine and its networks, unless the host is allowed.
 * @returns the addresses; connect to one of these, or the name can answer differently the second time.
 * @throws AppError `forbidden`, `input_invalid`.
 */
export async function checkOutgoing(
  address: string,
  rules: OutgoingRules = {},
): Promise<{ url: URL; addresses: string[] }> {
  const url = URL.canParse(address) ? new URL(address) : null
  if (
    url === null ||
    !['http:', 'https:'].includes(url.protocol) ||
    url.username !== '' ||
    url.password !== ''
  ) {
    throw new AppError('input_invalid', 'the address is no http or https URL without credentials', {
      action: 'Write it as https://host/path.',
    })
  }
  const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase()
  const addresses = isIP(host) === 0 ? await (rules.resolve ?? resolveAll)(host) : [host]
  if (rules.allowHosts?.some((allowed) => allowed.toLowerCase() === host) === true) return { url, addresses }
  const inside = addresses.find(isInside)
  if (inside === undefined && addresses.length > 0) return { url, addresses }
  throw new AppError(
    'forbidden',
    `${host} is ${inside === undefined ? 'nowhere' : `inside (${inside})`}; nothing is sent there`,
    {
      action: 'Use an address outside, or allow the host in the configuration.',
    },
  )
}

const resolveAll = async (host: string): Promise<string[]> =>
  (await lookup(host, { all: true })).map(({ address }) => address)

function isInside(address: string): boolean {
  // an IPv4 address in IPv6 clothes
  const dotted = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (dotted !== undefined) return INSIDE.check(dotted, 'ipv4')
  if (/^::ffff:/i.test(address)) return true
  return INSIDE.check(address, isIP(address) === 4 ? 'ipv4' : 'ipv6')
}
