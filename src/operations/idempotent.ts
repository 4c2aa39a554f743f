import { sql } from 'kysely'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { sha256 } from '../base/id.ts'
import { OPERATIONS } from './catalogue.ts'
import type { Operation, OperationName } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { invoke } from './invoke.ts'

const KEPT_MS = 24 * 3_600_000
/** A request that has been under way for longer belongs to a process that died. */
const ABANDONED_MS = 120_000

/**
 * A write with an `Idempotency-Key`: the same key with the same input answers what the first one answered, for a day,
 * and does nothing. A refusal is not kept: it changed nothing, and may be mended.
 * @throws AppError `input_invalid` for a verb whose answer is a secret, `conflict` for a key that stands for another request, or for one that is still under way.
 */
export async function invokeOnce(
  deps: OperationDeps,
  actor: Actor,
  name: OperationName,
  input: unknown,
  key: string,
): Promise<unknown> {
  const operation: Operation = OPERATIONS[name]
  if (operation.answersSecret === true) {
    throw new AppError(
      'input_invalid',
      `${name} takes no Idempotency-Key: its answer is a secret that is not kept`,
      {
        action: 'Send it without the header; list what exists before you send it again.',
      },
    )
  }
  const hash = sha256(canonical(input))
  const claimed = await claim(deps, actor, name, key, hash)
  if (claimed !== null) return claimed.answer
  try {
    const answer = await invoke(deps, actor, name, input)
    await deps.database.kysely
      .updateTable('idempotent_request')
      .set({ answer: JSON.stringify({ answer }) })
      .where('actor', '=', actor.id)
      .where('key', '=', key)
      .execute()
    return answer
  } catch (error) {
    await deps.database.kysely
      .deleteFrom('idempotent_request')
      .where('actor', '=', actor.id)
      .where('key', '=', key)
      .execute()
    throw error
  }
}

/** `null`: the request is ours to do. */
async function claim(
  deps: OperationDeps,
  actor: Actor,
  name: OperationName,
  key: string,
  hash: string,
): Promise<{ answer: unknown } | null> {
  const database = deps.database.kysely
  const now = deps.clock.now()
  await database
    .deleteFrom('idempotent_request')
    .where('started_at', '<', new Date(now.getTime() - KEPT_MS))
    .execute()
  const row = { actor: actor.id, key, operation: name, input_hash: hash, started_at: now }
  const won = await database
    .insertInto('idempotent_request')
    .values(row)
    .onConflict((conflict) =>
      conflict
        .columns(['actor', 'key'])
        .doUpdateSet({ started_at: now })
        .where('idempotent_request.answer', 'is', null)
        .where('idempotent_request.input_hash', '=', hash)
        .where('idempotent_request.operation', '=', name)
        .where('idempotent_request.started_at', '<', new Date(now.getTime() - ABANDONED_MS)),
    )
    .returning(sql<number>`1`.as('won'))
    .executeTakeFirst()
  if (won !== undefined) return null
  const first = await database
    .selectFrom('idempotent_request')
    .select(['operation', 'input_hash', 'answer'])
    .where('actor', '=', actor.id)
    .where('key', '=', key)
    .executeTakeFirst()
  if (first !== undefined && (first.operation !== name || first.input_hash !== hash)) {
    throw new AppError('conflict', `the key ${JSON.stringify(key)} stands for another request`, {
      action: 'Use a new key for each new request.',
    })
  }
  if (first?.answer == null) {
    throw new AppError('conflict', 'the first request with this key is still under way', {
      action: 'Send it again in a moment.',
      retryable: true,
    })
  }
  return first.answer as { answer: unknown }
}

/** The same text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
