import { readFileSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { findLogin, findServer } from '../../cli/index.ts'
import { bridge } from '../../mcp/index.ts'
import { dataDirOf, exampleDirOf } from './context.ts'
import type { CommandContext } from './context.ts'

/** MCP over standard input and output, for the agent of the local user, or with a token for a server elsewhere. */
export async function serveAgent(context: CommandContext, server: string | undefined): Promise<void> {
  const { url, token } = loginOf(context, server)
  await bridge({ url, token, input: process.stdin, write: (line) => process.stdout.write(`${line}\n`) })
}

function loginOf(context: CommandContext, server: string | undefined): { url: string; token: string } {
  const named = server ?? context.env['ERLMCP_URL'] ?? context.env['ERLMCP_PROFILE']
  if (named === undefined) {
    for (const folder of new Set([dataDirOf(context), exampleDirOf(context)])) {
      const found = findServer(folder)
      if (found === null) continue
      const file = path.join(folder, 'local-agent-token')
      return { url: found.url, token: readFileSync(file, 'utf8').trim() }
    }
  }
  const login = findLogin(server, context.env)
  if (login !== null) return login
  throw new AppError('unavailable', 'no erlmcp runs here', {
    action: 'Start one with `erlmcp serve`, or log in with `erlmcp login URL` and a token made for an agent.',
  })
}
