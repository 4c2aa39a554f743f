import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client'
import type { CallToolResult } from '@modelcontextprotocol/client'
import type { Row } from './desk.ts'

export const ERAS = ['2026-07-28', '2025-11-25'] as const
export type Era = (typeof ERAS)[number]

export interface Agent {
  client: Client
  /** The structured answer of a tool; throws the text of a refusal. */
  call(tool: string, input?: Row): Promise<Row>
  /** The answer as it comes. */
  raw(tool: string, input?: Row): Promise<CallToolResult>
  close(): Promise<void>
}

/** A program that speaks MCP as hosts do, with the SDK's own client. */
export async function connectAgent(url: string, token: string, era: Era): Promise<Agent> {
  const client = new Client(
    { name: 'test-agent', version: '1.0.0' },
    { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
  )
  await client.connect(
    new StreamableHTTPClientTransport(new URL('/mcp', url), {
      requestInit: { headers: { authorization: `Bearer ${token}` } },
    }),
  )
  const raw = (tool: string, input: Row = {}): Promise<CallToolResult> =>
    client.callTool({ name: tool, arguments: input })
  return {
    client,
    raw,
    async call(tool, input) {
      const result = await raw(tool, input)
      const first = result.content[0]
      if (result.isError === true) throw new Error(first?.type === 'text' ? first.text : 'refused')
      return result.structuredContent as Row
    },
    close: () => client.close(),
  }
}
