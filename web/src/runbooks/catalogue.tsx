import { CircleX, Info, TriangleAlert } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { FindingCounts, ListedPage, ListedProcedure, PageList } from '../api/pages.ts'
import { useData } from '../live/data.ts'
import { Link } from '../shell/router.tsx'
import { useTitle } from '../shell/title.ts'
import { SeverityChip } from '../ui/chips.tsx'
import { ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never } from '../ui/may.ts'
import { ProofChip } from '../ui/proof.tsx'
import { Table } from '../ui/table.tsx'
import type { Column } from '../ui/table.tsx'
import { pageAddress } from './address.ts'
import '../styles/pages.css'

interface Row {
  page: ListedPage
  procedure: ListedProcedure | null
  counts: FindingCounts['pages'][number] | null
}

/** More rows than anybody reads; the filter finds the rest. */
const MAX_SHOWN = 300
const PROOF_ORDER = ['failed', 'changed', 'stale', 'never', 'proved']

/** Every procedure that an alert can start or that is done on purpose: bound to what, whose, proved when. */
export function CataloguePage(): ReactNode {
  const { value, problem } = useData<PageList>('/pages?limit=1000', never)
  const { value: findings } = useData<FindingCounts>('/pages/findings', never)
  const [filter, setFilter] = useState('')
  const [all, setAll] = useState(false)
  useTitle('Runbooks')
  if (value === null)
    return (
      <div className="column wide-column">
        {problem === null ? <Waiting what="the runbooks" /> : <ProblemNotice problem={problem} />}
      </div>
    )
  const rows = rowsOf(value.pages, findings, all)
  const found = rows.filter((row) => fits(row, filter))
  return (
    <div className="column wide-column">
      <div className="page-head">
        <h1>Runbooks</h1>
        <p className="quiet">{summaryOf(value.pages)}</p>
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value.pages.length === 0 ? (
        <p className="empty">
          Runbooks will be here. Name a folder or a repository in the configuration (<code>runbooks:</code> or{' '}
          <code>sources:</code>), or try <code>erlmcp runbook lint FOLDER</code>.
        </p>
      ) : (
        <>
          <div className="filters">
            <label>
              Find
              <input
                className="field"
                type="search"
                value={filter}
                placeholder="alert, page, owner"
                onChange={(event) => setFilter(event.target.value)}
              />
            </label>
            <label className="check">
              <input type="checkbox" checked={all} onChange={(event) => setAll(event.target.checked)} />
              Reference sections too
            </label>
          </div>
          <Table
            label="Procedures"
            columns={COLUMNS}
            rows={found.slice(0, MAX_SHOWN)}
            keyOf={(row) => `${row.page.source} ${row.page.path} ${row.procedure?.id ?? ''}`}
          />
          {found.length === 0 ? <p className="empty">Nothing fits.</p> : null}
          {found.length > MAX_SHOWN ? (
            <p className="quiet">
              {MAX_SHOWN} of {found.length} are shown. Narrow them with the field above.
            </p>
          ) : null}
        </>
      )}
    </div>
  )
}

