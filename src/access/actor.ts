/** Roles from least to most. `agent` stands aside: it may look and propose, never decide. */
export const ROLES = ['viewer', 'agent', 'responder', 'lead', 'admin'] as const
export type Role = (typeof ROLES)[number]

export const ACTOR_KINDS = ['person', 'agent', 'system', 'rehearsal'] as const
export type ActorKind = (typeof ACTOR_KINDS)[number]

/** Who does something. `id` is what timeline and audit show: `person:ada`, `system:erlmcp`. */
export interface Actor {
  id: string
  kind: ActorKind
  role: Role
}

/** erlmcp itself: declares, diagnoses, verifies. It has no right to decide. */
export const SYSTEM_ACTOR: Actor = { id: 'system:erlmcp', kind: 'system', role: 'viewer' }
