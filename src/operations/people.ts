import type { Actor } from '../access/index.ts'
import {
  addPerson,
  appendAudit,
  atLeast,
  createLink,
  createToken,
  grantRole,
  revokeSessions,
} from '../access/index.ts'
import { AppError } from '../base/error.ts'
import type { Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'

const DAY_MS = 86_400_000

export async function listPeople(deps: OperationDeps): Promise<unknown> {
  const database = deps.database.kysely
  const [people, roles, passkeys] = await Promise.all([
    database.selectFrom('person').selectAll().orderBy('login').limit(2_000).execute(),
    database.selectFrom('person_role').select(['person_id', 'role', 'scope', 'source']).execute(),
    database.selectFrom('passkey').select(['person_id']).execute(),
  ])
  return {
    people: people.map((person) => ({
      id: person.id,
      login: person.login,
      name: person.name,
      roles: roles
        .filter((role) => role.person_id === person.id)
        .map(({ role, scope, source }) => ({ role, scope, source })),
      signsInWith: [
        ...(person.password_hash === null ? [] : ['password']),
        ...(passkeys.some((passkey) => passkey.person_id === person.id) ? ['passkey'] : []),
        ...(person.oidc_subject === null ? [] : ['oidc']),
      ],
      createdAt: person.created_at,
      disabledAt: person.disabled_at,
    })),
  }
}

export async function invitePerson(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'person.invite'>,
): Promise<unknown> {
  const scope = scopeOf(input.scope)
  const { id, token } = await withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const known = await trx
      .selectFrom('person')
      .select('id')
      .where('login', '=', input.login)
      .executeTakeFirst()
    const personId =
      known?.id ?? (await addPerson(trx, at, { login: input.login, name: input.name, by: actor.id }))
    await grantRole(trx, at, { personId, role: input.role, scope, source: 'local', by: actor.id })
    const link = await createLink(trx, at, { kind: 'invitation', personId, by: actor.id })
    await record(trx, at, actor, 'person.invite', personId, { role: input.role, scope })
    return { id: personId, token: link }
  })
  return { person: id, link: `${deps.address?.() ?? ''}/welcome#${token}` }
}

export async function disablePerson(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'person.disable'>,
): Promise<unknown> {
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const id = await findPerson(trx, input.id)
    await keepAnAdministrator(trx, id)
    const done = await trx
      .updateTable('person')
      .set({ disabled_at: at, disabled_by: actor.id })
      .where('id', '=', id)
      .where('disabled_at', 'is', null)
      .executeTakeFirst()
    const sessions = await revokeSessions(trx, at, { personId: id })
    const tokens = await trx
      .updateTable('access_token')
      .set({ revoked_at: at, revoked_by: actor.id })
      .where('identity', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    await record(trx, at, actor, 'person.disable', id, { reason: input.reason, sessions })
    return {
      person: id,
      disabled: done.numUpdatedRows === 1n,
      sessionsEnded: sessions,
      tokensEnded: Number(tokens.numUpdatedRows),
    }
  })
}

export async function changeRole(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'person.role'>,
): Promise<unknown> {
  const scope = scopeOf(input.scope)
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const id = await findPerson(trx, input.id)
    if (input.remove) {
      if (input.role === 'admin') await keepAnAdministrator(trx, id)
      await trx
        .deleteFrom('person_role')
        .where('person_id', '=', id)
        .where('role', '=', input.role)
        .where('scope', '=', JSON.stringify(scope))
        .execute()
    } else await grantRole(trx, at, { personId: id, role: input.role, scope, source: 'local', by: actor.id })
    const data = { role: input.role, scope, remove: input.remove, reason: input.reason }
    await record(trx, at, actor, 'person.role', id, data)
    const roles = await trx
      .selectFrom('person_role')
      .select(['role', 'scope'])
      .where('person_id', '=', id)
      .execute()
    return { person: id, roles }
  })
}

export async function makeToken(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'token.create'>,
): Promise<unknown> {
  const at = deps.clock.now()
  const scope = scopeOf(input.scope)
  if (input.agent !== undefined && actor.role !== 'admin')
    throw refused('a token for an agent needs an administrator')
  if (input.agent === undefined && (actor.kind !== 'person' || !atLeast(actor.role, input.role)))
    throw refused(`${actor.id} is ${actor.role} and cannot make a token with the role ${input.role}`)
  if (input.agent !== undefined && input.role !== 'agent' && input.role !== 'viewer')
    throw refused('an agent has the role agent or viewer: it never decides')
  const made = await withTransaction(deps.database, async (trx) => {
    const created = await createToken(trx, at, {
      name: input.name,
      identity: input.agent === undefined ? actor.id : `agent:${input.agent}`,
      kind: input.agent === undefined ? 'person' : 'agent',
      role: input.role,
      scope,
      expiresAt: new Date(at.getTime() + input.days * DAY_MS),
      by: actor.id,
    })
    await record(trx, at, actor, 'token.create', created.id, {
      name: input.name,
      role: input.role,
      agent: input.agent ?? null,
      scope,
      days: input.days,
    })
    return created
  })
  return made
}

