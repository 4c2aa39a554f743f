import { chmod, readFile, writeFile } from 'node:fs/promises'
import { userInfo } from 'node:os'
import path from 'node:path'
import { authenticate, issueToken } from '../access/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { newUuid, sha256 } from '../base/id.ts'
import type { Database } from '../db/index.ts'

/** The address and a token for the local user, readable by them alone: what the terminal needs. */
export async function writeLocalAccess(
  config: Config,
  database: Database,
  clock: Clock,
  address: string,
): Promise<void> {
  const file = path.join(config.dataDir, 'local-token')
  const identity = { id: `person:${userInfo().username}`, kind: 'person', role: 'admin' } as const
  const known = await readFile(file, 'utf8').catch(() => null)
  const valid = known === null ? null : await authenticate(database, clock.now(), known.trim())
  // whoever can read this folder can do everything anyway
  if (valid?.role !== identity.role)
    await privateFile(file, `${await issueToken(database, clock.now(), identity)}\n`)
  await agentToken(config, database, clock)
  await privateFile(
    path.join(config.dataDir, 'server.json'),
    `${JSON.stringify({ url: address, pid: process.pid })}\n`,
  )
}

/** What `erlmcp mcp` uses: the agent of the local user, which looks and proposes. */
async function agentToken(config: Config, database: Database, clock: Clock): Promise<void> {
  const file = path.join(config.dataDir, 'local-agent-token')
  const known = await readFile(file, 'utf8').catch(() => null)
  if (known !== null && (await authenticate(database, clock.now(), known.trim())) !== null) return
  const identity = { id: `agent:${userInfo().username}`, kind: 'agent', role: 'agent' } as const
  await privateFile(file, `${await issueToken(database, clock.now(), identity)}\n`)
}

/** A secret of this installation, made once, readable by its user alone. */
export async function secretFile(dataDir: string, name: string): Promise<string> {
  const file = path.join(dataDir, name)
  const known = await readFile(file, 'utf8').catch(() => null)
  if (known !== null && known.trim() !== '') return known.trim()
  const secret = sha256(`${newUuid()}${newUuid()}`)
  await privateFile(file, `${secret}\n`)
  return secret
}

async function privateFile(file: string, text: string): Promise<void> {
  await writeFile(file, text, { mode: 0o600 })
  await chmod(file, 0o600)
}
