import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { sha256 } from '../base/id.ts'
import type { Database } from '../db/index.ts'
import { OPERATIONS } from './catalogue.ts'
import type { Operation, OperationName } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'
import { invoke } from './invoke.ts'

const KEPT_MS = 24 * 3_600_000
/** A request that has been under way for longer belongs to a process that died. */
const ABANDONED_MS = 120_000

/**
 * A write with an `Idempotency-Key`: the same key with the same input answers what the first one answered, for a day,
 * and does nothing. A refusal is not kept: it changed nothing, and may be mended. A request whose process died is done
 * anew after two minutes, unless it had committed something: then its answer is lost, and it is not done twice.
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
  const request = { actor: actor.id, key, operation: name, hash: sha256(canonical(input)) }
  const claimed = await claim(deps, request)
  if ('answer' in claimed) return claimed.answer
  const { startedAt } = claimed
  const own = deps.database.kysely
  try {
    const answer = await invoke(marking(deps, request, startedAt), actor, name, input)
    await own
      .updateTable('idempotent_request')
      .set({ answer: JSON.stringify({ answer }) })
      .where('actor', '=', actor.id)
      .where('key', '=', key)
      .where('started_at', '=', startedAt)
      .execute()
    return answer
  } catch (error) {
    await own
      .deleteFrom('idempotent_request')
      .where('actor', '=', actor.id)
      .where('key', '=', key)
      .where('started_at', '=', startedAt)
      .execute()
    throw error
  }
}

interface KeyedRequest {
  actor: string
  key: string
  operation: OperationName
  hash: string
}

/**
 * What a request does and the note that it did something are one commit: a process that dies before its answer was kept
 * leaves either nothing, or a request that nobody takes over.
 */
function marking(deps: OperationDeps, { actor, key }: KeyedRequest, startedAt: Date): OperationDeps {
  const database: Database = {
    ...deps.database,
    async begin(trx) {
      const marked = await trx
        .updateTable('idempotent_request')
        .set({ effect_at: deps.clock.now() })
        .where('actor', '=', actor)
        .where('key', '=', key)
        .where('started_at', '=', startedAt)
        .returning('key')
        .executeTakeFirst()
      if (marked === undefined) throw underWay()
    },
  }
  return { ...deps, database }
}

/** The answer that was kept, or when the claim was made: the request is ours to do. */
async function claim(
  deps: OperationDeps,
  { actor, key, operation, hash }: KeyedRequest,
): Promise<{ answer: unknown } | { startedAt: Date }> {
  const database = deps.database.kysely
  const now = deps.clock.now()
  await database
    .deleteFrom('idempotent_request')
    .where('started_at', '<', new Date(now.getTime() - KEPT_MS))
    .execute()
  const won = await database
    .insertInto('idempotent_request')
    .values({ actor, key, operation, input_hash: hash, started_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['actor', 'key'])
        .doUpdateSet({ started_at: now })
        .where('idempotent_request.answer', 'is', null)
        .where('idempotent_request.effect_at', 'is', null)
        .where('idempotent_request.input_hash', '=', hash)
        .where('idempotent_request.operation', '=', operation)
        .where('idempotent_request.started_at', '<', new Date(now.getTime() - ABANDONED_MS)),
    )
    .returning('started_at')
    .executeTakeFirst()
  if (won !== undefined) return { startedAt: won.started_at }
  const first = await database
    .selectFrom('idempotent_request')
    .select(['operation', 'input_hash', 'answer', 'effect_at'])
    .where('actor', '=', actor)
    .where('key', '=', key)
    .executeTakeFirst()
  if (first !== undefined && (first.operation !== operation || first.input_hash !== hash)) {
    throw new AppError('conflict', `the key ${JSON.stringify(key)} stands for another request`, {
      action: 'Use a new key for each new request.',
    })
  }
  if (first?.answer != null) return first.answer as { answer: unknown }
  const tookEffectMs = first?.effect_at == null ? 0 : now.getTime() - first.effect_at.getTime()
  if (tookEffectMs <= ABANDONED_MS) throw underWay()
  throw new AppError('conflict', 'the first request with this key took effect, and its answer was lost', {
    action: 'Look at what there is now; send it with a new key only if it is to happen once more.',
  })
}

const underWay = (): AppError =>
  new AppError('conflict', 'the first request with this key is still under way', {
    action: 'Send it again in a moment.',
    retryable: true,
  })

/** The same text for equal values, whatever the order of their keys. */
function canonical(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`
  if (value !== null && typeof value === 'object') {
    const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1))
    return `{${entries.map(([name, each]) => `${JSON.stringify(name)}:${canonical(each)}`).join(',')}}`
  }
  return JSON.stringify(value) ?? 'null'
}
