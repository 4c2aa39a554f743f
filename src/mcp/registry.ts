import type {
  CallToolResult,
  GetPromptResult,
  InputRequiredResult,
  Prompt,
  ReadResourceResult,
  Resource,
  ResourceTemplateType,
  Server,
  ServerCapabilities,
  ServerContext,
  Tool,
} from '@modelcontextprotocol/server'
import type { Actor } from '../access/index.ts'
import type { Skills } from './skills.ts'
import type { TaskCreated, TaskSource } from './tasks.ts'

/** Who calls, and by which program. */
export interface Caller {
  actor: Actor
  /** Name and version that the program gives itself; anybody can say anything here. */
  client: string
  channel: 'http' | 'stdio'
}

/** What is called, besides its arguments. */
export type CallContext = Pick<ServerContext, 'mcpReq'>

export interface RegisteredTool {
  definition: Tool
  /** A tool that this caller may not use does not exist for them. */
  isVisible(caller: Caller): boolean
  /** Whether it can only answer with a task. */
  needsTasks?: boolean
  call(
    caller: Caller,
    input: Record<string, unknown>,
    context: CallContext,
  ): Promise<CallToolResult | InputRequiredResult | TaskCreated>
}

export interface RegisteredPrompt {
  definition: Prompt
  get(
    caller: Caller,
    input: Record<string, string>,
    context: CallContext,
  ): Promise<GetPromptResult | InputRequiredResult>
}

/** Everything that is offered, built once and shared by every connection and both eras. */
export interface Registry {
  tools: ReadonlyMap<string, RegisteredTool>
  prompts: ReadonlyMap<string, RegisteredPrompt>
  templates: readonly ResourceTemplateType[]
  resources(caller: Caller): Promise<Resource[]>
  /** Absent: the Tasks extension is not offered. */
  tasks?: TaskSource
  /** Absent: the Skills extension is not offered. */
  skills?: Skills
  /** What a server offers beyond tools, prompts and resources; erlmcp itself offers nothing more. */
  beyond?: { capabilities: ServerCapabilities; register(server: Server): void }
  /** `null`: there is nothing, or not for this caller. */
  read(caller: Caller, uri: string): Promise<ReadResourceResult | null>
}
