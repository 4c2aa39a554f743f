/** Roles from least to most. `agent` stands aside: it may look and propose, never decide. */
export const ROLES = ['viewer', 'agent', 'responder', 'lead', 'admin'] as const
export type Role = (typeof ROLES)[number]

export const ACTOR_KINDS = ['person', 'agent', 'system', 'rehearsal'] as const
export type ActorKind = (typeof ACTOR_KINDS)[number]

/** A role, and where it holds: empty is everywhere, else where an incident's labels have all of these values. */
export interface Grant {
  role: Role
  scope: Readonly<Record<string, string>>
}

/** Who does something. `id` is what timeline and audit show: `person:ada`, `system:erlmcp`. */
export interface Actor {
  id: string
  kind: ActorKind
  /** The highest of its grants. */
  role: Role
  /** Default: `role`, everywhere. */
  grants?: readonly Grant[]
}

/** erlmcp itself: declares, diagnoses, verifies. It has no right to decide. */
export const SYSTEM_ACTOR: Actor = { id: 'system:erlmcp', kind: 'system', role: 'viewer' }

const RANK: Record<Role, number> = { viewer: 0, agent: 1, responder: 2, lead: 3, admin: 4 }

export const higherRole = (a: Role, b: Role): Role => (RANK[a] >= RANK[b] ? a : b)
export const lowerRole = (a: Role, b: Role): Role => (RANK[a] <= RANK[b] ? a : b)
export const atLeast = (role: Role, needed: Role): boolean => RANK[role] >= RANK[needed]

/**
 * The role that an actor has for something with these labels. `null`: for nothing in particular, where only grants
 * without a scope count. Who may look is in `sight.ts`.
 */
export function roleFor(actor: Actor, labels: Readonly<Record<string, string>> | null): Role {
  if (actor.grants === undefined) return actor.role
  return actor.grants
    .filter(({ scope }) => {
      const wanted = Object.entries(scope)
      return wanted.length === 0 || (labels !== null && wanted.every(([key, value]) => labels[key] === value))
    })
    .reduce<Role>((best, grant) => higherRole(best, grant.role), 'viewer')
}
