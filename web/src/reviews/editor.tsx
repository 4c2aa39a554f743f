import { useState } from 'react'
import type { ReactNode } from 'react'
import { put } from '../api/client.ts'
import type { Review } from '../api/pages.ts'
import { useAct } from '../ui/act.ts'
import { Button, ProblemNotice } from '../ui/controls.tsx'
import { Ago } from '../ui/time.tsx'
import { ownerText } from './words.ts'

type Words = Pick<Review, 'cause' | 'lessons'> & { owner: string; reviewOn: string }

const wordsOf = (review: Review): Words => ({
  cause: review.cause,
  lessons: review.lessons,
  owner: review.owner ?? '',
  reviewOn: review.reviewOn ?? '',
})

/**
 * What people write. What is typed stays while others save: then it says so, and saving again writes over what is there
 * now, knowingly.
 */
export function ReviewEditor({ review }: { review: Review }): ReactNode {
  const [base, setBase] = useState(review)
  const [words, setWords] = useState<Words | null>(null)
  const { busy, problem, act, clear } = useAct()
  const shown = words ?? wordsOf(review)
  const behind = words !== null && review.version !== base.version
  const change = (part: Partial<Words>): void => {
    if (words === null) setBase(review)
    setWords({ ...shown, ...part })
  }
  const save = async (): Promise<void> => {
    // pressed again after it was told: meant for what is there now
    const version = behind || problem?.code === 'version_mismatch' ? review.version : base.version
    const done = await act(
      () =>
        put(`/incidents/${review.incident}/review`, {
          version,
          cause: shown.cause,
          lessons: shown.lessons,
          owner: shown.owner.trim() === '' ? null : shown.owner.trim(),
          reviewOn: shown.reviewOn === '' ? null : shown.reviewOn,
        }),
      'The review is saved',
    )
    if (done) setWords(null)
    else setBase(review)
  }
  return (
    <section aria-labelledby="written">
      <h2 id="written">What people write</h2>
      <form
        className="stack"
        onSubmit={(event) => {
          event.preventDefault()
          void save()
        }}
      >
        {problem === null ? null : <ProblemNotice problem={problem} />}
        {behind ? (
          <p className="notice notice-amber" role="status">
            {ownerText(review.updatedBy)} saved another text meanwhile; it is what the document shows. Yours
            is kept here: save to write it over theirs.
          </p>
        ) : null}
        <label>
          Cause
          <textarea
            className="field"
            rows={5}
            maxLength={20_000}
            value={shown.cause}
            placeholder="Why it happened. Markdown."
            onChange={(event) => change({ cause: event.target.value })}
          />
        </label>
        <label>
          Lessons
          <textarea
            className="field"
            rows={3}
            maxLength={20_000}
            value={shown.lessons}
            onChange={(event) => change({ lessons: event.target.value })}
          />
        </label>
        <div className="filters">
          <label>
            Owner
            <input
              className="field"
              maxLength={100}
              value={shown.owner}
              onChange={(event) => change({ owner: event.target.value })}
            />
          </label>
          <label>
            Review date
            <input
              className="field"
              type="date"
              value={shown.reviewOn}
              onChange={(event) => change({ reviewOn: event.target.value })}
            />
          </label>
        </div>
        <div className="button-row">
          <Button kind="primary" type="submit" disabled={busy || words === null}>
            Save review
          </Button>
          {words === null ? null : (
            <Button
              kind="bare"
              onClick={() => {
                setWords(null)
                clear()
              }}
            >
              Discard
            </Button>
          )}
          {review.updatedAt === null ? null : (
            <span className="quiet small">
              saved by {ownerText(review.updatedBy)} <Ago at={review.updatedAt} />
            </span>
          )}
        </div>
      </form>
    </section>
  )
}
