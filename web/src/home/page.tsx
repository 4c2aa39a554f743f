import { CircleCheck } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Change, Desk, IncidentSummary, Waiting as WaitingRow } from '../api/model.ts'
import { useData } from '../live/data.ts'
import { usePreferences } from '../shell/preferences.ts'
import { Link } from '../shell/router.tsx'
import { useTitle } from '../shell/title.ts'
import { IncidentChip, SeverityChip } from '../ui/chips.tsx'
import { ProblemNotice, Waiting } from '../ui/controls.tsx'
import { Ago, clockText, dateText, Elapsed } from '../ui/time.tsx'
import './home.css'

const concerns = (change: Change): boolean => change.topic === 'incident' || change.topic === 'run'

/** What waits for whoever looks, what is open, what was resolved lately. */
export function HomePage(): ReactNode {
  const { value: desk, problem } = useData<Desk>('/desk', concerns)
  const mine = desk?.waiting.filter((row) => row.mine) ?? []
  const others = desk?.waiting.filter((row) => !row.mine) ?? []
  useTitle(
    desk === null
      ? 'Incidents'
      : mine.length > 0
        ? `${mine.length} waiting for you`
        : desk.open.length > 0
          ? `${desk.open.length} open`
          : 'All quiet',
    mine.length > 0 ? 'amber' : (desk?.open.length ?? 0) > 0 ? 'red' : 'green',
  )
  if (desk === null)
    return problem === null ? <Waiting what="incidents" /> : <ProblemNotice problem={problem} />
  const quiet = desk.open.length === 0 && desk.waiting.length === 0
  return (
    <div className="column home">
      <h1 className="only-heard">Incidents</h1>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <OnCall oncall={desk.oncall} />
      <Windows windows={desk.maintenance} />
      {quiet ? (
        <p className="all-quiet tone-green">
          <CircleCheck size={20} aria-hidden /> Nothing is open.
        </p>
      ) : null}
      {mine.length === 0 ? null : (
        <section aria-labelledby="mine">
          <h2 id="mine">Waits for you</h2>
          <ul className="rows">
            {mine.map((row) => (
              <WaitingItem key={row.runId} row={row} />
            ))}
          </ul>
        </section>
      )}
      {others.length === 0 ? null : (
        <section aria-labelledby="others">
          <h2 id="others">Waits for somebody else</h2>
          <ul className="rows">
            {others.map((row) => (
              <WaitingItem key={row.runId} row={row} />
            ))}
          </ul>
        </section>
      )}
      {desk.open.length === 0 ? null : (
        <section aria-labelledby="open">
          <h2 id="open">Open</h2>
          <ul className="rows">
            {desk.open.map((incident) => (
              <IncidentItem key={incident.id} incident={incident} />
            ))}
          </ul>
        </section>
      )}
      {desk.owedReviews.length === 0 ? null : (
        <section aria-labelledby="owed">
          <h2 id="owed">Reviews that are owed</h2>
          <ul className="rows">
            {desk.owedReviews.map((review) => (
              <li key={review.incident}>
                <Link to={`/incidents/${review.incident}/review`} className="row">
                  <SeverityChip severity={review.severity} />
                  <span className="row-main">
                    <strong>{review.title}</strong>
                    <span className="tone-red">{review.owed}</span>
                  </span>
                  <span className="row-side quiet">{review.incident}</span>
                </Link>
              </li>
            ))}
          </ul>
        </section>
      )}
      <section aria-labelledby="recent">
        <h2 id="recent">Recently resolved</h2>
        {desk.recent.length === 0 ? (
          <p className="quiet">
            Incidents of the last seven days will be here. Rehearse one: <code>npm start</code>
          </p>
        ) : (
          <ul className="rows">
            {desk.recent.map((incident) => (
              <IncidentItem key={incident.id} incident={incident} />
            ))}
          </ul>
        )}
      </section>
      {desk.actions.length === 0 ? null : (
        <section aria-labelledby="actions">
          <h2 id="actions">Action items, yours or overdue</h2>
          <ul className="rows plain">
            {desk.actions.map((action) => (
              <li key={action.id}>
                <Link to={`/incidents/${action.incident}/review`}>{action.title}</Link>
                <span className="quiet">
                  {action.owner?.replace(/^person:/, '') ?? 'nobody yet'},{' '}
                  {action.dueOn === null ? 'no date' : `due ${action.dueOn}`}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {desk.deploys.length === 0 ? null : (
        <section aria-labelledby="deploys">
          <h2 id="deploys">Rolled out lately</h2>
          <ul className="rows plain">
            {desk.deploys.map((deploy) => (
              <li key={`${deploy.service} ${deploy.version} ${deploy.at}`}>
                <span>
                  {deploy.service} <code>{deploy.version}</code>
                  {deploy.note === null ? null : <span className="quiet"> {deploy.note}</span>}
                </span>
                <span className="quiet">
                  <Ago at={deploy.at} />
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
      {desk.overdueReviews.length === 0 ? null : (
        <section aria-labelledby="overdue">
          <h2 id="overdue">Pages to review</h2>
          <ul className="rows plain">
            {desk.overdueReviews.slice(0, 8).map((page) => (
              <li key={page.path}>
                <span>
                  <Link to={`/runbooks/show?${new URLSearchParams({ path: page.path }).toString()}`}>
                    {page.title}
                  </Link>
                  <span className="quiet"> {page.path}</span>
                </span>
                <span className="quiet">
                  {page.owner ?? 'no owner'}, due {page.nextReview?.slice(0, 10) ?? 'since ever'}
                </span>
              </li>
            ))}
          </ul>
        </section>
      )}
    </div>
  )
}

/** One strip: who would be asked now. */
function OnCall({ oncall }: { oncall: Desk['oncall'] }): ReactNode {
  if (oncall.length === 0) return null
  return (
    <dl className="on-call" aria-label="On call now">
      {oncall.map(({ rotation, name, until }) => (
        <div key={rotation}>
          <dt className="quiet">{rotation}</dt>
          <dd>
            {name === null ? <span className="tone-red">nobody</span> : <strong>{name}</strong>}
            {until === null ? null : (
              <span className="quiet">
                {' '}
                until <Day at={until} />
              </span>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}

/** What is under maintenance or frozen, and what will be within a day: pages are held back then, or nothing is deployed. */
function Windows({ windows }: { windows: Desk['maintenance'] }): ReactNode {
  if (windows.length === 0) return null
  return (
    <section aria-labelledby="windows">
      <h2 id="windows">Maintenance and freezes</h2>
      <ul className="rows plain">
        {windows.map((window) => (
          <li key={window.window}>
            <span>
              {window.state === 'planned' ? null : <strong>{windowWord(window)} now: </strong>}
              {window.title} <span className="quiet">{window.services.join(', ')}</span>
            </span>
            <span className="quiet">
              {window.state === 'planned' ? (
                <>
                  {windowWord(window).toLowerCase()} <Day at={window.from} /> to <Day at={window.to} />
                </>
              ) : (
                <>
                  until <Day at={window.to} />
                </>
              )}
            </span>
          </li>
        ))}
      </ul>
    </section>
  )
}

const windowWord = ({ kind }: Desk['maintenance'][number]): string =>
  kind === 'freeze' ? 'Freeze' : 'Maintenance'

function Day({ at }: { at: string }): ReactNode {
  const { clock } = usePreferences()
  return (
    <time dateTime={at}>
      {dateText(at, clock)} {clockText(at, clock)}
    </time>
  )
}

function WaitingItem({ row }: { row: WaitingRow }): ReactNode {
  return (
    <li>
      <Link to={`/incidents/${row.incident}`} className="row">
        <SeverityChip severity={row.severity} />
        <span className="row-main">
          <strong>{row.title}</strong>
          <span>{row.text}</span>
          {row.mine ? null : <span className="quiet">{row.reason}</span>}
        </span>
        <span className="row-side">
          <span className="quiet">{row.incident}</span>
          <span className="tone-amber">
            <Ago at={row.since} />
          </span>
        </span>
      </Link>
    </li>
  )
}

function IncidentItem({ incident }: { incident: IncidentSummary }): ReactNode {
  const over = incident.resolvedAt ?? incident.closedAt
  return (
    <li>
      <Link to={`/incidents/${incident.name}`} className="row">
        <SeverityChip severity={incident.severity} />
        <span className="row-main">
          <strong>{incident.title}</strong>
          <span className="quiet">
            {incident.service ?? 'no service'}
            {incident.acknowledgedBy === null
              ? ''
              : `, taken by ${incident.acknowledgedBy.replace(/^person:/, '')}`}
          </span>
        </span>
        <span className="row-side">
          <IncidentChip state={incident.state} />
          <span className="quiet">
            {over === null ? <Elapsed since={incident.openedAt} /> : <Ago at={over} />}
          </span>
        </span>
      </Link>
    </li>
  )
}
