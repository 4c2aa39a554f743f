/** Of one thing that customers use, the best first. */
export const COMPONENT_STATES = [
  'operational',
  'maintenance',
  'degraded',
  'partial-outage',
  'major-outage',
] as const
export type ComponentState = (typeof COMPONENT_STATES)[number]

export type EntryKind = 'incident' | 'maintenance'

/** How an entry stands; the last of each kind closes it. */
export const ENTRY_STATES = {
  incident: ['investigating', 'identified', 'monitoring', 'resolved'],
  maintenance: ['scheduled', 'in-progress', 'cancelled', 'completed'],
} as const
export type EntryState = (typeof ENTRY_STATES)[EntryKind][number]

export const CLOSING: readonly EntryState[] = ['resolved', 'cancelled', 'completed']

export interface StatusPost {
  id: string
  state: EntryState
  text: string
  components: Readonly<Record<string, ComponentState>>
  at: Date
}

export interface StatusEntry {
  id: string
  kind: EntryKind
  title: string
  /** Of a maintenance. */
  from: Date | null
  to: Date | null
  openedAt: Date
  closedAt: Date | null
  /** The newest first. */
  posts: StatusPost[]
}

/** What the public page shows: nothing in it that a person did not release. */
export interface StatusPage {
  title: string
  /** `https://status.example.com`; `null`: feeds name no address. */
  url: string | null
  components: { name: string; description: string | null; state: ComponentState }[]
  /** The newest first: all that are open, and closed ones of the last weeks. */
  entries: StatusEntry[]
  /** When the newest text was released; `null`: none was. */
  changedAt: Date | null
}

/** How components stand: the worst that an open entry says of each. A maintenance counts while it is going on. */
export function componentStates(entries: readonly StatusEntry[]): Map<string, ComponentState> {
  const states = new Map<string, ComponentState>()
  for (const entry of entries) {
    if (entry.closedAt !== null) continue
    if (entry.kind === 'maintenance' && entry.posts[0]?.state !== 'in-progress') continue
    for (const [name, state] of Object.entries(latestOf(entry))) {
      const before = states.get(name) ?? 'operational'
      if (COMPONENT_STATES.indexOf(state) > COMPONENT_STATES.indexOf(before)) states.set(name, state)
    }
  }
  return states
}

/** A post says only what has changed. */
const latestOf = (entry: StatusEntry): Record<string, ComponentState> =>
  Object.assign({}, ...entry.posts.toReversed().map((post) => post.components)) as Record<
    string,
    ComponentState
  >
