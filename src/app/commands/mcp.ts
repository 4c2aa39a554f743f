import { readFileSync } from 'node:fs'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { findServer } from '../../cli/index.ts'
import { bridge } from '../../mcp/index.ts'
import { dataDirOf, exampleDirOf } from './context.ts'
import type { CommandContext } from './context.ts'

/** MCP over standard input and output, for the agent of the local user, or with a token for a server elsewhere. */
export async function serveAgent(context: CommandContext, server: string | undefined): Promise<void> {
  const { url, token } = loginOf(context, server)
  await bridge({ url, token, input: process.stdin, write: (line) => process.stdout.write(`${line}\n`) })
}

function loginOf(context: CommandContext, server: string | undefined): { url: string; token: string } {
  const named = server ?? context.env['ERLMCP_URL']
  if (named !== undefined) {
    const token = context.env['ERLMCP_TOKEN']
    if (token !== undefined) return { url: named, token }
    throw new AppError('unauthenticated', `there is no token for ${named}`, {
      action: 'Set ERLMCP_TOKEN to a token made with `erlmcp token create NAME --role agent --agent NAME`.',
    })
  }
  for (const folder of new Set([dataDirOf(context), exampleDirOf(context)])) {
    const found = findServer(folder)
    if (found === null) continue
    const file = path.join(folder, 'local-agent-token')
    return { url: found.url, token: readFileSync(file, 'utf8').trim() }
  }
  throw new AppError('unavailable', 'no erlmcp runs here', {
    action: 'Start one with `erlmcp serve`, or name one with --server or ERLMCP_URL.',
  })
}
