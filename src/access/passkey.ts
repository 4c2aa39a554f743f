import {
  generateAuthenticationOptions,
  generateRegistrationOptions,
  verifyAuthenticationResponse,
  verifyRegistrationResponse,
} from '@simplewebauthn/server'
import type { AuthenticationResponseJSON, RegistrationResponseJSON } from '@simplewebauthn/server'
import { AppError, messageOf } from '../base/error.ts'
import type { Database } from '../db/index.ts'
import { keepChallenge, takeChallenge } from './challenge.ts'

/** Where the browser stands: a passkey is bound to the host. */
export interface RelyingParty {
  /** `https://erlmcp.example` */
  origin: string
}

const hostOf = ({ origin }: RelyingParty): string => new URL(origin).hostname
const MAX_PASSKEYS = 20

export async function beginPasskey(
  database: Database,
  now: Date,
  party: RelyingParty,
  person: { id: string; login: string; name: string },
): Promise<{ challengeId: string; options: unknown }> {
  const known = await database.kysely
    .selectFrom('passkey')
    .select('id')
    .where('person_id', '=', person.id)
    .execute()
  const options = await generateRegistrationOptions({
    rpName: 'erlmcp',
    rpID: hostOf(party),
    userID: new TextEncoder().encode(person.id),
    userName: person.login,
    userDisplayName: person.name,
    attestationType: 'none',
    excludeCredentials: known.map(({ id }) => ({ id })),
    authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
  })
  const data = { challenge: options.challenge }
  return { challengeId: await keepChallenge(database, now, 'passkey-register', person.id, data), options }
}

/** @throws AppError `unauthenticated` when the answer does not fit what was asked. */
export async function addPasskey(
  database: Database,
  now: Date,
  party: RelyingParty,
  request: { personId: string; challengeId: string; name: string; response: unknown },
): Promise<{ id: string; name: string }> {
  const asked = await takeChallenge(database, now, 'passkey-register', request.personId, request.challengeId)
  const count = await database.kysely
    .selectFrom('passkey')
    .select((each) => each.fn.countAll<string>().as('count'))
    .where('person_id', '=', request.personId)
    .executeTakeFirstOrThrow()
  if (Number(count.count) >= MAX_PASSKEYS) {
    throw new AppError('conflict', `there are ${MAX_PASSKEYS} passkeys already`, {
      action: 'Remove one first.',
    })
  }
  const { registrationInfo } = await checked(asked, (challenge) =>
    verifyRegistrationResponse({
      response: request.response as RegistrationResponseJSON,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: hostOf(party),
      requireUserVerification: true,
    }),
  )
  if (registrationInfo === undefined) throw wrong('it was not verified')
  const { credential } = registrationInfo
  await database.kysely
    .insertInto('passkey')
    .values({
      id: credential.id,
      person_id: request.personId,
      name: request.name,
      public_key: Buffer.from(credential.publicKey),
      counter: credential.counter,
      transports: JSON.stringify(credential.transports ?? []),
      created_at: now,
    })
    .execute()
  return { id: credential.id, name: request.name }
}

export async function beginPasskeySignIn(
  database: Database,
  now: Date,
  party: RelyingParty,
): Promise<{ challengeId: string; options: unknown }> {
  // names nobody: which passkeys exist is not told to somebody who has not signed in
  const options = await generateAuthenticationOptions({ rpID: hostOf(party), userVerification: 'required' })
  const data = { challenge: options.challenge }
  return { challengeId: await keepChallenge(database, now, 'passkey-login', null, data), options }
}

/**
 * @returns the person whose passkey signed.
 * @throws AppError `unauthenticated`; also for a counter that went back, the sign of a copied key.
 */
export async function checkPasskeySignIn(
  database: Database,
  now: Date,
  party: RelyingParty,
  request: { challengeId: string; response: unknown },
): Promise<string> {
  const asked = await takeChallenge(database, now, 'passkey-login', null, request.challengeId)
  const response = request.response as AuthenticationResponseJSON
  const row = await database.kysely
    .selectFrom('passkey')
    .innerJoin('person', 'person.id', 'passkey.person_id')
    .select(['passkey.id', 'person_id', 'public_key', 'counter'])
    .where('passkey.id', '=', response.id.slice(0, 1_400))
    .where('person.disabled_at', 'is', null)
    .executeTakeFirst()
  if (row === undefined) throw wrong('it is not known here')
  const { verified, authenticationInfo } = await checked(asked, (challenge) =>
    verifyAuthenticationResponse({
      response,
      expectedChallenge: challenge,
      expectedOrigin: party.origin,
      expectedRPID: hostOf(party),
      requireUserVerification: true,
      credential: { id: row.id, publicKey: new Uint8Array(row.public_key), counter: Number(row.counter) },
    }),
  )
  if (!verified) throw wrong('it was not verified')
  await database.kysely
    .updateTable('passkey')
    .set({ counter: authenticationInfo.newCounter, used_at: now })
    .where('id', '=', row.id)
    .execute()
  return row.person_id
}

async function checked<T>(
  asked: Record<string, unknown> | null,
  check: (challenge: string) => Promise<T>,
): Promise<T> {
  const challenge = asked?.['challenge']
  if (typeof challenge !== 'string') throw wrong('what was asked is over; it is good once, for five minutes')
  try {
    return await check(challenge)
  } catch (error) {
    throw wrong(messageOf(error).slice(0, 200), error)
  }
}

const wrong = (why: string, cause?: unknown): AppError =>
  new AppError('unauthenticated', `the passkey was not taken: ${why}`, {
    action: 'Try again, or sign in another way.',
    cause,
  })
