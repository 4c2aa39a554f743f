import { assertNever } from '../base/error.ts'
import type { Actor, Role } from './actor.ts'
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

/** The one decision every edge uses for operations. Agents and the system never decide, whatever their role says. */
export function mayDo(actor: Actor, need: Need): Permission {
  if ((actor.kind === 'agent' || actor.kind === 'system') && need !== 'look' && need !== 'propose') {
    return { allowed: false, reason: `${actor.id} is not a person; only a person decides` }
  }
  if (GRANTS[actor.role].includes(need)) return { allowed: true, reason: `role ${actor.role} may ${need}` }
  return {
    allowed: false,
    reason: `role ${actor.role} may not ${need}; it needs ${neededRole(need)} or higher`,
  }
}

/**
 * Who may approve a command of this risk. `read` needs nobody. `change`: a responder.
 * `destructive`: a lead who is not the one who asked for it.
 */
export function mayApprove(
  actor: Actor,
  risk: 'read' | 'change' | 'destructive',
  requestedBy: string,
): Permission {
  switch (risk) {
    case 'read':
    case 'change':
      return mayDo(actor, 'respond')
    case 'destructive': {
      const permission = mayDo(actor, 'lead')
      if (permission.allowed && actor.id === requestedBy) {
        return {
          allowed: false,
          reason: 'a destructive command is approved by a lead who is not its requester',
        }
      }
      return permission
    }
    default:
      return assertNever(risk)
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