export async function listTokens(deps: OperationDeps, actor: Actor): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('access_token')
    .select(['id', 'name', 'identity', 'role', 'scope'])
    .select([
      'created_at as createdAt',
      'expires_at as expiresAt',
      'used_at as usedAt',
      'revoked_at as revokedAt',
    ])
    .orderBy('created_at', 'desc')
    .limit(1_000)
  if (actor.role !== 'admin') query = query.where('identity', '=', actor.id)
  return { tokens: await query.execute() }
}

export async function revokeToken(deps: OperationDeps, actor: Actor, id: string): Promise<unknown> {
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const row = await trx
      .selectFrom('access_token')
      .select('identity')
      .where('id', '=', id)
      .executeTakeFirst()
    if (row === undefined || (row.identity !== actor.id && actor.role !== 'admin'))
      throw missing(`token ${id}`)
    const done = await trx
      .updateTable('access_token')
      .set({ revoked_at: at, revoked_by: actor.id })
      .where('id', '=', id)
      .where('revoked_at', 'is', null)
      .executeTakeFirst()
    await record(trx, at, actor, 'token.revoke', id, { identity: row.identity })
    return { token: id, revoked: done.numUpdatedRows === 1n }
  })
}

export async function listSessions(deps: OperationDeps, actor: Actor): Promise<unknown> {
  let query = deps.database.kysely
    .selectFrom('session')
    .select(['id', 'person_id as person', 'method', 'address', 'agent'])
    .select(['created_at as createdAt', 'seen_at as seenAt', 'expires_at as expiresAt'])
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', deps.clock.now())
    .orderBy('seen_at', 'desc')
    .limit(1_000)
  if (actor.role !== 'admin') query = query.where('person_id', '=', actor.id)
  return { sessions: await query.execute() }
}

export async function revokeSession(deps: OperationDeps, actor: Actor, id: string): Promise<unknown> {
  return withTransaction(deps.database, async (trx) => {
    const at = deps.clock.now()
    const row = await trx.selectFrom('session').select('person_id').where('id', '=', id).executeTakeFirst()
    if (row === undefined || (row.person_id !== actor.id && actor.role !== 'admin'))
      throw missing(`session ${id}`)
    const ended = await revokeSessions(trx, at, { id })
    await record(trx, at, actor, 'session.revoke', id, { person: row.person_id })
    return { session: id, revoked: ended === 1 }
  })
}

const scopeOf = (labels: readonly string[] | undefined): Record<string, string> =>
  Object.fromEntries(
    (labels ?? []).map((label) => [label.slice(0, label.indexOf('=')), label.slice(label.indexOf('=') + 1)]),
  )

async function findPerson(trx: Transaction, given: string): Promise<string> {
  const id = given.startsWith('person:') ? given : `person:${given}`
  const row = await trx.selectFrom('person').select('id').where('id', '=', id).forUpdate().executeTakeFirst()
  if (row === undefined) throw missing(`person ${given}`)
  return row.id
}

/** Nobody takes the last administrator out: nobody could then let anyone in. */
async function keepAnAdministrator(trx: Transaction, without: string): Promise<void> {
  const other = await trx
    .selectFrom('person_role')
    .innerJoin('person', 'person.id', 'person_role.person_id')
    .select('person.id')
    .where('person_role.role', '=', 'admin')
    .where('person_role.scope', '=', '{}')
    .where('person.disabled_at', 'is', null)
    .where('person.id', '!=', without)
    .limit(1)
    .executeTakeFirst()
  const administers = await trx
    .selectFrom('person_role')
    .select('id')
    .where('person_id', '=', without)
    .where('role', '=', 'admin')
    .executeTakeFirst()
  if (administers === undefined || other !== undefined) return
  throw new AppError('conflict', `${without} is the last administrator`, {
    action: 'Make somebody else an administrator first.',
  })
}

const record = (
  trx: Transaction,
  at: Date,
  actor: Actor,
  operation: string,
  subject: string,
  data: Record<string, unknown>,
): Promise<void> => appendAudit(trx, at, { actor, operation, subject, outcome: 'done', data })

const missing = (what: string): AppError =>
  new AppError('not_found', `there is no ${what}, or it is not yours`, { action: 'See the list.' })

const refused = (message: string): AppError =>
  new AppError('forbidden', message, { action: 'Ask an administrator.' })
