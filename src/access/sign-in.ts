import type { Clock } from '../base/clock.ts'
import { AppError } from '../base/error.ts'
import type { Database, Transaction } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import type { Actor } from './actor.ts'
import { appendAudit } from './audit.ts'
import type { OidcProvider } from './oidc.ts'
import { addPasskey, beginPasskey, beginPasskeySignIn, checkPasskeySignIn } from './passkey.ts'
import type { RelyingParty } from './passkey.ts'
import { checkPassword, hashPassword, verifyPassword } from './password.ts'
import { actorOfPerson, findLink, hasOwner, useLink } from './people.ts'
import { findSession, openSession, revokeSessions } from './session.ts'
import type { OpenSession, SignInMethod } from './session.ts'
import { checkThrottle, clearFailures, noteFailure } from './throttle.ts'
import { authenticate } from './token.ts'

export interface SignInDeps {
  database: Database
  clock: Clock
  oidc: OidcProvider | null
}

/** Where a request comes from, as it is kept with the session. */
export interface Visitor {
  address: string
  agent: string
}

/** Who sits before the page, and how one could sign in. */
export interface SessionState {
  signedIn: boolean
  ownerMissing: boolean
  methods: { password: true; passkey: true; oidc: { name: string } | null }
  person: { id: string; login: string; name: string; hasPassword: boolean; passkeys: number } | null
  role: Actor['role'] | null
  roles: readonly { role: string; scope: Readonly<Record<string, string>> }[]
  csrfToken: string | null
  expiresAt: string | null
}

export type SignIn = ReturnType<typeof createSignIn>

/** Signing in and out, for an edge that keeps the token in a cookie. Every attempt is audited. */
export function createSignIn(deps: SignInDeps) {
  const { database, clock } = deps
  const now = (): Date => clock.now()
  const open = (
    personId: string,
    method: SignInMethod,
    visitor: Visitor,
    before?: (trx: Transaction) => Promise<void>,
  ) =>
    withTransaction(database, async (trx) => {
      await before?.(trx)
      return openAudited(trx, now(), personId, method, visitor)
    })
  return {
    oidc: deps.oidc,
    token: (token: string) => authenticate(database, now(), token),
    session: (token: string, mayRotate: boolean) => findSession(database, now(), token, mayRotate),
    state: (session: OpenSession | null) => stateOf(deps, session),

    /** A request with somebody's session that was not let through: not from the page, or without its token. */
    refused: (session: OpenSession, request: string, reason: string): Promise<void> =>
      withTransaction(database, (trx) =>
        appendAudit(trx, now(), {
          actor: session.actor,
          operation: 'session.use',
          subject: request.slice(0, 200),
          outcome: 'refused',
          data: { session: session.id, reason },
        }),
      ),

    /** @throws AppError `unauthenticated` (whatever was wrong: name, password, or disabled), `throttled`. */
    async login(login: string, password: string, visitor: Visitor): Promise<string> {
      const attempt = { login, address: visitor.address }
      await checkThrottle(database, now(), attempt)
      const person = await database.kysely
        .selectFrom('person')
        .select(['id', 'password_hash'])
        .where('login', '=', login)
        .where('disabled_at', 'is', null)
        .executeTakeFirst()
      if (!(await verifyPassword(password, person?.password_hash ?? null)) || person === undefined) {
        await noteFailure(database, now(), attempt)
        await auditRefusal(deps, login, visitor)
        throw new AppError('unauthenticated', 'the name or the password is wrong', {
          action: 'Try again; an administrator can give you a new link.',
        })
      }
      await clearFailures(database, attempt)
      return open(person.id, 'password', visitor)
    },

    async logout(session: OpenSession): Promise<void> {
      await withTransaction(database, async (trx) => {
        await revokeSessions(trx, now(), { id: session.id })
        await appendAudit(trx, now(), {
          actor: session.actor,
          operation: 'session.close',
          subject: session.id,
          outcome: 'done',
        })
      })
    },

    /** Ends the person's other sessions. @throws AppError `forbidden`, `input_invalid`, `throttled`. */
    async changePassword(session: OpenSession, current: string | null, password: string, visitor: Visitor) {
      const attempt = { login: `change ${session.actor.id}`, address: visitor.address }
      await checkThrottle(database, now(), attempt)
      const person = await personOf(database, session.actor.id)
      if (person.password_hash !== null && !(await verifyPassword(current ?? '', person.password_hash))) {
        await noteFailure(database, now(), attempt)
        throw new AppError('forbidden', 'the current password is wrong', { action: 'Give the current one.' })
      }
      checkPassword(password, person.login)
      const hash = await hashPassword(password)
      await withTransaction(database, async (trx) => {
        await trx.updateTable('person').set({ password_hash: hash }).where('id', '=', person.id).execute()
        const ended = await revokeSessions(trx, now(), { personId: person.id, except: session.id })
        await appendAudit(trx, now(), {
          actor: session.actor,
          operation: 'person.password',
          subject: person.id,
          outcome: 'done',
          data: { sessionsEnded: ended },
        })
      })
    },

    lookAtLink: (token: string) => findLink(database.kysely, now(), token),

    async welcome(
      request: { token: string; login: string; name: string; password: string | null },
      visitor: Visitor,
    ): Promise<string> {
      const attempt = { login: 'welcome', address: visitor.address }
      await checkThrottle(database, now(), { ...attempt, login: `welcome ${visitor.address}` })
      const link = await findLink(database.kysely, now(), request.token).catch(async (error: unknown) => {
        await noteFailure(database, now(), { ...attempt, login: `welcome ${visitor.address}` })
        throw error
      })
      const login = link.login ?? request.login
      if (request.password !== null) checkPassword(request.password, login)
      const passwordHash = request.password === null ? null : await hashPassword(request.password)
      return withTransaction(database, async (trx) => {
        const personId = await useLink(trx, now(), {
          token: request.token,
          login,
          name: request.name,
          passwordHash,
        })
        return openAudited(trx, now(), personId, 'link', visitor)
      })
    },

    async beginPasskey(session: OpenSession, party: RelyingParty) {
      return beginPasskey(database, now(), party, await personOf(database, session.actor.id))
    },
    async addPasskey(
      session: OpenSession,
      party: RelyingParty,
      request: { challengeId: string; name: string; response: unknown },
    ) {
      const added = await addPasskey(database, now(), party, { ...request, personId: session.actor.id })
      await auditPasskey(deps, session, 'passkey.add', added.id)
      return added
    },
    passkeys: (session: OpenSession) =>
      database.kysely
        .selectFrom('passkey')
        .select(['id', 'name', 'created_at as createdAt', 'used_at as lastUsedAt'])
        .where('person_id', '=', session.actor.id)
        .orderBy('created_at')
        .execute(),
    async removePasskey(session: OpenSession, id: string): Promise<boolean> {
      const removed = await database.kysely
        .deleteFrom('passkey')
        .where('id', '=', id)
        .where('person_id', '=', session.actor.id)
        .executeTakeFirst()
      if (removed.numDeletedRows === 1n) await auditPasskey(deps, session, 'passkey.remove', id)
      return removed.numDeletedRows === 1n
    },
    beginPasskeySignIn: (party: RelyingParty) => beginPasskeySignIn(database, now(), party),
    async passkeySignIn(
      party: RelyingParty,
      request: { challengeId: string; response: unknown },
      visitor: Visitor,
    ): Promise<string> {
      const attempt = { login: `passkey ${visitor.address}`, address: visitor.address }
      await checkThrottle(database, now(), attempt)
      try {
        return await open(await checkPasskeySignIn(database, now(), party, request), 'passkey', visitor)
      } catch (error) {
        await noteFailure(database, now(), attempt)
        await auditRefusal(deps, 'passkey', visitor)
        throw error
      }
    },
    oidcSignIn: (personId: string, visitor: Visitor) => open(personId, 'oidc', visitor),
  }
}

