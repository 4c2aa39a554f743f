import { loadConfig } from '../../base/config.ts'
import { AppError } from '../../base/error.ts'
import { createLogger } from '../../base/log.ts'
import { createRemoteClient, findLogin, findServer } from '../../cli/index.ts'
import type { Client, ConnectOptions } from '../../cli/index.ts'
import { dataDirOf, exampleDirOf, stopWithin } from './context.ts'
import type { CommandContext } from './context.ts'

/** The server that is named, or logged in to, or runs here; else the local store, with the same gate and audit. */
export async function connect(
  context: CommandContext,
  server: string | undefined,
  options: ConnectOptions = { working: false },
): Promise<Client> {
  const named = server ?? context.env['ERLMCP_URL'] ?? context.env['ERLMCP_PROFILE']
  const local = named === undefined ? findLocal(context) : null
  if (local !== null) return createRemoteClient(local.url, local.token)
  const login = findLogin(server, context.env)
  if (login !== null) return createRemoteClient(login.url, login.token)
  if (options.running === true)
    throw new AppError('unavailable', 'no server runs here', { action: 'Start it with `erlmcp serve`.' })
  return options.working ? workHere(context) : openStore(context)
}

function findLocal(context: CommandContext): { url: string; token: string } | null {
  for (const folder of new Set([dataDirOf(context), exampleDirOf(context)])) {
    const found = findServer(folder)
    if (found !== null) return found
  }
  return null
}

/** The whole of erlmcp in this process: what it begins goes on until the command ends, and at the next start. */
async function workHere(context: CommandContext): Promise<Client> {
  const { createApp } = await import('../../app.ts')
  const loaded = loadConfig(context.env, dataDirOf(context))
  const config = { ...loaded, listen: { host: '127.0.0.1', port: 0 } }
  const app = createApp({
    config,
    log: createLogger({ level: 'error' }),
    version: context.version,
    write: (text) => process.stderr.write(text),
  })
  await app.start()
  const found = findServer(config.dataDir)
  if (found === null) {
    await app.stop(0)
    throw new AppError('internal', 'erlmcp started and cannot be found', { action: 'Run `erlmcp serve`.' })
  }
  process.stderr.write('no server runs here: this command does the work until it ends\n')
  return { ...createRemoteClient(found.url, found.token), close: () => stopWithin(context, app, 2_000) }
}

async function openStore(context: CommandContext): Promise<Client> {
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
