import { CircleAlert, CircleCheck, FilePen } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { ActionItem, ListedReview, StatisticRow } from '../api/pages.ts'
import { useData } from '../live/data.ts'
import { Link } from '../shell/router.tsx'
import { useTitle } from '../shell/title.ts'
import { SeverityChip } from '../ui/chips.tsx'
import { ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never, ofIncidents } from '../ui/may.ts'
import { Table } from '../ui/table.tsx'
import type { Column } from '../ui/table.tsx'
import { Ago } from '../ui/time.tsx'
import { lengthText, ownerText } from './words.ts'
import '../styles/pages.css'

interface ReviewList {
  reviews: ListedReview[]
  next: number | null
}

const STATES = { '': 'all', open: 'open', owed: 'owed', completed: 'completed' } as const

/** What was learnt, what is owed, and how fast people are. */
export function ReviewsPage(): ReactNode {
  const [state, setState] = useState('')
  const query = state === '' ? '' : `&state=${state}`
  const { value, problem } = useData<ReviewList>(`/reviews?limit=100${query}`, ofIncidents)
  useTitle('Reviews')
  return (
    <div className="column wide-column">
      <div className="page-head">
        <h1>Reviews</h1>
        <div className="segments" role="group" aria-label="Show">
          {Object.entries(STATES).map(([key, word]) => (
            <button key={key} type="button" aria-pressed={state === key} onClick={() => setState(key)}>
              {word}
            </button>
          ))}
        </div>
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? (
        problem === null ? (
          <Waiting what="the reviews" />
        ) : null
      ) : value.reviews.length === 0 ? (
        <p className="empty">
          {state === ''
            ? 'The review of an incident will be here once it is resolved. Try one: npm start'
            : 'There is none of these.'}
        </p>
      ) : (
        <Table label="Reviews" columns={COLUMNS} rows={value.reviews} keyOf={(row) => row.incident} />
      )}
      {value?.next == null ? null : <p className="quiet">The newest 100 are shown.</p>}
      <Actions />
      <Statistics />
    </div>
  )
}

const COLUMNS: readonly Column<ListedReview>[] = [
  {
    label: 'Incident',
    by: (row) => Number(row.incident.replace(/\D/g, '')),
    show: (row) => (
      <>
        <Link to={`/incidents/${row.incident}/review`}>{row.title}</Link>
        <span className="under quiet">
          {row.incident}
          {row.service === null ? '' : `, ${row.service}`}
        </span>
      </>
    ),
  },
  { label: 'Severity', by: (row) => row.severity, show: (row) => <SeverityChip severity={row.severity} /> },
  { label: 'State', by: (row) => stateOf(row), show: (row) => <ReviewState row={row} /> },
  { label: 'Owner', by: (row) => row.owner, show: (row) => ownerText(row.owner) },
  {
    label: 'Open actions',
    by: (row) => row.openActions,
    show: (row) => <span className="digits">{row.openActions}</span>,
  },
  {
    label: 'Resolved',
    by: (row) => row.resolvedAt,
    show: (row) => (row.resolvedAt === null ? 'not yet' : <Ago at={row.resolvedAt} />),
  },
]

const stateOf = (row: ListedReview): string =>
  row.completedAt !== null ? 'completed' : row.owed === null ? 'open' : 'owed'

function ReviewState({ row }: { row: ListedReview }): ReactNode {
  if (row.completedAt !== null)
    return (
      <span className="chip tone-green">
        <CircleCheck size={14} aria-hidden /> completed
      </span>
    )
  return row.owed === null ? (
    <span className="chip tone-quiet">
      <FilePen size={14} aria-hidden /> open
    </span>
  ) : (
    <span className="chip tone-red" title={row.owed}>
      <CircleAlert size={14} aria-hidden /> owed
    </span>
  )
}

function Actions(): ReactNode {
  const { value } = useData<{ actions: ActionItem[] }>('/actions?limit=50', ofIncidents)
  if (value === null) return null
  return (
    <section aria-labelledby="actions" className="page-section">
      <h2 id="actions">Open action items</h2>
      {value.actions.length === 0 ? (
        <p className="quiet">None is open. They are written down in a review.</p>
      ) : (
        <ul className="rows plain">
          {value.actions.map((action) => (
            <li key={action.id}>
              <span>
                {action.title}{' '}
                <Link to={`/incidents/${action.incident}/review`} className="small">
                  {action.incident}
                </Link>
              </span>
              <span className={action.overdue ? 'tone-red' : 'quiet'}>
                {ownerText(action.owner)},{' '}
                {action.dueOn === null ? 'no date' : `${action.overdue ? 'was due' : 'due'} ${action.dueOn}`}
              </span>
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

const STATISTICS: readonly Column<StatisticRow>[] = [
  { label: 'Month', by: (row) => row.month, show: (row) => row.month },
  { label: 'Severity', by: (row) => row.severity, show: (row) => <SeverityChip severity={row.severity} /> },
  {
    label: 'Incidents',
    by: (row) => row.incidents,
    show: (row) => <span className="digits">{row.incidents}</span>,
  },
  {
    label: 'MTTA',
    by: (row) => row.meanToAcknowledge,
    show: (row) => <Mean mean={row.meanToAcknowledge} median={row.medianToAcknowledge} />,
  },
  {
    label: 'MTTR',
    by: (row) => row.meanToResolve,
    show: (row) => <Mean mean={row.meanToResolve} median={row.medianToResolve} />,
  },
]

function Mean({ mean, median }: { mean: number | null; median: number | null }): ReactNode {
  if (mean === null) return <span className="quiet">none yet</span>
  return (
    <span className="digits">
      {lengthText(mean)} <span className="quiet small">median {lengthText(median)}</span>
    </span>
  )
}

function Statistics(): ReactNode {
  const { value, problem } = useData<{ rows: StatisticRow[] }>('/reviews/statistics', never)
  return (
    <section aria-labelledby="statistics" className="page-section">
      <h2 id="statistics">How fast, by month and severity</h2>
      {value === null ? (
        problem === null ? (
          <Waiting what="the numbers" />
        ) : (
          <ProblemNotice problem={problem} />
        )
      ) : value.rows.length === 0 ? (
        <p className="quiet">There was no incident in the last twelve months.</p>
      ) : (
        <Table
          label="Times by month and severity"
          columns={STATISTICS}
          rows={value.rows}
          keyOf={(row) => `${row.month} ${row.severity}`}
        />
      )}
      <p className="quiet small">
        MTTA: mean time to acknowledge. MTTR: mean time to resolve. Both from when the incident was declared.
      </p>
    </section>
  )
}
