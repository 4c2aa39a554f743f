import { assertNever } from '../base/error.ts'
import { atLeast, roleFor } from './actor.ts'
import type { Actor, Role } from './actor.ts'
import { outsideFence } from './fence.ts'
import type { FencedTarget } from './fence.ts'
import { DEFAULT_POLICY } from './policy.ts'
import type { Policy } from './policy.ts'
import { quietRule } from './quiet.ts'
import { sees } from './sight.ts'
import type { Need } from './schema.ts'

export interface Permission {
  allowed: boolean
  /** In words, for the person who is refused and for the audit. */
  reason: string
}

const GRANTS: Record<Role, readonly Need[]> = {
  viewer: ['look'],
  agent: ['look', 'propose'],
  responder: ['look', 'propose', 'respond'],
  lead: ['look', 'propose', 'respond', 'lead'],
  admin: ['look', 'propose', 'respond', 'lead', 'administer'],
}

type Labels = Readonly<Record<string, string>>

/**
 * The one decision every edge uses for operations. Agents and the system never decide, whatever their role says.
 * `labels` are those of the incident it is about; left out, a role counts wherever it holds.
 */
export function mayDo(actor: Actor, need: Need, labels?: Labels | null): Permission {
  if ((actor.kind === 'agent' || actor.kind === 'system') && need !== 'look' && need !== 'propose') {
    return { allowed: false, reason: `${actor.id} is not a person; only a person decides` }
  }
  if (labels != null && !sees(actor, labels)) {
    return { allowed: false, reason: `${actor.id} may look only where ${scopesOf(actor) || 'a role holds'}` }
  }
  const role = labels === undefined ? actor.role : roleFor(actor, labels)
  if (GRANTS[role].includes(need)) return { allowed: true, reason: `role ${role} may ${need}` }
  const here = role === actor.role ? '' : ` here (${actor.role} only where ${scopesOf(actor, actor.role)})`
  return {
    allowed: false,
    reason: `role ${role} may not ${need}${here}; it needs ${neededRole(need)} or higher`,
  }
}

const scopesOf = (actor: Actor, role?: Role): string =>
  (actor.grants ?? [])
    .filter((grant) => role === undefined || grant.role === role)
    .map(({ scope }) =>
      Object.entries(scope)
        .map(([key, value]) => `${key}=${value}`)
        .join(' and '),
    )
    .join(', or ')

export type DecidedRisk = 'read' | 'change' | 'destructive'

/** What an approval is about. Left out: the defaults of the policy, no fence, no label, severity unknown. */
export interface Circumstances {
  policy?: Policy
  severity?: string
  labels?: Labels
  target?: FencedTarget
  at?: Date
  /** Overrule role, number and requester, with a reason; a fence stands. */
  breakGlass?: boolean
}

/** What it takes to approve something. */
export interface Requirement {
  role: Role
  approvals: number
  self: boolean
  /** Whether a person has to have proposed it. */
  proposal: boolean
  /** `null`: the setting of the response holds. */
  expiresAfterSeconds: number | null
  /** Why, in words. */
  because: string
}

/** What the policy asks for a command of this risk here and now; a refusal where nothing of the kind runs. */
export function requirementFor(risk: DecidedRisk, about: Circumstances = {}): Requirement | Refusal {
  const policy = about.policy ?? DEFAULT_POLICY
  if (risk === 'read') return READ
  const fence = outsideFence(policy.fences, about.target)
  if (fence !== null) return { allowed: false, reason: fence }
  const rule = policy.risks[risk]
  const base: Requirement = {
    role: rule.role,
    approvals: rule.approvals,
    self: rule.selfApproval === 'always' || (rule.selfApproval === 'p1' && about.severity === 'P1'),
    proposal: rule.proposal === 'person',
    expiresAfterSeconds: rule.expiresAfterSeconds ?? null,
    because: `the policy for ${risk === 'change' ? 'a change' : 'something destructive'}`,
  }
  if (about.breakGlass === true) return breakGlass(policy, base)
  const quiet = quietRule(policy.quiet, risk, about)
  if (quiet === null) return base
  if (quiet.hold === 'refuse')
    return { allowed: false, reason: `nothing of risk ${risk} runs now: quiet time "${quiet.name}"` }
  return {
    ...base,
    role: atLeast(quiet.hold.role, base.role) ? quiet.hold.role : base.role,
    approvals: Math.max(quiet.hold.approvals, base.approvals),
    because: `quiet time "${quiet.name}"`,
  }
}

export interface Refusal {
  allowed: false
  reason: string
}

const READ: Requirement = {
  role: 'responder',
  approvals: 1,
  self: true,
  proposal: false,
  expiresAfterSeconds: null,
  because: 'what only reads runs by itself; where it needs other rights, a responder lets it',
}

function breakGlass(policy: Policy, base: Requirement): Requirement | Refusal {
  if (policy.breakGlass === null) return { allowed: false, reason: 'the policy has no break-glass' }
  return {
    ...base,
    role: policy.breakGlass.role,
    approvals: 1,
    self: true,
    proposal: false,
    because: 'break-glass',
  }
}

/**
 * The one decision on approvals, with its reason in words. `requestedBy` is who proposed it; erlmcp where it stands on
 * the page and nobody did.
 */
export function mayApprove(
  actor: Actor,
  risk: DecidedRisk,
  requestedBy: string,
  about: Circumstances = {},
): Permission {
  if (actor.kind === 'agent' || actor.kind === 'system') {
    return { allowed: false, reason: `${actor.id} is not a person; only a person decides` }
  }
  const required = requirementFor(risk, about)
  if ('allowed' in required) return required
  const role = roleFor(actor, about.labels ?? null)
  if (!atLeast(role, required.role)) {
    return {
      allowed: false,
      reason: `${required.because} needs the role ${required.role} or higher; ${actor.id} is ${role} here`,
    }
  }
  if (required.proposal && !requestedBy.startsWith('person:') && !requestedBy.startsWith('agent:')) {
    return { allowed: false, reason: `${required.because} needs somebody who proposes it first` }
  }
  if (actor.id === requestedBy && !required.self) {
    const noun = risk === 'destructive' ? 'a destructive command' : 'a change'
    return {
      allowed: false,
      reason: `${noun} is approved by a ${required.role} who is not its requester`,
    }
  }
  return { allowed: true, reason: `role ${role} may approve: ${required.because}` }
}

/**
 * The gate, when a command is about to run: fences and quiet times once more, and enough approvals by different people.
 */
export function mayRun(
  risk: DecidedRisk,
  approvals: readonly { decidedBy: string; breakGlass: boolean }[],
  about: Circumstances = {},
): Permission {
  const required = requirementFor(risk, {
    ...about,
    breakGlass: approvals.some((approval) => approval.breakGlass),
  })
  if ('allowed' in required) return required
  const people = new Set(approvals.map((approval) => approval.decidedBy)).size
  if (people >= required.approvals) return { allowed: true, reason: `approved: ${required.because}` }
  return {
    allowed: false,
    reason: `${required.because} needs ${required.approvals} approvals by different people; it has ${people}`,
  }
}

function neededRole(need: Need): Role {
  switch (need) {
    case 'look':
      return 'viewer'
    case 'propose':
      return 'agent'
    case 'respond':
      return 'responder'
    case 'lead':
      return 'lead'
    case 'administer':
      return 'admin'
    default:
      return assertNever(need)
  }
}
