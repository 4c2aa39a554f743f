import type { Actor } from '../access/index.ts'
import { appendAudit, mayDo, sightOf } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { withTransaction } from '../db/index.ts'
import { OPERATIONS } from './catalogue.ts'
import type { InputOf, OperationName } from './catalogue.ts'
import { HANDLERS } from './handlers.ts'
import type { OperationDeps } from './deps.ts'
import { labelsOfCall } from './sight.ts'

/**
 * The one way to do anything from outside: input checked, permission decided, refusals audited, then the verb.
 * @throws AppError `input_invalid`, `forbidden`, and what the verb throws.
 */
export async function invoke(
  deps: OperationDeps,
  actor: Actor,
  name: OperationName,
  rawInput: unknown,
): Promise<unknown> {
  const operation = OPERATIONS[name]
  const permission = mayDo(actor, operation.need, await labelsFor(deps, actor, operation.http.path, rawInput))
  if (!permission.allowed) {
    await recordRefusal(deps, actor, name, permission.reason)
    throw new AppError('forbidden', `${actor.id} may not ${name}: ${permission.reason}`, {
      action: 'Ask somebody with the role, or for the role.',
    })
  }
  if (!isStorable(rawInput)) {
    throw new AppError('input_invalid', `${name}: a text holds a NUL or half a character`, {
      action: 'Send text as UTF-8 without U+0000.',
    })
  }
  const parsed = operation.input.safeParse(rawInput)
  if (!parsed.success) {
    const details = parsed.error.issues
      .slice(0, 5)
      .map((issue) => `${issue.path.join('.') || 'input'}: ${issue.message}`)
    throw new AppError('input_invalid', `${name}: ${details.join('; ')}`, {
      action: 'See the operation in the API reference, or `--help` of the command.',
    })
  }
  try {
    const handler = HANDLERS[name] as (
      deps: OperationDeps,
      actor: Actor,
      input: InputOf<OperationName>,
    ) => Promise<unknown>
    return await handler(deps, actor, parsed.data)
  } catch (error) {
    if (error instanceof AppError && error.code === 'forbidden')
      await recordRefusal(deps, actor, name, error.message)
    throw error
  }
}

/** PostgreSQL keeps neither U+0000 nor a lone surrogate. */
function isStorable(value: unknown): boolean {
  if (typeof value === 'string') return !value.includes('\0') && value.isWellFormed()
  if (value === null || typeof value !== 'object') return true
  return Object.entries(value).every(([key, each]) => isStorable(key) && isStorable(each))
}

/** What a scoped role is compared with: the labels of the incident that the call is about. */
async function labelsFor(
  deps: OperationDeps,
  actor: Actor,
  path: string,
  rawInput: unknown,
): Promise<Record<string, string> | null | undefined> {
  const everywhere = actor.grants?.every(({ scope }) => Object.keys(scope).length === 0) ?? true
  if (everywhere && sightOf(actor) === null) return undefined
  return labelsOfCall(deps.database, path, rawInput)
}

async function recordRefusal(deps: OperationDeps, actor: Actor, name: string, reason: string): Promise<void> {
  await withTransaction(deps.database, (trx) =>
    appendAudit(trx, deps.clock.now(), {
      actor,
      operation: name,
      subject: actor.id,
      outcome: 'refused',
      data: { reason },
    }),
  )
}
