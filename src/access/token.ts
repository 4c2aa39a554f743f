import { randomBytes } from 'node:crypto'
import { newId, sha256 } from '../base/id.ts'
import type { Database, Transaction } from '../db/index.ts'
import { higherRole, lowerRole } from './actor.ts'
import type { Actor, ActorKind, Grant, Role } from './actor.ts'
import { actorOfPerson } from './people.ts'

const newToken = (): string => `erlmcp_${randomBytes(24).toString('base64url')}`
const USED_MS = 60_000

/** Creates a token for an identity and returns it; only its hash is stored. An existing name gets a new token. */
export async function issueToken(
  database: Database,
  now: Date,
  identity: { id: string; kind: ActorKind; role: Role; expiresAt?: Date },
): Promise<string> {
  const token = newToken()
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

/** Makes a named, capped, expiring token. @returns it, once. */
export async function createToken(
  trx: Transaction,
  now: Date,
  request: {
    name: string
    identity: string
    kind: 'person' | 'agent'
    role: Role
    scope: Readonly<Record<string, string>>
    expiresAt: Date
    by: string
  },
): Promise<{ id: string; token: string }> {
  const token = newToken()
  const id = newId('tok')
  await trx
    .insertInto('access_token')
    .values({
      id,
      name: request.name,
      identity: request.identity,
      kind: request.kind,
      role: request.role,
      scope: JSON.stringify(request.scope),
      token_hash: sha256(token),
      created_at: now,
      created_by: request.by,
      expires_at: request.expiresAt,
      revoked_by: null,
    })
    .execute()
  return { id, token }
}

/** The identity behind a token, or `null` when it is unknown, expired or revoked, or its person is disabled. */
export async function authenticate(database: Database, now: Date, token: string): Promise<Actor | null> {
  if (token.length > 200) return null
  const hash = sha256(token)
  const row = await database.kysely
    .selectFrom('api_token')
    .select(['name', 'role', 'expires_at'])
    .where('token_hash', '=', hash)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) return authenticateNamed(database, now, hash)
  if (row.expires_at !== null && row.expires_at <= now) return null
  return { id: row.name, kind: kindOf(row.name), role: row.role as Role }
}

async function authenticateNamed(database: Database, now: Date, hash: string): Promise<Actor | null> {
  const row = await database.kysely
    .selectFrom('access_token')
    .select(['id', 'identity', 'kind', 'role', 'scope', 'used_at'])
    .where('token_hash', '=', hash)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .executeTakeFirst()
  if (row === undefined) return null
  if (row.used_at === null || now.getTime() - row.used_at.getTime() > USED_MS)
    await database.kysely.updateTable('access_token').set({ used_at: now }).where('id', '=', row.id).execute()
  const scope = row.scope as Record<string, string>
  const cap = row.role as Role
  if (row.kind === 'agent')
    return { id: row.identity, kind: 'agent', role: cap, grants: [{ role: cap, scope }] }
  const person = await actorOfPerson(database.kysely, row.identity)
  return person === null ? null : capped(person, cap, scope)
}

/** A token never has more than its person has now, nor more than it was made with. */
function capped(person: Actor, cap: Role, scope: Readonly<Record<string, string>>): Actor {
  const grants = (person.grants ?? [{ role: person.role, scope: {} }]).flatMap((grant): Grant[] => {
    const clash = Object.entries(scope).some(
      ([key, value]) => grant.scope[key] !== undefined && grant.scope[key] !== value,
    )
    return clash ? [] : [{ role: lowerRole(grant.role, cap), scope: { ...grant.scope, ...scope } }]
  })
  return {
    id: person.id,
    kind: 'person',
    role: grants.reduce<Role>((best, { role }) => higherRole(best, role), 'viewer'),
    grants,
  }
}

function kindOf(name: string): ActorKind {
  const prefix = name.split(':', 1)[0]
  return prefix === 'agent' || prefix === 'rehearsal' || prefix === 'system' ? prefix : 'person'
}
