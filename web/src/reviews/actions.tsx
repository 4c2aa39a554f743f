import { useState } from 'react'
import type { ReactNode } from 'react'
import { post, put } from '../api/client.ts'
import type { ActionItem, Review } from '../api/pages.ts'
import { useAct } from '../ui/act.ts'
import { Button, ProblemNotice } from '../ui/controls.tsx'
import { ownerText } from './words.ts'

/** What is to be done, by whom and until when. */
export function ActionItems({ review, mayWrite }: { review: Review; mayWrite: boolean }): ReactNode {
  const { busy, problem, act } = useAct()
  const change = (action: ActionItem, state: ActionItem['state']): Promise<boolean> =>
    act(
      () => put(`/incidents/${review.incident}/actions/${action.id}`, { version: action.version, state }),
      `${action.title}: ${state}`,
    )
  return (
    <section aria-labelledby="action-items">
      <h2 id="action-items">Action items</h2>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      {review.actions.length === 0 ? <p className="quiet">None yet.</p> : null}
      <ul className="rows action-items">
        {review.actions.map((action) => (
          <li key={action.id} className={action.state === 'dropped' ? 'is-dropped' : undefined}>
            <label className="check">
              <input
                type="checkbox"
                checked={action.state === 'done'}
                disabled={busy || !mayWrite || action.state === 'dropped'}
                onChange={(event) => void change(action, event.target.checked ? 'done' : 'open')}
              />
              <span>
                {action.title}
                <span className={`under small ${action.overdue ? 'tone-red' : 'quiet'}`}>
                  {ownerText(action.owner)},{' '}
                  {action.dueOn === null
                    ? 'no date'
                    : `${action.overdue ? 'was due' : 'due'} ${action.dueOn}`}
                  {action.state === 'dropped' ? ', dropped' : ''}
                </span>
              </span>
            </label>
            {mayWrite && action.state !== 'done' ? (
              <Button
                kind="bare"
                disabled={busy}
                aria-label={`${action.state === 'dropped' ? 'Take up' : 'Drop'}: ${action.title}`}
                onClick={() => void change(action, action.state === 'dropped' ? 'open' : 'dropped')}
              >
                {action.state === 'dropped' ? 'Take up' : 'Drop'}
              </Button>
            ) : null}
          </li>
        ))}
      </ul>
      {mayWrite ? <NewAction incident={review.incident} /> : null}
    </section>
  )
}

function NewAction({ incident }: { incident: string }): ReactNode {
  const [title, setTitle] = useState('')
  const [owner, setOwner] = useState('')
  const [dueOn, setDueOn] = useState('')
  const { busy, problem, act } = useAct()
  const add = async (): Promise<void> => {
    const done = await act(
      () =>
        post(`/incidents/${incident}/actions`, {
          title: title.trim(),
          owner: owner.trim() === '' ? null : owner.trim(),
          dueOn: dueOn === '' ? null : dueOn,
        }),
      'The action item is written down',
    )
    if (done) setTitle('')
  }
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault()
        void add()
      }}
    >
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <label>
        What is to be done
        <input
          className="field"
          required
          maxLength={300}
          value={title}
          onChange={(event) => setTitle(event.target.value)}
        />
      </label>
      <div className="filters">
        <label>
          By
          <input
            className="field"
            maxLength={100}
            value={owner}
            onChange={(event) => setOwner(event.target.value)}
          />
        </label>
        <label>
          Due
          <input
            className="field"
            type="date"
            value={dueOn}
            onChange={(event) => setDueOn(event.target.value)}
          />
        </label>
      </div>
      <div className="button-row">
        <Button type="submit" disabled={busy || title.trim() === ''}>
          Add action item
        </Button>
      </div>
    </form>
  )
}
