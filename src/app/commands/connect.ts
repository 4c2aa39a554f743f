import { loadConfig } from '../../base/config.ts'
import { AppError } from '../../base/error.ts'
import { createLogger } from '../../base/log.ts'
import { createRemoteClient, findServer } from '../../cli/index.ts'
import type { Client } from '../../cli/index.ts'
import { dataDirOf, exampleDirOf } from './context.ts'
import type { CommandContext } from './context.ts'

/** A running server, or the local store. */
export async function connect(context: CommandContext, server: string | undefined): Promise<Client> {
  const named = server ?? context.env['ERLMCP_URL']
  if (named !== undefined) {
    const token = context.env['ERLMCP_TOKEN']
    if (token === undefined) {
      throw new AppError('unauthenticated', `there is no token for ${named}`, { action: 'Set ERLMCP_TOKEN.' })
    }
    return createRemoteClient(named, token)
  }
  for (const folder of new Set([dataDirOf(context), exampleDirOf(context)])) {
    const found = findServer(folder)
    if (found !== null) return createRemoteClient(found.url, found.token)
  }
  const { openLocalStore } = await import('../../app.ts')
  const { invoke } = await import('../../operations/index.ts')
  const config = loadConfig(context.env, dataDirOf(context))
  const store = await openLocalStore({ config, log: createLogger({ level: 'error' }) })
  const actor = { id: `person:${context.env['USER'] ?? 'local'}`, kind: 'person', role: 'lead' } as const
  return {
    where: config.dataDir,
    call: async (name, input) =>
      JSON.parse(JSON.stringify(await invoke(store.deps, actor, name, input))) as unknown,
    close: () => store.close(),
  }
}
