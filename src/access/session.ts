import { randomBytes, timingSafeEqual } from 'node:crypto'
import { newId, sha256 } from '../base/id.ts'
import type { Database, Transaction } from '../db/index.ts'
import type { Actor } from './actor.ts'
import { actorOfPerson } from './people.ts'

/** A session that nobody uses ends after this, and every one after the other. */
const IDLE_MS = 12 * 3_600_000
const LONGEST_MS = 7 * 24 * 3_600_000
/** How long one token serves. */
const ROTATE_MS = 30 * 60_000
/** Requests that were under way when the token changed. */
const GRACE_MS = 60_000
const SEEN_MS = 60_000

export const SIGN_IN_METHODS = ['password', 'passkey', 'oidc', 'link'] as const
export type SignInMethod = (typeof SIGN_IN_METHODS)[number]

export interface OpenSession {
  id: string
  actor: Actor
  csrfToken: string
  expiresAt: Date
  /** The browser has to hold this from now on; `null`: what it holds is right. */
  newToken: string | null
}

const secret = (): string => randomBytes(32).toString('base64url')

/** Signs a person in. A new session has a new token: nothing that was known before signing in is worth anything after. */
export async function openSession(
  trx: Transaction,
  now: Date,
  request: { personId: string; method: SignInMethod; address: string; agent: string },
): Promise<{ token: string; id: string }> {
  const token = secret()
  const id = newId('ses')
  await trx
    .insertInto('session')
    .values({
      id,
      person_id: request.personId,
      token_hash: sha256(token),
      next_hash: null,
      previous_hash: null,
      csrf_token: secret(),
      method: request.method,
      address: request.address.slice(0, 100),
      agent: request.agent.slice(0, 300),
      created_at: now,
      rotated_at: now,
      seen_at: now,
      expires_at: new Date(now.getTime() + LONGEST_MS),
    })
    .execute()
  return { token, id }
}

/**
 * The session behind a cookie, or `null` when it is unknown, over or revoked, or its person is disabled. Every half hour
 * the browser gets another token; the old one serves until the new one was seen, and a minute longer.
 */
export async function findSession(
  database: Database,
  now: Date,
  token: string,
  mayRotate = true,
): Promise<OpenSession | null> {
  if (token.length > 100) return null
  const hash = sha256(token)
  const row = await database.kysely
    .selectFrom('session')
    .selectAll()
    .where((or) =>
      or.or([
        or('token_hash', '=', hash),
        or('next_hash', '=', hash),
        or.and([or('previous_hash', '=', hash), or('previous_until', '>', now)]),
      ]),
    )
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now)
    .where('seen_at', '>', new Date(now.getTime() - IDLE_MS))
    .executeTakeFirst()
  if (row === undefined) return null
  const actor = await actorOfPerson(database.kysely, row.person_id)
  if (actor === null) return null
  const newToken = await keepUp(database, now, row, hash, mayRotate)
  return { id: row.id, actor, csrfToken: row.csrf_token, expiresAt: row.expires_at, newToken }
}

async function keepUp(
  database: Database,
  now: Date,
  row: { id: string; token_hash: string; next_hash: string | null; rotated_at: Date; seen_at: Date },
  hash: string,
  mayRotate: boolean,
): Promise<string | null> {
  const update = database.kysely.updateTable('session').where('id', '=', row.id)
  if (row.next_hash === hash) {
    await update
      .set({
        token_hash: hash,
        next_hash: null,
        previous_hash: row.token_hash,
        previous_until: new Date(now.getTime() + GRACE_MS),
        seen_at: now,
      })
      .where('next_hash', '=', hash)
      .execute()
    return null
  }
  if (mayRotate && row.token_hash === hash && now.getTime() - row.rotated_at.getTime() > ROTATE_MS) {
    // a lost answer leaves the browser with the old token, which then asks for another
    const token = secret()
    const turned = await update
      .set({ next_hash: sha256(token), rotated_at: now, seen_at: now })
      .where('token_hash', '=', hash)
      .where('rotated_at', '=', row.rotated_at)
      .executeTakeFirst()
    return turned.numUpdatedRows === 1n ? token : null
  }
  if (now.getTime() - row.seen_at.getTime() > SEEN_MS) await update.set({ seen_at: now }).execute()
  return null
}

export function csrfMatches(session: Pick<OpenSession, 'csrfToken'>, given: string): boolean {
  const expected = Buffer.from(session.csrfToken)
  const actual = Buffer.from(given)
  return actual.length === expected.length && timingSafeEqual(actual, expected)
}

/** Ends sessions: one, or all of a person but one. @returns how many. */
export async function revokeSessions(
  trx: Pick<Transaction, 'updateTable'>,
  now: Date,
  which: { id: string } | { personId: string; except?: string },
): Promise<number> {
  let query = trx.updateTable('session').set({ revoked_at: now }).where('revoked_at', 'is', null)
  if ('id' in which) query = query.where('id', '=', which.id)
  else {
    query = query.where('person_id', '=', which.personId)
    if (which.except !== undefined) query = query.where('id', '!=', which.except)
  }
  return Number((await query.executeTakeFirst()).numUpdatedRows)
}
