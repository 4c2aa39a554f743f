import type { Actor } from './actor.ts'

type Labels = Readonly<Record<string, string>>

/**
 * Where an actor may look: `null` is everywhere, else at what has all the labels of one of these scopes. A role that
 * holds everywhere lets its person look everywhere, `viewer` among them; no role at all lets nobody look at anything.
 */
export function sightOf(actor: Actor): readonly Labels[] | null {
  if (actor.grants === undefined) return null
  const scopes = actor.grants.map(({ scope }) => scope)
  return scopes.some((scope) => Object.keys(scope).length === 0) ? null : scopes
}

/** Whether an actor may look at something with these labels. */
export function sees(actor: Actor, labels: Labels): boolean {
  const scopes = sightOf(actor)
  return (
    scopes === null ||
    scopes.some((scope) => Object.entries(scope).every(([key, value]) => labels[key] === value))
  )
}
