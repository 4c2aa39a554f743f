import type { Actor } from '../access/index.ts'
import type { Logger } from '../base/log.ts'
import type { OperationName } from '../operations/index.ts'

/** One call of an agent, as the audit keeps it. */
export interface AgentCall {
  actor: Actor
  method: string
  /** The tool, prompt or resource. */
  subject: string
  outcome: 'done' | 'refused' | 'failed'
  data: Record<string, unknown>
}

export interface McpDeps {
  /** Of this erlmcp, for clients. */
  version: string
  log: Logger
  /** Whether tools that change anything are left out. */
  readOnly: boolean
  /** Whether clients that declare the Tasks extension get tasks. */
  tasks: boolean
  /** Whether runbooks are offered as skills. */
  skills: boolean
  /** Where people reach erlmcp: `https://erlmcp.example`. */
  address(): string
  /** The identity behind a bearer token, or `null`. */
  authenticate(token: string): Promise<Actor | null>
  invoke(actor: Actor, name: OperationName, input: unknown, key?: string): Promise<unknown>
  /** Writes one row of the audit; resolves when it is committed. */
  audit(call: AgentCall): Promise<void>
  now(): number
}