const COLUMNS: readonly Column<Row>[] = [
  {
    label: 'Procedure',
    by: ({ page, procedure }) => procedure?.title ?? page.title ?? page.path,
    show: ({ page, procedure }) => (
      <>
        <Link to={pageAddress(page, procedure?.line)}>{procedure?.title ?? page.title ?? page.path}</Link>
        <span className="under quiet">
          {page.path}
          {page.state === 'good' ? null : (
            <span className="tone-red" title={page.reason ?? undefined}>
              , {page.state}
            </span>
          )}
        </span>
      </>
    ),
  },
  {
    label: 'Severity',
    by: ({ procedure }) => procedure?.severity ?? null,
    show: ({ procedure }) =>
      procedure?.severity == null ? <Nothing /> : <SeverityChip severity={procedure.severity} />,
  },
  {
    label: 'Alerts',
    by: ({ procedure }) => procedure?.alertNames[0] ?? null,
    show: ({ procedure }) =>
      procedure === null || procedure.alertNames.length === 0 ? (
        <Nothing />
      ) : (
        <code title={procedure.alertNames.join(', ')}>
          {procedure.alertNames.slice(0, 2).join(', ')}
          {procedure.alertNames.length > 2 ? ` and ${procedure.alertNames.length - 2} more` : ''}
        </code>
      ),
  },
  {
    label: 'Owner',
    by: ({ page, procedure }) => procedure?.owner ?? page.owner,
    show: ({ page, procedure }) => procedure?.owner ?? page.owner ?? <span className="tone-amber">none</span>,
  },
  {
    label: 'Proof',
    by: ({ procedure }) => PROOF_ORDER.indexOf(procedure?.proof?.state ?? 'never'),
    show: ({ procedure }) => <ProofChip proof={procedure?.proof ?? null} />,
  },
  {
    label: 'Lint',
    by: ({ counts }) => (counts === null ? null : -(counts.error * 1_000 + counts.warning)),
    show: ({ counts }) => <Lint counts={counts} />,
  },
  {
    label: 'Review',
    by: ({ page }) => page.nextReview,
    show: ({ page }) =>
      page.nextReview === null ? (
        <span className="quiet">{page.lastReviewed ?? 'no date'}</span>
      ) : (
        <span className={page.overdue ? 'tone-red' : undefined}>
          {page.overdue ? 'was due' : 'due'} {page.nextReview}
        </span>
      ),
  },
]

const Nothing = (): ReactNode => <span className="quiet">none</span>

function Lint({ counts }: { counts: Row['counts'] }): ReactNode {
  if (counts === null) return <span className="quiet">…</span>
  const { error, warning, info } = counts
  if (error + warning + info === 0) return <span className="tone-green">clean</span>
  return (
    <span className="lint-counts">
      {error === 0 ? null : (
        <span className="tone-red" title={`${error} errors`}>
          <CircleX size={14} aria-hidden /> {error}
          <span className="only-heard"> errors</span>
        </span>
      )}
      {warning === 0 ? null : (
        <span className="tone-amber" title={`${warning} warnings`}>
          <TriangleAlert size={14} aria-hidden /> {warning}
          <span className="only-heard"> warnings</span>
        </span>
      )}
      {info === 0 ? null : (
        <span className="quiet" title={`${info} hints`}>
          <Info size={14} aria-hidden /> {info}
          <span className="only-heard"> hints</span>
        </span>
      )}
    </span>
  )
}

function rowsOf(pages: readonly ListedPage[], findings: FindingCounts | null, all: boolean): Row[] {
  const counted = new Map(findings?.pages.map((each) => [`${each.source} ${each.path}`, each]))
  return pages.flatMap((page): Row[] => {
    const counts = counted.get(`${page.source} ${page.path}`) ?? null
    const procedures = page.procedures.filter(
      ({ kind, alertNames }) => all || alertNames.length > 0 || (kind !== 'reference' && kind !== null),
    )
    // a page that could not be read has none, and is what somebody looks for here
    if (page.procedures.length === 0) return [{ page, procedure: null, counts }]
    return procedures.map((procedure) => ({ page, procedure, counts }))
  })
}

const fits = ({ page, procedure }: Row, filter: string): boolean => {
  const text = [page.path, page.title, page.owner, procedure?.title, ...(procedure?.alertNames ?? [])]
    .join(' ')
    .toLowerCase()
  return filter
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word))
}

function summaryOf(pages: readonly ListedPage[]): string {
  const procedures = pages.flatMap((page) => page.procedures)
  const bound = procedures.filter(({ alertNames }) => alertNames.length > 0)
  const proved = bound.filter(({ proof }) => proof?.state === 'proved').length
  const overdue = pages.filter((page) => page.overdue).length
  return [
    pages.length === 1 ? '1 page' : `${pages.length} pages`,
    `${bound.length} procedures bound to alerts`,
    `${proved} of them proved`,
    ...(overdue === 0 ? [] : [`${overdue} to be reviewed`]),
  ].join(', ')
}
