import { CircleCheck, CircleX } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Rehearsal, RehearsalStatus } from '../api/pages.ts'
import { useData } from '../live/data.ts'
import { lengthText } from '../reviews/words.ts'
import { pageAddress } from '../runbooks/address.ts'
import { Link } from '../shell/router.tsx'
import { useTitle } from '../shell/title.ts'
import { ProblemNotice, Waiting } from '../ui/controls.tsx'
import { never } from '../ui/may.ts'
import { ProofChip } from '../ui/proof.tsx'
import { At, dateText } from '../ui/time.tsx'
import { gridOf, shareOf } from './grid.ts'
import '../styles/pages.css'

/** Scenarios by time: which page was proved, on which text, and how much of the response time it took. */
export function RehearsalsPage(): ReactNode {
  const { value, problem } = useData<{ rehearsals: Rehearsal[] }>('/rehearsals?limit=200', never)
  const { value: status } = useData<RehearsalStatus>('/rehearsals/status', never)
  const [chosen, setChosen] = useState<string | null>(null)
  useTitle('Rehearsals')
  const one = value?.rehearsals.find(({ id }) => id === chosen) ?? null
  return (
    <div className="column wide-column">
      <div className="page-head">
        <h1>Rehearsals</h1>
        {status === null ? null : <p className="quiet">{summaryOf(status)}</p>}
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {value === null ? (
        problem === null ? (
          <Waiting what="the rehearsals" />
        ) : null
      ) : value.rehearsals.length === 0 ? (
        <p className="empty">
          Proofs will be here. Rehearse the shipped runbooks in the sandbox: <code>erlmcp rehearse</code>
        </p>
      ) : (
        <Grid rehearsals={value.rehearsals} chosen={chosen} choose={setChosen} />
      )}
      {one === null ? null : <One rehearsal={one} />}
      {status === null ? null : <Procedures status={status} />}
    </div>
  )
}

function Grid({
  rehearsals,
  chosen,
  choose,
}: {
  rehearsals: readonly Rehearsal[]
  chosen: string | null
  choose(id: string): void
}): ReactNode {
  return (
    <section aria-labelledby="grid">
      <h2 id="grid">Scenarios over time</h2>
      <ul className="grid-rows">
        {gridOf(rehearsals).map(({ scenario, results }) => (
          <li key={scenario}>
            <span className="grid-name">
              {scenario.replaceAll('-', ' ')}
              <span className="under quiet small">{results.at(-1)?.procedure}</span>
            </span>
            <span className="grid-cells">
              {results.map((each) => (
                <Cell
                  key={each.id}
                  rehearsal={each}
                  chosen={each.id === chosen}
                  choose={() => choose(each.id)}
                />
              ))}
            </span>
          </li>
        ))}
      </ul>
      <p className="quiet small">
        Oldest first. The number is the share of the response time that it took to mitigate; a cross did not
        prove its page.
      </p>
    </section>
  )
}

function Cell({
  rehearsal,
  chosen,
  choose,
}: {
  rehearsal: Rehearsal
  chosen: boolean
  choose(): void
}): ReactNode {
  const share = shareOf(rehearsal)
  const tone = !rehearsal.passed ? 'red' : share !== null && share > 0.7 ? 'amber' : 'green'
  const words = `${dateText(rehearsal.at, 'utc')}: ${rehearsal.passed ? 'passed' : `failed, ${rehearsal.reason}`}${share === null ? '' : `, ${Math.round(share * 100)} % of the response time`}`
  return (
    <button
      type="button"
      className={`cell cell-${tone}`}
      aria-pressed={chosen}
      aria-label={words}
      title={words}
      onClick={choose}
    >
      {rehearsal.passed ? (
        share === null ? (
          <CircleCheck size={14} aria-hidden />
        ) : (
          `${Math.round(share * 100)}`
        )
      ) : (
        <CircleX size={14} aria-hidden />
      )}
    </button>
  )
}

function One({ rehearsal }: { rehearsal: Rehearsal }): ReactNode {
  return (
    <section aria-labelledby="one" className="page-section">
      <h2 id="one">{rehearsal.scenario.replaceAll('-', ' ')}</h2>
      <p className={rehearsal.passed ? 'tone-green' : 'tone-red'}>
        {rehearsal.passed ? 'Passed' : 'Failed'}: {rehearsal.reason}
      </p>
      <dl className="facts">
        <div>
          <dt>When</dt>
          <dd>
            {dateText(rehearsal.at, 'utc')} <At at={rehearsal.at} />
          </dd>
        </div>
        <div>
          <dt>Page</dt>
          <dd>
            <Link to={pageAddress({ path: rehearsal.page })}>{rehearsal.page}</Link>
          </dd>
        </div>
        <div>
          <dt>Where</dt>
          <dd>{rehearsal.target}</dd>
        </div>
        <div>
          <dt>Acknowledged after</dt>
          <dd>
            {lengthText(rehearsal.secondsToAcknowledge)}
            {rehearsal.responseTimeSeconds === null ? '' : ` of ${lengthText(rehearsal.responseTimeSeconds)}`}
          </dd>
        </div>
        <div>
          <dt>Mitigated after</dt>
          <dd>{lengthText(rehearsal.secondsToMitigate)}</dd>
        </div>
        <div>
          <dt>Resolved after</dt>
          <dd>{lengthText(rehearsal.secondsToResolve)}</dd>
        </div>
        <div>
          <dt>Commands</dt>
          <dd>{rehearsal.commands}</dd>
        </div>
      </dl>
    </section>
  )
}

const ORDER = ['failed', 'changed', 'stale', 'never', 'proved']

function Procedures({ status }: { status: RehearsalStatus }): ReactNode {
  const sorted = status.procedures.toSorted(
    (a, b) => ORDER.indexOf(a.proof.state) - ORDER.indexOf(b.proof.state) || a.title.localeCompare(b.title),
  )
  return (
    <section aria-labelledby="stand" className="page-section">
      <h2 id="stand">How every procedure stands</h2>
      {sorted.length === 0 ? (
        <p className="quiet">No runbook has a procedure that an alert can start.</p>
      ) : (
        <ul className="rows plain">
          {sorted.slice(0, 300).map((each) => (
            <li key={`${each.page} ${each.procedure}`}>
              <span>
                <Link to={pageAddress({ path: each.page })}>{each.title}</Link>
                <span className="under quiet small">{each.proof.text}</span>
              </span>
              <ProofChip proof={each.proof} />
            </li>
          ))}
        </ul>
      )}
    </section>
  )
}

function summaryOf({ counts, procedures }: RehearsalStatus): string {
  const gone = counts.stale + counts.changed + counts.failed
  return `${counts.proved} of ${procedures.length} procedures proved, ${gone} whose proof has gone, ${counts.never} never rehearsed`
}
