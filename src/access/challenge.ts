import { newId } from '../base/id.ts'
import type { Database } from '../db/index.ts'

type ChallengeKind = 'passkey-register' | 'passkey-login' | 'oidc'
const LIFE_MS = 5 * 60_000

/** Keeps what an answer is compared with; it is good once, for five minutes, on any replica. */
export async function keepChallenge(
  database: Database,
  now: Date,
  kind: ChallengeKind,
  personId: string | null,
  data: Record<string, unknown>,
): Promise<string> {
  const id = newId('chl')
  await database.kysely.deleteFrom('sign_in_challenge').where('expires_at', '<', now).execute()
  await database.kysely
    .insertInto('sign_in_challenge')
    .values({
      id,
      kind,
      person_id: personId,
      data: JSON.stringify(data),
      expires_at: new Date(now.getTime() + LIFE_MS),
    })
    .execute()
  return id
}

/** Takes it away and returns it; `null` when it is unknown, used, over, or of another kind or person. */
export async function takeChallenge(
  database: Database,
  now: Date,
  kind: ChallengeKind,
  personId: string | null,
  id: string,
): Promise<Record<string, unknown> | null> {
  const row = await database.kysely
    .deleteFrom('sign_in_challenge')
    .where('id', '=', id.slice(0, 100))
    .where('kind', '=', kind)
    .where('person_id', personId === null ? 'is' : '=', personId)
    .where('expires_at', '>', now)
    .returning('data')
    .executeTakeFirst()
  return row === undefined ? null : (row.data as Record<string, unknown>)
}
