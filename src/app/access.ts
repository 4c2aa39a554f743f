import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { AuditSigner, LoadedPolicy, SignIn } from '../access/index.ts'
import {
  createLink,
  createOidc,
  createSignIn,
  hasOwner,
  loadPolicy,
  openSigner,
  writeCheckpoint,
} from '../access/index.ts'
import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import { readSecret } from '../base/config-access.ts'
import type { Config } from '../base/config.ts'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import type { AppOptions, Duty } from './options.ts'

/** Who may do what, and how they prove who they are. */
export interface Permissions {
  policy: LoadedPolicy
  signer: AuditSigner
  signIn: SignIn
  /** Where people reach erlmcp; the address that is listened on, once it is. */
  address: string
}

export async function openPermissions(
  config: Config,
  database: Database,
  clock: Clock,
): Promise<Permissions> {
  const { oidc } = config.access
  const provider =
    oidc === null
      ? null
      : createOidc(
          {
            database,
            now: () => clock.now(),
            clientSecret: oidc.clientSecretFile === null ? null : readSecret(oidc.clientSecretFile),
          },
          oidc,
        )
  return {
    policy: loadPolicy(config.access.policy),
    signer: await openSigner(config.dataDir),
    signIn: createSignIn({ database, clock, oidc: provider }),
    address: config.http.publicUrl ?? '',
  }
}

/** As long as nobody exists: a link, in the terminal alone, with which the first person becomes the owner. */
export async function welcomeOwner(
  options: Pick<AppOptions, 'write'>,
  database: Database,
  clock: Clock,
  permissions: Permissions,
): Promise<void> {
  const token = await withTransaction(database, async (trx) =>
    (await hasOwner(trx))
      ? null
      : createLink(trx, clock.now(), { kind: 'owner', personId: null, by: 'system:erlmcp' }),
  )
  if (token === null) return
  options.write(
    `  nobody can sign in yet. Open this once, within 24 hours, to become the owner:\n  ${permissions.address}/welcome#${token}\n`,
  )
}

/** Writes signed checkpoints over the audit outside the database, while there is something new, and at the end. */
export function checkpointDuty(
  options: AppOptions,
  clock: Clock,
  database: Database,
  permissions: Permissions,
): Duty {
  const { config, log } = options
  const stopping = new AbortController()
  let lastSeq = 0
  let done: Promise<void> = Promise.resolve()
  const write = async (): Promise<void> => {
    try {
      const point = await writeCheckpoint(database, clock.now(), permissions.signer, config.dataDir, lastSeq)
      lastSeq = point?.seq ?? lastSeq
    } catch (error) {
      log.warn({ err: error }, 'no checkpoint of the audit could be written; it is tried again')
    }
  }
  return {
    name: 'audit checkpoints',
    async start() {
      lastSeq = await lastCheckpoint(config.dataDir)
      done = (async () => {
        while (!stopping.signal.aborted) {
          await write()
          await delay(config.access.checkpointEverySeconds * 1_000, stopping.signal).catch(() => undefined)
        }
      })()
    },
    async stop() {
      stopping.abort()
      await done
      await write()
    },
  }
}

async function lastCheckpoint(dataDir: string): Promise<number> {
  const text = await readFile(path.join(dataDir, 'audit-checkpoints.jsonl'), 'utf8').catch(() => '')
  const seq = /"seq":(\d+)/.exec(text.trimEnd().split('\n').at(-1) ?? '')?.[1]
  return seq === undefined ? 0 : Number(seq)
}
