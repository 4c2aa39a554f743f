import type { Contact, Link, Roster } from './roster.ts'
import { onCallAt } from './rotation.ts'
import type { Override } from './rotation.ts'

/** Somebody to be told, and how, the first way first. */
export interface Reachable {
  /** Key in the roster, or the link's word where it stands for a place (`Ticket queue`). */
  person: string
  name: string
  contacts: readonly Contact[]
}

/**
 * Who a word of the severity matrix is now: `On-call` of this service. A word that the roster does not explain is told on
 * the console, so that nothing is silent on a machine that nobody has set up. Empty when a rotation has nobody on call.
 */
export function whoIs(
  roster: Roster,
  word: string,
  about: { at: Date; service: string | null; overrides: readonly Override[] },
): Reachable[] {
  const link = linkOf(roster, word, about.service)
  if (link === null) return [{ person: word, name: word, contacts: [{ channel: 'console', target: word }] }]
  if ('contacts' in link) return [{ person: word, name: word, contacts: link.contacts }]
  if ('people' in link) return [...new Set(link.people)].flatMap((who) => personOf(roster, who))
  const { person } = onCallAt(roster, link.rotation, about.at, about.overrides)
  return person === null ? [] : personOf(roster, person)
}

/** What a word stands for: the service's own link, else the general one; case does not matter. */
export function linkOf(roster: Roster, word: string, service: string | null): Link | null {
  const own = service === null ? undefined : roster.services[service]?.links
  return findWord(own, word) ?? findWord(roster.links, word)
}

/** The person whom erlmcp knows by this identity, such as `person:ada`. */
export function personByUser(roster: Roster, user: string): Reachable | null {
  const key = Object.keys(roster.people).find(
    (candidate) => (roster.people[candidate]?.user ?? `person:${candidate}`) === user,
  )
  return key === undefined ? null : (personOf(roster, key)[0] ?? null)
}

function personOf(roster: Roster, key: string): Reachable[] {
  const person = roster.people[key]
  // an override can name somebody who has left the file since
  return person === undefined ? [] : [{ person: key, name: person.name ?? key, contacts: person.contacts }]
}

function findWord(links: Record<string, Link> | undefined, word: string): Link | null {
  const wanted = plain(word)
  const found = Object.entries(links ?? {}).find(([key]) => plain(key) === wanted)
  return found?.[1] ?? null
}

const plain = (word: string): string => word.toLowerCase().replaceAll(/[\s_-]+/g, ' ')
