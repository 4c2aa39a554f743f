import { spawn } from 'node:child_process'
import path from 'node:path'
import { Client } from '@modelcontextprotocol/client'
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { ERAS } from '../support/agent.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'

let desk: Desk
const MAIN = path.resolve('src/main.ts')
const ARGS = ['--disable-warning=ExperimentalWarning', MAIN, 'mcp']
/** Of the user whose server it is: nothing but the place of its data. */
const environment = (): Record<string, string> => ({
  PATH: process.env['PATH'] ?? '',
  HOME: path.dirname(desk.page),
  ERLMCP_DATA_DIR: path.join(path.dirname(path.dirname(desk.page)), 'data'),
})

beforeAll(async () => {
  desk = await openDesk({ mcp: { readOnly: false } })
})
afterAll(() => desk.stop())

describe('erlmcp mcp', () => {
  test.each(ERAS)(
    'serves an agent that speaks %s, with the login of its user',
    async (era) => {
      const client = new Client(
        { name: 'host', version: '1.0.0' },
        { versionNegotiation: { mode: era === '2025-11-25' ? 'legacy' : { pin: era } } },
      )
      await client.connect(
        new StdioClientTransport({ command: process.execPath, args: ARGS, env: environment() }),
      )
      const { tools } = await client.listTools()
      expect(tools.map(({ name }) => name)).toContain('run_propose')
      const listed = await client.callTool({ name: 'incident_list', arguments: {} })
      expect((listed.structuredContent as Row)['incidents']).toEqual([])
      await client.close()
      const audited = await desk.store.database.kysely
        .selectFrom('audit_entry')
        .select(['actor', 'data'])
        .where('operation', 'like', 'mcp.tools%')
        .execute()
      expect(JSON.stringify(audited)).toContain('stdio')
      expect(audited.every(({ actor }) => actor.startsWith('agent:'))).toBe(true)
    },
    120_000,
  )

  test('writes nothing but messages, answers what it cannot read, and ends when its input does', async () => {
    const child = spawn(process.execPath, ARGS, { env: environment(), stdio: ['pipe', 'pipe', 'pipe'] })
    let out = ''
    child.stdout.on('data', (part: Buffer) => (out += part.toString()))
    const ended = new Promise<number | null>((resolve) => child.on('close', resolve))
    const initialize = {
      jsonrpc: '2.0',
      id: 1,
      method: 'initialize',
      params: { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } },
    }
    child.stdin.write(`${JSON.stringify(initialize)}\nno json\n`)
    await expect.poll(() => out.trim().split('\n').length, { timeout: 20_000 }).toBe(2)
    child.stdin.end()
    expect(await ended).toBe(0)
    const messages = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Row)
    expect(messages.every(({ jsonrpc }) => jsonrpc === '2.0')).toBe(true)
    expect(messages.find(({ id }) => id === 1)).toMatchObject({ result: { serverInfo: { name: 'erlmcp' } } })
  })

  test('says where there is no server, on standard error alone', async () => {
    const child = spawn(process.execPath, ARGS, {
      env: { ...environment(), ERLMCP_DATA_DIR: path.join(path.dirname(desk.page), 'nothing') },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let out = ''
    let err = ''
    child.stdout.on('data', (part: Buffer) => (out += part.toString()))
    child.stderr.on('data', (part: Buffer) => (err += part.toString()))
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(1)
    expect(out).toBe('')
    expect(err).toContain('erlmcp serve')
  })
})
