import type { Actor, Circumstances } from '../access/index.ts'
import { mayApprove, mayRun, requirementFor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId } from '../base/id.ts'
import type { Transaction } from '../db/index.ts'

/** What is approved: one exact plan of a change or a window. */
export interface Approvable {
  /** Id of the change or window. */
  subject: string
  hash: string
  risk: 'change' | 'destructive'
  requestedBy: string
  /** For people: what it is. */
  title: string
}

/** Where it acts: what the policy is asked about, one for each place. */
export type Places = readonly [Circumstances, ...Circumstances[]]

export interface DutyApproved {
  needed: number
  given: number
}

/**
 * One person's approval of exactly this, by the same policy as commands of a run. Where it acts in several places, the
 * policy has to allow it in each of them, and the strictest counts.
 * @throws AppError `forbidden`, `conflict` (approved by the same person before).
 */
export async function approveDuty(
  trx: Transaction,
  at: Date,
  what: Approvable,
  by: { actor: Actor; reason: string | null; breakGlass: boolean; expiresAt: Date },
  about: Places,
): Promise<DutyApproved> {
  let needed = 1
  let expiresAt = by.expiresAt
  for (const place of about) {
    const circumstances = { ...place, at, breakGlass: by.breakGlass }
    const permission = mayApprove(by.actor, what.risk, what.requestedBy, circumstances)
    const requirement = requirementFor(what.risk, circumstances)
    if (!permission.allowed || 'allowed' in requirement) {
      throw new AppError(
        'forbidden',
        `${by.actor.id} may not approve "${what.title}": ${permission.reason}`,
        {
          action:
            'Ask somebody with the role; in an emergency, break the glass with a reason where the policy has it.',
        },
      )
    }
    needed = Math.max(needed, requirement.approvals)
    const limit = requirement.expiresAfterSeconds
    if (limit !== null) expiresAt = new Date(Math.min(expiresAt.getTime(), at.getTime() + limit * 1_000))
  }
  const row = await trx
    .insertInto('duty_approval')
    .values({
      id: newId('apr'),
      subject: what.subject,
      hash: what.hash,
      risk: what.risk,
      requested_by: what.requestedBy,
      decided_by: by.actor.id,
      decided_at: at,
      expires_at: expiresAt,
      break_glass: by.breakGlass,
      reason: by.reason,
    })
    .onConflict((conflict) =>
      conflict
        .columns(['subject', 'hash', 'decided_by'])
        .doUpdateSet({
          decided_at: at,
          expires_at: expiresAt,
          break_glass: by.breakGlass,
          reason: by.reason,
          consumed_at: null,
        })
        // what is still valid or was used is not given anew
        .where('duty_approval.expires_at', '<=', at)
        .where('duty_approval.consumed_at', 'is', null),
    )
    .returning('id')
    .executeTakeFirst()
  if (row === undefined) {
    throw new AppError('conflict', `${by.actor.id} has approved "${what.title}" already`, {
      action: 'It waits for another person; nothing was changed by this call.',
    })
  }
  const valid = await validApprovals(trx, at, what)
  return { needed, given: new Set(valid.map((each) => each.decided_by)).size }
}

const validApprovals = (
  trx: Transaction,
  at: Date,
  what: Pick<Approvable, 'subject' | 'hash'>,
): Promise<{ id: string; decided_by: string; break_glass: boolean }[]> =>
  trx
    .selectFrom('duty_approval')
    .select(['id', 'decided_by', 'break_glass'])
    .where('subject', '=', what.subject)
    .where('hash', '=', what.hash)
    .where('consumed_at', 'is', null)
    .where('expires_at', '>', at)
    .forUpdate()
    .execute()

/**
 * Uses the approvals up, in the transaction that commits the intent, and asks the policy once more: fences and quiet times
 * hold when something is about to run.
 * @throws AppError `approval_expired`, `forbidden`; nothing runs then.
 */
export async function consumeDutyApproval(
  trx: Transaction,
  at: Date,
  what: Pick<Approvable, 'subject' | 'hash' | 'risk' | 'title'>,
  about: Places,
): Promise<string[]> {
  const valid = await validApprovals(trx, at, what)
  if (valid.length === 0) {
    throw new AppError('approval_expired', `no approval of "${what.title}" as it stands is valid any more`, {
      action: 'Propose it again.',
    })
  }
  const approvals = valid.map((row) => ({ decidedBy: row.decided_by, breakGlass: row.break_glass }))
  for (const place of about) {
    const permission = mayRun(what.risk, approvals, { ...place, at })
    if (!permission.allowed) {
      throw new AppError('forbidden', `"${what.title}" may not run: ${permission.reason}`, {
        action: 'Nothing ran. See the policy with `erlmcp policy show`.',
      })
    }
  }
  await trx
    .updateTable('duty_approval')
    .set({ consumed_at: at })
    .where(
      'id',
      'in',
      valid.map((row) => row.id),
    )
    .execute()
  return valid.map((row) => row.decided_by)
}
