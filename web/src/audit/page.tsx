import { Download, ShieldAlert, ShieldCheck } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { get } from '../api/client.ts'
import type { AuditRow, AuditVerdict } from '../api/pages.ts'
import { useData } from '../live/data.ts'
import { useTitle } from '../shell/title.ts'
import { useAct } from '../ui/act.ts'
import { seen } from '../ui/command.tsx'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never, useMay } from '../ui/may.ts'
import { At, dateText } from '../ui/time.tsx'
import { exportAudit } from './export.ts'
import '../styles/pages.css'

interface Sought {
  actor: string
  operation: string
  subject: string
  outcome: string
  since: string
}

const NOTHING: Sought = { actor: '', operation: '', subject: '', outcome: '', since: '' }

/** Who did what, and whether every row is still as it was written. Reading it is a row as well. */
export function AuditPage(): ReactNode {
  const mayExport = useMay('lead')
  const mayRead = useMay('respond')
  const { busy, problem, act } = useAct()
  const [typed, setTyped] = useState(NOTHING)
  const [sought, setSought] = useState(NOTHING)
  useTitle('Audit')
  return (
    <div className="column wide-column">
      <div className="page-head">
        <h1>Audit</h1>
        {mayExport ? (
          <Button disabled={busy} onClick={() => void act(exportAudit, 'The audit was exported')}>
            <Download size={16} aria-hidden /> {busy ? 'Exporting…' : 'Export all rows'}
          </Button>
        ) : null}
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <Verified />
      {mayRead ? (
        <>
          <Filters
            typed={typed}
            change={(part) => setTyped({ ...typed, ...part })}
            search={() => setSought(typed)}
            clear={() => {
              setTyped(NOTHING)
              setSought(NOTHING)
            }}
          />
          <Rows key={JSON.stringify(sought)} sought={sought} />
        </>
      ) : (
        <p className="empty">A responder or above reads the rows; your role may look at incidents.</p>
      )}
    </div>
  )
}

function Verified(): ReactNode {
  const { value, problem } = useData<AuditVerdict>('/audit/verify', never)
  if (value === null)
    return problem === null ? <Waiting what="the whole chain" /> : <ProblemNotice problem={problem} />
  return value.intact ? (
    <p className="notice notice-green" role="status">
      <ShieldCheck size={16} aria-hidden className="tone-green" /> <strong>Verified.</strong> All{' '}
      {value.entries.toLocaleString('en')} rows are as they were written, in their order. Offline:{' '}
      <code>erlmcp audit check FILE</code>
    </p>
  ) : (
    <p className="notice notice-red" role="alert">
      <ShieldAlert size={16} aria-hidden className="tone-red" />{' '}
      <strong>Broken at row {value.brokenAt}.</strong> {value.reason}. Keep the database as it is, and compare
      it with the checkpoints outside it.
    </p>
  )
}

function Filters({
  typed,
  change,
  search,
  clear,
}: {
  typed: Sought
  change(part: Partial<Sought>): void
  search(): void
  clear(): void
}): ReactNode {
  return (
    <form
      className="filters"
      role="search"
      onSubmit={(event) => {
        event.preventDefault()
        search()
      }}
    >
      <label>
        Who
        <input
          className="field"
          value={typed.actor}
          placeholder="person:ada"
          onChange={(event) => change({ actor: event.target.value })}
        />
      </label>
      <label>
        What
        <input
          className="field"
          value={typed.operation}
          placeholder="run.*"
          onChange={(event) => change({ operation: event.target.value })}
        />
      </label>
      <label>
        To what
        <input
          className="field"
          value={typed.subject}
          placeholder="an id, or a part*"
          onChange={(event) => change({ subject: event.target.value })}
        />
      </label>
      <label>
        Outcome
        <select
          className="field"
          value={typed.outcome}
          onChange={(event) => change({ outcome: event.target.value })}
        >
          <option value="">any</option>
          <option>done</option>
          <option>refused</option>
          <option>failed</option>
        </select>
      </label>
      <label>
        Since
        <input
          className="field"
          type="date"
          value={typed.since}
          onChange={(event) => change({ since: event.target.value })}
        />
      </label>
      <div className="button-row">
        <Button kind="primary" type="submit">
          Search
        </Button>
        <Button kind="bare" onClick={clear}>
          Clear
        </Button>
      </div>
    </form>
  )
}

interface AuditList {
  entries: AuditRow[]
  next: number | null
}

function queryOf(sought: Sought, before: number | null): string {
  const query = new URLSearchParams({ limit: '50' })
  for (const key of ['actor', 'operation', 'subject', 'outcome'] as const)
    if (sought[key].trim() !== '') query.set(key, sought[key].trim())
  if (sought.since !== '') query.set('since', `${sought.since}T00:00:00Z`)
  if (before !== null) query.set('before', String(before))
  return query.toString()
}

function Rows({ sought }: { sought: Sought }): ReactNode {
  const { value, problem } = useData<AuditList>(`/audit?${queryOf(sought, null)}`, never)
  const [older, setOlder] = useState<AuditRow[]>([])
  const [next, setNext] = useState<number | null | undefined>(undefined)
  const more = useAct()
  if (value === null)
    return problem === null ? <Waiting what="the rows" /> : <ProblemNotice problem={problem} />
  const rows = [...value.entries, ...older]
  const before = next === undefined ? value.next : next
  const readOlder = (): Promise<boolean> =>
    more.act(async () => {
      const page = await get<AuditList>(`/audit?${queryOf(sought, before)}`)
      setOlder([...older, ...page.entries])
      setNext(page.next)
    }, 'Older rows are shown')
  return (
    <>
      {rows.length === 0 ? <p className="empty">No row fits.</p> : null}
      <ol className="audit-rows" aria-label="Audit rows">
        {rows.map((row, index) => (
          <AuditItem key={row.seq} row={row} before={rows[index - 1] ?? null} />
        ))}
      </ol>
      {more.problem === null ? null : <ProblemNotice problem={more.problem} />}
      {before === null ? null : (
        <Button disabled={more.busy} onClick={() => void readOlder()}>
          Older rows
        </Button>
      )}
    </>
  )
}

function AuditItem({ row, before }: { row: AuditRow; before: AuditRow | null }): ReactNode {
  const day = dateText(row.at, 'utc')
  return (
    <>
      {before !== null && dateText(before.at, 'utc') === day ? null : <li className="day">{day}</li>}
      <li>
        <details>
          <summary>
            <At at={row.at} seconds />
            <code className="audit-what">{row.operation}</code>
            <span className="audit-who">{seen(row.actor)}</span>
            <span className="audit-subject quiet">{seen(row.subject)}</span>
            <span className={row.outcome === 'done' ? 'quiet' : 'tone-red'}>{row.outcome}</span>
          </summary>
          {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls what has the focus */}
          <pre className="command-text" tabIndex={0} aria-label={`Data of row ${row.seq}`}>
            {seen(JSON.stringify(row.data, null, 2))}
          </pre>
          <p className="quiet small">
            row {row.seq}, role {row.role}, hash <code>{row.hash.slice(0, 16)}</code>
          </p>
        </details>
      </li>
    </>
  )
}
