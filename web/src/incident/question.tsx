import { useState } from 'react'
import type { ReactNode } from 'react'
import { post } from '../api/client.ts'
import type { Decision, Run } from '../api/model.ts'
import { Button } from '../ui/controls.tsx'
import { Countdown } from '../ui/time.tsx'
import { ReasonDialog } from './confirm.tsx'

/** Something that only a person can know: whether a command whose end was lost was done, whether a fix worked. */
export function Question({
  run,
  decision,
  stale,
}: {
  run: Run
  decision: Decision
  stale: boolean
}): ReactNode {
  const [answer, setAnswer] = useState<'done' | 'not-done' | null>(null)
  const labels = new Map(decision.question.options.map((option) => [option.id, option.label]))
  return (
    <section aria-labelledby="question" className="options">
      <div className="section-head">
        <h2 id="question">What only you can know</h2>
        <span className="quiet">
          stands for <Countdown to={decision.expiresAt} />
        </span>
      </div>
      <article className="option is-chosen">
        <p>{decision.question.text}</p>
        <div className="option-actions">
          <Button kind="primary" disabled={stale} onClick={() => setAnswer('done')}>
            {labels.get('done') ?? 'It was done'}
          </Button>
          <Button disabled={stale} onClick={() => setAnswer('not-done')}>
            {labels.get('not-done') ?? 'It was not done'}
          </Button>
        </div>
      </article>
      {answer === null ? null : (
        <ReasonDialog
          title={labels.get(answer) ?? answer}
          text="Say how you know; it stands in the timeline and the audit."
          verb="Answer"
          onClose={() => setAnswer(null)}
          act={(reason) => post(`/runs/${run.id}/answer`, { as: answer, reason })}
          done="Answered"
        />
      )}
    </section>
  )
}
