import { useId, useMemo, useState } from 'react'
import type { ReactNode } from 'react'
import type { Desk } from '../api/model.ts'
import { useData } from '../live/data.ts'
import { Dialog } from '../ui/controls.tsx'
import { useActions } from './actions.ts'
import type { Action } from './actions.ts'
import { navigate } from './router.tsx'

const never = (): boolean => false
const MAX_SHOWN = 12

/** Everything that can be done now, and every open incident, by a few letters of its name. */
export function Palette({ onClose }: { onClose(): void }): ReactNode {
  const actions = useActions()
  const desk = useData<Desk>('/desk', never)
  const [query, setQuery] = useState('')
  const [chosen, setChosen] = useState(0)
  const listId = useId()
  const found = useMemo(() => {
    const incidents = [...(desk.value?.open ?? []), ...(desk.value?.recent ?? [])].map(
      (incident): Action => ({
        id: incident.id,
        label: `${incident.name} ${incident.title}`,
        group: 'Incident',
        run: () => navigate(`/incidents/${incident.name}`),
      }),
    )
    return [...actions, ...incidents]
      .toSorted((left, right) => rank(left) - rank(right))
      .filter((action) => action.id !== 'palette' && fits(action.label, query))
      .slice(0, MAX_SHOWN)
  }, [actions, desk.value, query])
  const current = Math.min(chosen, Math.max(0, found.length - 1))
  const run = (action: Action | undefined): void => {
    if (action === undefined) return
    onClose()
    // the dialog gives the focus back first
    setTimeout(() => action.run(), 0)
  }
  return (
    <Dialog title="Command palette" onClose={onClose}>
      <input
        // oxlint-disable-next-line jsx-a11y/no-autofocus -- opened to be typed into
        autoFocus
        className="field"
        role="combobox"
        aria-label="Command or incident"
        aria-expanded
        aria-controls={listId}
        aria-activedescendant={found.length === 0 ? undefined : `${listId}-${current}`}
        placeholder="Command or incident"
        value={query}
        onChange={(event) => {
          setQuery(event.target.value)
          setChosen(0)
        }}
        onKeyDown={(event) => {
          if (event.key === 'ArrowDown') setChosen(Math.min(found.length - 1, current + 1))
          else if (event.key === 'ArrowUp') setChosen(Math.max(0, current - 1))
          else if (event.key === 'Enter') run(found[current])
          else return
          event.preventDefault()
        }}
      />
      <div className="palette" id={listId} role="listbox" aria-label="Commands">
        {found.map((action, index) => (
          <div
            key={action.id}
            id={`${listId}-${index}`}
            role="option"
            aria-selected={index === current}
            tabIndex={-1}
            className="palette-item"
            onMouseMove={() => setChosen(index)}
            onClick={() => run(action)}
            onKeyDown={() => undefined}
          >
            <span className="quiet">{action.group}</span>
            <span>{action.label}</span>
            {action.keys === undefined ? null : <kbd className="key">{action.keys}</kbd>}
          </div>
        ))}
      </div>
      {found.length === 0 ? <p className="quiet">Nothing here is called that.</p> : null}
    </Dialog>
  )
}

/** What the page at hand can do comes first, then incidents, then what is offered everywhere. */
const rank = ({ id, group }: Action): number => {
  if (id.startsWith('inc_')) return 1
  return group === 'Anywhere' || group === 'Go to' ? 2 : 0
}

/** Each word of the query somewhere in the label. */
const fits = (label: string, query: string): boolean => {
  const lower = label.toLowerCase()
  return query
    .toLowerCase()
    .split(/\s+/)
    .every((word) => lower.includes(word))
}
