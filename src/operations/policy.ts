import type { Actor } from '../access/index.ts'
import { actorOfPerson, loadPolicy, mayApprove, requirementFor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { analyseCommand } from '../command/index.ts'
import type { InputOf } from './catalogue.ts'
import type { OperationDeps } from './deps.ts'

export async function showPolicy(deps: OperationDeps): Promise<unknown> {
  return deps.policy ?? loadPolicy(null)
}

/** Parses a command as a page would be, and asks the one decision function about it. Nothing runs. */
export async function explainPolicy(
  deps: OperationDeps,
  actor: Actor,
  input: InputOf<'policy.explain'>,
): Promise<unknown> {
  const analysis = analyseCommand(input.command)
  const { risk } = analysis
  const who = input.as === undefined ? actor : await findActor(deps, input.as)
  const target = deps.targetOf?.(input.service ?? null)
  const about = {
    ...(deps.policy === undefined ? {} : { policy: deps.policy.policy }),
    severity: input.severity,
    labels: input.service === undefined ? {} : { service: input.service },
    at: deps.clock.now(),
    ...(target === undefined ? {} : { target }),
  }
  const requirement = requirementFor(risk, about)
  const verdict = mayApprove(who, risk, input.requester, about)
  const reasons = analysis.reasons.filter((reason) => reason.risk === risk).map((reason) => reason.why)
  return {
    command: input.command,
    risk,
    flags: analysis.flags,
    because: [...new Set(reasons)],
    as: { id: who.id, role: who.role, grants: who.grants ?? [] },
    severity: input.severity,
    target: target ?? null,
    runsByItself: risk === 'read',
    needs:
      'allowed' in requirement || risk === 'read'
        ? null
        : { role: requirement.role, approvals: requirement.approvals, requesterMayApprove: requirement.self },
    mayApprove: verdict.allowed,
    reason:
      risk === 'read'
        ? 'what only reads runs by itself, with the identity that cannot write'
        : verdict.reason,
  }
}

async function findActor(deps: OperationDeps, given: string): Promise<Actor> {
  if (given.startsWith('agent:')) return { id: given, kind: 'agent', role: 'agent' }
  const actor = await actorOfPerson(
    deps.database.kysely,
    given.startsWith('person:') ? given : `person:${given}`,
  )
  if (actor !== null) return actor
  throw new AppError('not_found', `there is no person ${given}`, { action: 'See `erlmcp person list`.' })
}
