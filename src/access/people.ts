import { randomBytes } from 'node:crypto'
import { AppError } from '../base/error.ts'
import { canonicalJson, newId, sha256 } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'
import { higherRole } from './actor.ts'
import type { Actor, Grant, Role } from './actor.ts'
import { appendAudit } from './audit.ts'

type Reader = Pick<Transaction, 'selectFrom'>
const OWNER_LINK_MS = 24 * 3_600_000
const INVITATION_MS = 72 * 3_600_000

/** Who a person is now; `null` when they are unknown or disabled. Read anew at each request: a role that is taken is gone. */
export async function actorOfPerson(reader: Reader, personId: string): Promise<Actor | null> {
  const rows = await reader
    .selectFrom('person')
    .leftJoin('person_role', 'person_role.person_id', 'person.id')
    .select(['person.id', 'person_role.role', 'person_role.scope'])
    .where('person.id', '=', personId)
    .where('person.disabled_at', 'is', null)
    .execute()
  if (rows.length === 0) return null
  const grants = rows.flatMap(({ role, scope }): Grant[] =>
    role === null ? [] : [{ role: role as Role, scope: (scope ?? {}) as Record<string, string> }],
  )
  return {
    id: personId,
    kind: 'person',
    role: grants.reduce<Role>((best, grant) => higherRole(best, grant.role), 'viewer'),
    grants,
  }
}

/** Whether anybody can sign in yet. */
export async function hasOwner(reader: Reader): Promise<boolean> {
  const row = await reader.selectFrom('person').select('id').limit(1).executeTakeFirst()
  return row !== undefined
}

const LINK = /^[A-Za-z0-9_-]{43}$/

/** A link that makes an owner, or lets an invited person in: its secret is shown once, its hash is kept. */
export async function createLink(
  trx: Transaction,
  now: Date,
  request: { kind: 'owner' | 'invitation'; personId: string | null; by: string },
): Promise<string> {
  const token = randomBytes(32).toString('base64url')
  // the newest link is the only one
  const old = trx.deleteFrom('one_time_link').where('used_at', 'is', null).where('kind', '=', request.kind)
  await (request.personId === null ? old : old.where('person_id', '=', request.personId)).execute()
  await trx
    .insertInto('one_time_link')
    .values({
      token_hash: sha256(token),
      kind: request.kind,
      person_id: request.personId,
      created_at: now,
      created_by: request.by,
      expires_at: new Date(now.getTime() + (request.kind === 'owner' ? OWNER_LINK_MS : INVITATION_MS)),
    })
    .execute()
  return token
}

export interface OpenLink {
  kind: 'owner' | 'invitation'
  personId: string | null
  login: string | null
  name: string | null
  expiresAt: Date
}

/** @throws AppError `not_found` when it is unknown, used or over. */
export async function findLink(reader: Reader, now: Date, token: string): Promise<OpenLink> {
  const row = LINK.test(token)
    ? await reader
        .selectFrom('one_time_link')
        .leftJoin('person', 'person.id', 'one_time_link.person_id')
        .select(['kind', 'person_id', 'expires_at', 'person.login', 'person.name', 'person.disabled_at'])
        .where('token_hash', '=', sha256(token))
        .where('used_at', 'is', null)
        .where('expires_at', '>', now)
        .executeTakeFirst()
    : undefined
  if (row === undefined || row.disabled_at !== null) throw noLink()
  return {
    kind: row.kind === 'owner' ? 'owner' : 'invitation',
    personId: row.person_id,
    login: row.login,
    name: row.name,
    expiresAt: row.expires_at,
  }
}

const noLink = (): AppError =>
  new AppError('not_found', 'this link was used before, is over, or never was', {
    action: 'Ask an administrator for a new one; the first owner gets one by starting erlmcp again.',
  })

/**
 * Uses a link, in the transaction that opens the session: the owner is made, or the invited person gets a password. Of
 * two who use it at once, one wins.
 * @returns the person's id.
 */
export async function useLink(
  trx: Transaction,
  now: Date,
  request: { token: string; login: string; name: string; passwordHash: string | null },
): Promise<string> {
  const link = await findLink(trx, now, request.token)
  const won = await trx
    .updateTable('one_time_link')
    .set({ used_at: now })
    .where('token_hash', '=', sha256(request.token))
    .where('used_at', 'is', null)
    .executeTakeFirst()
  if (won.numUpdatedRows !== 1n) throw noLink()
  const personId = link.personId ?? `person:${request.login}`
  if (link.personId === null) {
    if (await hasOwner(trx)) throw noLink()
    await addPerson(trx, now, { login: request.login, name: request.name, by: 'link:owner' })
    await grantRole(trx, now, { personId, role: 'admin', scope: {}, source: 'local', by: 'link:owner' })
  }
  await trx
    .updateTable('person')
    .set({
      name: request.name,
      ...(request.passwordHash === null ? {} : { password_hash: request.passwordHash }),
    })
    .where('id', '=', personId)
    .execute()
  const actor = await actorOfPerson(trx, personId)
  if (actor === null) throw noLink()
  await appendAudit(trx, now, {
    actor,
    operation: 'person.welcome',
    subject: personId,
    outcome: 'done',
    data: { kind: link.kind, password: request.passwordHash !== null },
  })
  return personId
}

/** @throws AppError `conflict` when the name is taken. */
export async function addPerson(
  trx: Transaction,
  now: Date,
  request: { login: string; name: string; by: string; oidc?: { issuer: string; subject: string } },
): Promise<string> {
  const id = `person:${request.login}`
  const added = await trx
    .insertInto('person')
    .values({
      id,
      login: request.login,
      name: request.name,
      password_hash: null,
      oidc_issuer: request.oidc?.issuer ?? null,
      oidc_subject: request.oidc?.subject ?? null,
      created_at: now,
      created_by: request.by,
      disabled_by: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (added !== undefined) return id
  throw new AppError('conflict', `there is a person named ${request.login} already`, {
    action: 'Choose another name to sign in with.',
  })
}

export async function grantRole(
  trx: Transaction,
  now: Date,
  grant: {
    personId: string
    role: string
    scope: Readonly<Record<string, string>>
    source: 'local' | 'oidc'
    by: string
  },
): Promise<void> {
  await trx
    .insertInto('person_role')
    .values({
      id: newId('rol'),
      person_id: grant.personId,
      role: grant.role,
      scope: canonicalJson(grant.scope),
      source: grant.source,
      granted_at: now,
      granted_by: grant.by,
    })
    .onConflict((conflict) => conflict.columns(['person_id', 'role', 'scope', 'source']).doNothing())
    .execute()
}
