import { randomBytes } from 'node:crypto'
import { newId, sha256 } from '../base/id.ts'
import type { Database } from '../db/index.ts'
import type { Actor, ActorKind, Role } from './actor.ts'

/** Creates a token for an identity and returns it; only its hash is stored. An existing name gets a new token. */
export async function issueToken(
  database: Database,
  now: Date,
  identity: { id: string; kind: ActorKind; role: Role; expiresAt?: Date },
): Promise<string> {
  const token = `erlmcp_${randomBytes(24).toString('base64url')}`
  const values = {
    name: identity.id,
    role: identity.role,
    token_hash: sha256(token),
    created_at: now,
    expires_at: identity.expiresAt ?? null,
  }
  await database.kysely
    .insertInto('api_token')
    .values({ id: newId('tok'), ...values })
    .onConflict((conflict) => conflict.column('name').doUpdateSet({ ...values, revoked_at: null }))
    .execute()
  return token
}

/** The identity behind a token, or `null` when it is unknown, expired or revoked. */
export async function authenticate(database: Database, now: Date, token: string): Promise<Actor | null> {
  if (token.length > 200) return null
  const row = await database.kysely
    .selectFrom('api_token')
    .select(['name', 'role', 'expires_at'])
    .where('token_hash', '=', sha256(token))
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined || (row.expires_at !== null && row.expires_at <= now)) return null
  return { id: row.name, kind: kindOf(row.name), role: row.role as Role }
}

function kindOf(name: string): ActorKind {
  const prefix = name.split(':', 1)[0]
  return prefix === 'agent' || prefix === 'rehearsal' || prefix === 'system' ? prefix : 'person'
}
