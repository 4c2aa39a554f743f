import { BookOpen, CircleCheck, Ellipsis, Hand, OctagonX, StickyNote } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { post, Problem } from '../api/client.ts'
import type { Incident, Run } from '../api/model.ts'
import { refresh } from '../live/data.ts'
import { useAction } from '../shell/actions.ts'
import { announce } from '../shell/announce.tsx'
import { Link, useQuery } from '../shell/router.tsx'
import { Button, Dialog, ProblemNotice } from '../ui/controls.tsx'
import { ReasonDialog } from './confirm.tsx'
import { currentLine } from './runbook.tsx'

type Open = 'note' | 'resolve' | 'cancel' | 'more' | null

/** What a person does to the incident itself; at the thumb on a phone. */
export function ActionBar({ incident, run }: { incident: Incident; run: Run | null }): ReactNode {
  const [open, setOpen] = useState<Open>(null)
  const [problem, setProblem] = useState<Problem | null>(null)
  const [, setLine] = useQuery('line')
  const over = incident.state === 'resolved' || incident.state === 'closed'
  const waits = run?.decisions.some((decision) => decision.state === 'pending') === true
  const acknowledge = async (): Promise<void> => {
    setProblem(null)
    try {
      await post(`/incidents/${incident.name}/acknowledge`)
      announce('Acknowledged: it is yours')
      refresh('/')
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, {}))
    }
  }
  const group = 'Incident'
  useAction(
    incident.state === 'open'
      ? { id: 'acknowledge', label: 'Acknowledge', keys: 'a', group, run: () => void acknowledge() }
      : null,
  )
  useAction({ id: 'note', label: 'Write a note', keys: 'n', group, run: () => setOpen('note') })
  useAction(
    over
      ? null
      : { id: 'resolve', label: 'Say that it is over', keys: 'o', group, run: () => setOpen('resolve') },
  )
  useAction(
    run === null || run.endedAt !== null
      ? null
      : { id: 'cancel', label: 'End the run', group, run: () => setOpen('cancel') },
  )
  return (
    <>
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="action-bar" role="group" aria-label="Actions">
        {incident.state === 'open' ? (
          <Button kind={waits ? 'quiet' : 'primary'} shortcut="a" onClick={() => void acknowledge()}>
            <Hand size={16} aria-hidden /> Acknowledge
          </Button>
        ) : null}
        <Button shortcut="n" onClick={() => setOpen('note')}>
          <StickyNote size={16} aria-hidden /> Note
        </Button>
        {run === null ? null : (
          <Button shortcut="r" onClick={() => setLine(String(currentLine(run)))}>
            <BookOpen size={16} aria-hidden /> Runbook
          </Button>
        )}
        <Button onClick={() => setOpen('more')} aria-haspopup="dialog">
          <Ellipsis size={16} aria-hidden /> More
        </Button>
      </div>
      {open === 'more' ? (
        <Dialog title={incident.name} onClose={() => setOpen(null)}>
          <div className="menu">
            {over ? null : (
              <Button onClick={() => setOpen('resolve')}>
                <CircleCheck size={16} aria-hidden /> Say that it is over
              </Button>
            )}
            {run === null || run.endedAt !== null ? null : (
              <Button onClick={() => setOpen('cancel')}>
                <OctagonX size={16} aria-hidden /> End the run now
              </Button>
            )}
            <p className="quiet">
              {over ? 'It is over. ' : ''}
              <Link to="/">All incidents</Link>
            </p>
          </div>
        </Dialog>
      ) : null}
      {open === 'note' ? (
        <ReasonDialog
          long
          title="Note"
          text="It stands in the timeline under your name, and in the review."
          verb="Write note"
          onClose={() => setOpen(null)}
          act={(text) => post(`/incidents/${incident.name}/notes`, { text })}
          done="Note written"
        />
      ) : null}
      {open === 'resolve' ? (
        <ReasonDialog
          title="Say that it is over"
          text="The incident is resolved, what still runs for it ends, and its review is written."
          verb="Resolve incident"
          onClose={() => setOpen(null)}
          act={(reason) => post(`/incidents/${incident.name}/resolve`, { reason })}
          done="The incident is resolved"
        />
      ) : null}
      {open === 'cancel' && run !== null ? (
        <ReasonDialog
          title="End the run now"
          text="What runs is stopped, and nothing more is started. The incident stays open."
          verb="End run"
          onClose={() => setOpen(null)}
          act={(reason) => post(`/runs/${run.id}/cancel`, { reason })}
          done="The run was ended"
        />
      ) : null}
    </>
  )
}
