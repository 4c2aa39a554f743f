/** What can be found out by itself; everything else is ticked by a person. */
export interface Checked {
  done: boolean
  /** What was found. */
  says: string
}

export interface Item {
  /** Stable: what a tick names. */
  id: string
  text: string
  /** `null`: a person ticks it. */
  checked: Checked | null
  tick: { by: string; at: Date; note: string | null } | null
  done: boolean
}

export interface Fact {
  id: string
  text: string
  checked: Checked | null
}

export interface Tick {
  item: string
  done: boolean
  by: string
  at: Date
  note: string | null
}

/** The pre-maintenance checklist that holds for every window; the items with a check are not ticked. */
export const BEFORE: readonly { id: string; text: string }[] = [
  { id: 'announced', text: 'Announced to those who are affected' },
  { id: 'status-page', text: 'Status page updated' },
  { id: 'customers', text: 'Customers told, where the service is external' },
]
export const AFTER: readonly { id: string; text: string }[] = [
  { id: 'smoke', text: 'Smoke tests pass' },
  { id: 'metrics', text: 'Metrics are normal' },
  { id: 'logs', text: 'No errors in the logs' },
]

/** The list with its newest ticks; an item that is checked by itself goes by its check alone. */
export function checklist(facts: readonly Fact[], ticks: readonly Tick[]): Item[] {
  return facts.map((fact) => {
    const last = ticks.filter((tick) => tick.item === fact.id).at(-1)
    const tick = last?.done === true ? { by: last.by, at: last.at, note: last.note } : null
    return { ...fact, tick, done: fact.checked === null ? tick !== null : fact.checked.done }
  })
}

export const missing = (items: readonly Item[]): string[] =>
  items
    .filter(({ done }) => !done)
    .map(({ text, checked }) => (checked === null ? text : `${text} (${checked.says})`))

/** Further items of the configuration, by their place. */
export const further = (texts: readonly string[], when: 'before' | 'after'): Fact[] =>
  texts.map((text, index) => ({ id: `${when}-${index + 1}`, text, checked: null }))
