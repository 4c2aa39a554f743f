import { CircleCheck, Printer } from 'lucide-react'
import { useCallback } from 'react'
import type { ReactNode } from 'react'
import { post } from '../api/client.ts'
import type { Change } from '../api/model.ts'
import type { Review } from '../api/pages.ts'
import { pageAddress } from '../runbooks/address.ts'
import { useData } from '../live/data.ts'
import { useAction } from '../shell/actions.ts'
import { Link } from '../shell/router.tsx'
import { useTitle } from '../shell/title.ts'
import { useAct } from '../ui/act.ts'
import { SeverityChip } from '../ui/chips.tsx'
import { Button, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { Document } from '../ui/document.tsx'
import { useMay } from '../ui/may.ts'
import { Ago } from '../ui/time.tsx'
import { ActionItems } from './actions.tsx'
import { ReviewEditor } from './editor.tsx'
import { lengthText, ownerText } from './words.ts'
import '../styles/pages.css'

/** The document in the middle, the facts that it was made from and what people write at its side. */
export function ReviewPage({ params }: { params: Record<string, string> }): ReactNode {
  const name = params['id'] ?? ''
  const concerns = useCallback((change: Change) => change.topic === 'incident', [])
  const at = `/incidents/${encodeURIComponent(name)}/review`
  const { value: review, problem } = useData<Review>(at, concerns)
  const mayWrite = useMay('respond')
  useTitle(`Review of ${name}`)
  useAction({ id: 'print', label: 'Print the review', group: 'Review', run: () => window.print() })
  if (review === null)
    return (
      <div className="column">
        {problem === null ? <Waiting what="the review" /> : <ProblemNotice problem={problem} />}
        <p>
          <Link to={`/incidents/${name}`}>Back to {name}</Link>
        </p>
      </div>
    )
  return (
    <div className="column wide-column review">
      <div className="page-head">
        <p className="no-print">
          <Link to="/reviews">Reviews</Link> <span className="quiet">/</span>{' '}
          <Link to={`/incidents/${review.incident}`}>{review.incident}</Link>
        </p>
        <div className="incident-title">
          <SeverityChip severity={review.severity} />
          <h1>{review.title}</h1>
        </div>
      </div>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <Owed review={review} />
      <div className="review-columns">
        <div className="review-document">
          <Document blocks={review.blocks} line={null} />
        </div>
        <aside className="review-side no-print" aria-label="Facts, and what people write">
          <Facts review={review} />
          {mayWrite ? <ReviewEditor review={review} /> : null}
          <ActionItems review={review} mayWrite={mayWrite} />
          <Finish review={review} mayWrite={mayWrite} />
        </aside>
      </div>
    </div>
  )
}

function Owed({ review }: { review: Review }): ReactNode {
  if (review.owed === null) return null
  return (
    <div className="notice notice-red no-print" role="note">
      <p>
        <strong>This review is owed.</strong> {review.owed.reason} (<Ago at={review.owed.at} />)
      </p>
      <p>A lead other than {ownerText(review.owed.by)} completes it.</p>
    </div>
  )
}

function Facts({ review }: { review: Review }): ReactNode {
  const { facts } = review
  return (
    <section aria-labelledby="facts">
      <h2 id="facts">Facts</h2>
      <dl className="facts">
        <Fact name="Service">{facts.service ?? 'not stated'}</Fact>
        <Fact name="Lasted">{lengthText(facts.durationSeconds)}</Fact>
        <Fact name="Acknowledged after">
          {lengthText(facts.timeToAcknowledgeSeconds)}
          {facts.responseTimeMinutes === null ? '' : ` of ${facts.responseTimeMinutes} min`}
        </Fact>
        <Fact name="Mitigated after">{lengthText(facts.timeToMitigateSeconds)}</Fact>
        <Fact name="Commands">{facts.commands.length}</Fact>
        <Fact name="Runbook">
          {facts.runbook === null ? (
            'none matched'
          ) : (
            <Link to={pageAddress({ path: facts.runbook.path }, facts.runbook.line)}>
              {facts.runbook.path}:{facts.runbook.line}
            </Link>
          )}
        </Fact>
      </dl>
      <p className="quiet small">Gathered from what was recorded. They cannot be edited.</p>
    </section>
  )
}

const Fact = ({ name, children }: { name: string; children: ReactNode }): ReactNode => (
  <div>
    <dt>{name}</dt>
    <dd>{children}</dd>
  </div>
)

function Finish({ review, mayWrite }: { review: Review; mayWrite: boolean }): ReactNode {
  const { busy, problem, act } = useAct()
  const missing = [
    ...(review.cause.trim() === '' ? ['the cause'] : []),
    ...(review.owner === null ? ['an owner'] : []),
  ]
  return (
    <section aria-labelledby="finish">
      <h2 id="finish">Done</h2>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {review.completedAt === null ? (
        <p className="quiet">
          {missing.length === 0 ? 'It says why, and who sees to it.' : `Missing: ${missing.join(', ')}.`}
        </p>
      ) : (
        <p className="tone-green">
          <CircleCheck size={14} aria-hidden /> Completed by {ownerText(review.completedBy)}{' '}
          <Ago at={review.completedAt} />
        </p>
      )}
      <div className="button-row">
        {mayWrite && review.completedAt === null ? (
          <Button
            disabled={busy || missing.length > 0}
            onClick={() =>
              void act(
                () => post(`/incidents/${review.incident}/review/complete`, { version: review.version }),
                'The review is complete',
              )
            }
          >
            <CircleCheck size={16} aria-hidden /> Complete review
          </Button>
        ) : null}
        <Button onClick={() => window.print()}>
          <Printer size={16} aria-hidden /> Print
        </Button>
      </div>
    </section>
  )
}
