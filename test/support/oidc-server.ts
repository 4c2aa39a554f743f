import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Provider } from 'oidc-provider'

export const OIDC_CLIENT = 'erlmcp'

export interface OidcServer {
  issuer: string
  /** Answers from now on, for a client at this address. */
  serve(address: string): void
  stop(): Promise<void>
}

/**
 * A real OpenID Connect provider on this machine. Whoever signs in there is who they say; `groups` says what groups the
 * ID token names.
 */
export async function oidcServer(groups: (login: string) => string[]): Promise<OidcServer> {
  let answer: ReturnType<Provider['callback']> | null = null
  const server = createServer((request, response) => {
    if (answer === null) response.writeHead(503).end()
    else void answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  return {
    issuer,
    serve(address) {
      const provider = new Provider(issuer, {
        clients: [
          {
            client_id: OIDC_CLIENT,
            token_endpoint_auth_method: 'none',
            grant_types: ['authorization_code'],
            response_types: ['code'],
            redirect_uris: [`${address}/login/oidc/callback`],
          },
        ],
        pkce: { required: () => true },
        cookies: { keys: ['only for a test'] },
        claims: { openid: ['sub', 'name', 'preferred_username', 'groups'] },
        conformIdTokenClaims: false,
        findAccount: (_context, login) => ({
          accountId: login,
          claims: async () => ({ sub: login, name: login, preferred_username: login, groups: groups(login) }),
        }),
      })
      answer = provider.callback()
    },
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}
