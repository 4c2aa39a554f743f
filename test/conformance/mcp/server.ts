import { AppError } from '../../../src/base/error.ts'
import { createServer } from '../../../src/http/index.ts'
import { createEndpoint, createRegistry, guardFor } from '../../../src/mcp/index.ts'
import type { McpDeps, Registry } from '../../../src/mcp/index.ts'
import { silentLog } from '../../support/log.ts'

const AGENT = { id: 'agent:suite', kind: 'agent', role: 'agent' } as const

/**
 * The product's HTTP edge and MCP endpoint, for a suite that cannot send a token: the token is put on in front of them,
 * here and nowhere in the product.
 */
export async function startUnderTest(
  extend: (registry: Registry) => Registry,
): Promise<{ url: string; audited: () => number; stop(): Promise<void> }> {
  let audited = 0
  const nothing = async (): Promise<never> => {
    throw new AppError('not_found', 'nothing is stored here', { action: '' })
  }
  const deps: McpDeps = {
    version: '0.0.0-test',
    log: silentLog,
    readOnly: false,
    tasks: true,
    skills: true,
    address: () => server.listeningOrigin,
    authenticate: async () => AGENT,
    invoke: async (_actor, name) =>
      name === 'page.list'
        ? { pages: [{ path: 'orders/high-error-rate.md', title: 'High error rate' }], total: 1, next: null }
        : name === 'page.show'
          ? {
              source: 'here',
              path: 'orders/high-error-rate.md',
              content: '# High error rate\n\nLook at the log.\n',
            }
          : nothing(),
    audit: async () => {
      audited += 1
    },
    now: () => performance.now(),
  }
  const endpoint = createEndpoint({
    deps,
    registry: extend(createRegistry(deps)),
    guard: () => guardFor(server.listeningOrigin, null, []),
  })
  const server = createServer({
    log: silentLog,
    agents: {
      handle(request, response) {
        request.headers.authorization ??= 'Bearer suite'
        return endpoint.handle(request, response)
      },
      close: () => endpoint.close(),
    },
    authenticate: async () => null,
    invoke: nothing,
    alerts: { receive: nothing, isFull: () => false } as never,
    receivePush: nothing,
    notReady: async () => [],
  })
  const url = await server.listen({ host: '127.0.0.1', port: 0 })
  return { url: `${url}/mcp`, audited: () => audited, stop: () => server.close() }
}