async function openAudited(
  trx: Transaction,
  now: Date,
  personId: string,
  method: SignInMethod,
  visitor: Visitor,
): Promise<string> {
  const actor = await actorOfPerson(trx, personId)
  if (actor === null) {
    throw new AppError('unauthenticated', 'this person is disabled', { action: 'Ask an administrator.' })
  }
  const session = await openSession(trx, now, { personId, method, ...visitor })
  await appendAudit(trx, now, {
    actor,
    operation: 'session.open',
    subject: session.id,
    outcome: 'done',
    data: { method, address: visitor.address },
  })
  return session.token
}

/** Nobody is signed in yet: the row has no identity but the name that was tried. */
async function auditRefusal({ database, clock }: SignInDeps, login: string, visitor: Visitor): Promise<void> {
  await withTransaction(database, (trx) =>
    appendAudit(trx, clock.now(), {
      actor: { id: 'nobody', kind: 'person', role: 'viewer' },
      operation: 'session.open',
      subject: login.slice(0, 100),
      outcome: 'refused',
      data: { address: visitor.address },
    }),
  )
}

async function auditPasskey(
  { database, clock }: SignInDeps,
  session: OpenSession,
  operation: string,
  id: string,
): Promise<void> {
  await withTransaction(database, (trx) =>
    appendAudit(trx, clock.now(), { actor: session.actor, operation, subject: id, outcome: 'done' }),
  )
}

async function personOf(
  database: Database,
  id: string,
): Promise<{ id: string; login: string; name: string; password_hash: string | null }> {
  return database.kysely
    .selectFrom('person')
    .select(['id', 'login', 'name', 'password_hash'])
    .where('id', '=', id)
    .executeTakeFirstOrThrow()
}

async function stateOf({ database, oidc }: SignInDeps, session: OpenSession | null): Promise<SessionState> {
  const methods = { password: true, passkey: true, oidc: oidc === null ? null : { name: oidc.name } } as const
  const ownerMissing = session === null && !(await hasOwner(database.kysely))
  if (session === null) {
    const nobody = { person: null, role: null, roles: [], csrfToken: null, expiresAt: null }
    return { signedIn: false, ownerMissing, methods, ...nobody }
  }
  const person = await personOf(database, session.actor.id)
  const count = await database.kysely
    .selectFrom('passkey')
    .select((each) => each.fn.countAll<string>().as('count'))
    .where('person_id', '=', person.id)
    .executeTakeFirstOrThrow()
  return {
    signedIn: true,
    ownerMissing: false,
    methods,
    person: {
      id: person.id,
      login: person.login,
      name: person.name,
      hasPassword: person.password_hash !== null,
      passkeys: Number(count.count),
    },
    role: session.actor.role,
    roles: session.actor.grants ?? [],
    csrfToken: session.csrfToken,
    expiresAt: session.expiresAt.toISOString(),
  }
}
