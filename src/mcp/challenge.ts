import type { McpDeps } from './deps.ts'

/** RFC 9728: where the metadata of the resource `/mcp` stands. */
export const PROTECTED_RESOURCE = /^\/\.well-known\/oauth-protected-resource(?:\/mcp)?\/?(?:\?|$)/

/** What is said to somebody who comes without a token, or with one that is not for this. */
export function challengeOf(deps: McpDeps): {
  metadata(): Response
  unauthenticated(withToken: boolean): Response
  notAnAgent(): Response
} {
  const resource = `${deps.address()}/mcp`
  const where = `resource_metadata="${deps.address()}/.well-known/oauth-protected-resource/mcp"`
  const refuse = (status: 401 | 403, error: string | null, message: string): Response =>
    Response.json(
      { jsonrpc: '2.0', id: null, error: { code: -32_001, message } },
      {
        status,
        headers: {
          'www-authenticate': `Bearer ${where}, scope="agent"${error === null ? '' : `, error="${error}"`}`,
        },
      },
    )
  return {
    metadata: () =>
      Response.json({
        resource,
        resource_name: 'erlmcp',
        bearer_methods_supported: ['header'],
        scopes_supported: ['agent'],
        resource_documentation: `${deps.address()}/api/v1/openapi.json`,
      }),
    unauthenticated: (withToken) =>
      refuse(401, withToken ? 'invalid_token' : null, 'A token of an agent is needed.'),
    notAnAgent: () =>
      refuse(
        403,
        'insufficient_scope',
        'This token belongs to a person, who may approve. Make one for the agent: erlmcp token create NAME --role agent --agent NAME.',
      ),
  }
}
