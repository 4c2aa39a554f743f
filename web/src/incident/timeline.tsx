import {
  Bell,
  CircleDot,
  FileText,
  Gauge,
  Hand,
  MessageSquare,
  Paperclip,
  Send,
  SquareTerminal,
  StickyNote,
  UserCheck,
} from 'lucide-react'
import type { LucideIcon } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Incident, TimelineEntry } from '../api/model.ts'
import { seen } from '../ui/command.tsx'
import { OutputPane } from '../ui/output/pane.tsx'
import { At } from '../ui/time.tsx'
import { person } from './words.ts'

const ICONS: Record<string, LucideIcon> = {
  attachment: Paperclip,
  alert: Bell,
  incident: CircleDot,
  command: SquareTerminal,
  decision: UserCheck,
  message: Send,
  note: StickyNote,
  run: FileText,
  runbook: FileText,
  review: FileText,
  signal: Gauge,
  verification: Gauge,
  failures: Gauge,
  step: Hand,
}

const FILTERS = {
  all: () => true,
  people: (entry: TimelineEntry) => !entry.actor.startsWith('system:') && entry.actor !== 'source',
  commands: (entry: TimelineEntry) => entry.kind.startsWith('command.'),
  messages: (entry: TimelineEntry) => entry.kind.startsWith('message.'),
} as const

type Filter = keyof typeof FILTERS
const NAMES = Object.keys(FILTERS) as Filter[]
const SHOWN_FIRST = 60

/** What happened, newest first: facts, commands, messages, people. */
export function Timeline({ incident }: { incident: Incident }): ReactNode {
  const [filter, setFilter] = useState<Filter>('all')
  const [all, setAll] = useState(false)
  const entries = incident.timeline.filter(FILTERS[filter]).toReversed()
  const shown = all ? entries : entries.slice(0, SHOWN_FIRST)
  return (
    <section aria-labelledby="timeline" className="timeline">
      <div className="section-head">
        <h2 id="timeline">Timeline</h2>
        <label className="filter">
          <span className="only-heard">Show</span>
          <select value={filter} onChange={(event) => setFilter(event.target.value as Filter)}>
            {NAMES.map((name) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      </div>
      {entries.length === 0 ? <p className="quiet">Nothing of this kind yet.</p> : null}
      <ol className="entries">
        {shown.map((entry) => (
          <Entry key={entry.id} entry={entry} />
        ))}
      </ol>
      {entries.length > shown.length ? (
        <button type="button" className="button button-bare" onClick={() => setAll(true)}>
          {entries.length - shown.length} earlier
        </button>
      ) : null}
    </section>
  )
}

function Entry({ entry }: { entry: TimelineEntry }): ReactNode {
  const [open, setOpen] = useState(false)
  const Icon = ICONS[entry.kind.split('.', 1)[0] ?? ''] ?? MessageSquare
  const execution = typeof entry.data['executionId'] === 'string' ? entry.data['executionId'] : null
  const failed = /\.(?:failed|refused|unknown)$/.test(entry.kind)
  const good = /\.(?:passed|resolved|succeeded)$/.test(entry.kind)
  const words = (
    <span className={failed ? 'tone-red' : good ? 'tone-green' : undefined}>{seen(entry.message)}</span>
  )
  return (
    <li className={`entry entry-${entry.kind.split('.', 1)[0] ?? ''}`}>
      <At at={entry.at} seconds />
      <Icon size={16} aria-hidden className="quiet" />
      <div className="entry-words">
        {execution === null ? (
          words
        ) : (
          <button type="button" className="entry-fold" aria-expanded={open} onClick={() => setOpen(!open)}>
            {words}
          </button>
        )}
        {entry.actor.startsWith('system:') || entry.message.includes(entry.actor) ? null : (
          <span className="quiet entry-actor">{person(entry.actor)}</span>
        )}
        {open && execution !== null ? (
          <OutputPane execution={execution} running={false} bytes={0} truncated={false} />
        ) : null}
      </div>
    </li>
  )
}
