import { request as requestHttp } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP } from 'node:net'
import { checkOutgoing } from '../../base/outgoing.ts'
import type { OutgoingRules } from '../../base/outgoing.ts'

/** What a receiver of messages says is for people; more is not read. */
const MAX_ANSWER_BYTES = 65_536

/**
 * A `fetch` that calls only addresses which erlmcp may call, and connects to the very address that was looked at: a name
 * that answers differently the second time leads nowhere. It follows no redirect and reads at most 64 KiB.
 * @throws AppError `forbidden`, `input_invalid`
 */
export const pinnedFetch =
  (rulesFor: (url: URL) => OutgoingRules): typeof globalThis.fetch =>
  async (input, init) => {
    const given = new URL(input instanceof Request ? input.url : input)
    const { url, addresses } = await checkOutgoing(given.href, rulesFor(given))
    const [address = ''] = addresses
    return new Promise((resolve, reject) => {
      const call = url.protocol === 'https:' ? requestHttps : requestHttp
      const outgoing = call(
        url,
        {
          method: init?.method ?? 'GET',
          headers: Object.fromEntries(new Headers(init?.headers)),
          agent: false,
          ...(init?.signal == null ? {} : { signal: init.signal }),
          lookup: (_host, options, done) => {
            const family = isIP(address)
            if (options.all === true) done(null, [{ address, family }])
            else done(null, address, family)
          },
        },
        (incoming) => {
          const parts: Buffer[] = []
          let bytes = 0
          const finish = (): void => {
            const status = incoming.statusCode ?? 0
            const body = status === 204 || status === 304 ? null : Buffer.concat(parts)
            const headers = new Headers()
            for (const [name, value] of Object.entries(incoming.headers))
              if (typeof value === 'string') headers.set(name, value)
            if (status >= 200) resolve(new Response(body, { status, headers }))
            else reject(new Error(`HTTP ${status}`))
          }
          incoming.on('data', (part: Buffer) => {
            bytes += part.length
            if (bytes <= MAX_ANSWER_BYTES) parts.push(part)
            else incoming.destroy()
          })
          incoming.on('error', () => undefined)
          incoming.on('close', finish)
        },
      )
      outgoing.on('error', reject)
      outgoing.end(typeof init?.body === 'string' ? init.body : undefined)
    })
  }
