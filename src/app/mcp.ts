import { appendAudit, authenticate } from '../access/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { withTransaction } from '../db/index.ts'
import { createEndpoint, createRegistry, guardFor } from '../mcp/index.ts'
import type { McpDeps, McpEndpoint, Registry } from '../mcp/index.ts'
import { invoke, invokeOnce } from '../operations/index.ts'
import type { AgentDesk, OperationDeps } from '../operations/index.ts'
import { RESPONSE_WORKFLOW } from '../response/index.ts'
import type { ResponseDeps } from '../response/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { AppOptions } from './options.ts'

/** Plans and incidents that begin without an alert. */
export const agentDesk = (
  engine: Pick<WorkflowEngine, 'start'>,
  { pages, service }: Pick<ResponseDeps, 'pages' | 'service'>,
): AgentDesk => ({
  pages,
  service,
  respond: (trx, incidentId) => engine.start(trx, RESPONSE_WORKFLOW, incidentId, { incidentId }),
})

/** What MCP needs of the rest. */
export function mcpDeps(
  options: Pick<AppOptions, 'config' | 'log' | 'version'>,
  clock: Clock,
  operations: OperationDeps,
): McpDeps {
  const { database } = operations
  return {
    version: options.version ?? '0.0.0',
    log: options.log,
    readOnly: options.config.mcp.readOnly,
    tasks: options.config.mcp.tasks,
    skills: options.config.mcp.skills,
    address: () => operations.address?.() ?? '',
    authenticate: (token) => authenticate(database, clock.now(), token),
    invoke: (actor, name, input, key) =>
      key === undefined
        ? invoke(operations, actor, name, input)
        : invokeOnce(operations, actor, name, input, key),
    audit: ({ actor, method, subject, outcome, data }) =>
      withTransaction(database, (trx) =>
        appendAudit(trx, clock.now(), {
          actor,
          operation: `mcp.${method.replace('/', '.')}`,
          subject: subject.slice(0, 200),
          outcome,
          data,
        }),
      ),
    now: () => performance.now(),
  }
}

/** The MCP endpoint of a server. `listening`: its address, once it has one. */
export function buildMcp(
  options: Pick<AppOptions, 'config' | 'log' | 'version'>,
  clock: Clock,
  operations: OperationDeps,
  listening: () => string,
  extend: (registry: Registry) => Registry = (registry) => registry,
): McpEndpoint {
  const deps = mcpDeps(options, clock, operations)
  return createEndpoint({
    deps,
    registry: extend(createRegistry(deps)),
    guard: () => guardOf(options.config, listening()),
  })
}

const guardOf = (config: Config, listening: string): ReturnType<typeof guardFor> =>
  guardFor(listening, config.http.publicUrl, config.mcp.origins)
