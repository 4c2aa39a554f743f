import { CircleX, Siren, Users } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { post, Problem } from '../api/client.ts'
import type { Decision, Incident, Option, Run } from '../api/model.ts'
import { refresh } from '../live/data.ts'
import { useAction } from '../shell/actions.ts'
import { announce } from '../shell/announce.tsx'
import { RiskChip } from '../ui/chips.tsx'
import { useMay } from '../ui/may.ts'
import { CommandBlock, Inputs } from '../ui/command.tsx'
import { Button, ProblemNotice } from '../ui/controls.tsx'
import { Countdown } from '../ui/time.tsx'
import { Effects } from './effects.tsx'
import { ConfirmDialog, ReasonDialog } from './confirm.tsx'
import { MissingInputs } from './inputs.tsx'
import { Question } from './question.tsx'
import { person, shortTitle } from './words.ts'

interface Offer {
  option: Option
  suggestion: string | null
}

/** The options of the page that are open, the suggested one first; or the question that a run asks. */
export function WhatCanBeDone({
  run,
  stale,
}: {
  run: Run | null
  incident: Incident
  stale: boolean
}): ReactNode {
  if (run === null) return null
  const decision = run.decisions.find((candidate) => candidate.state === 'pending') ?? null
  if (decision === null) return null
  if (decision.kind !== 'choose') return <Question run={run} decision={decision} stale={stale} />
  const offers = decision.question.options.flatMap((offered): Offer[] => {
    const option = run.options.find((candidate) => candidate.id === offered.id)
    return option === undefined ? [] : [{ option, suggestion: offered.suggestion }]
  })
  return <Offers key={decision.id} run={run} decision={decision} offers={offers} stale={stale} />
}

function Offers({
  run,
  decision,
  offers,
  stale,
}: {
  run: Run
  decision: Decision
  offers: readonly Offer[]
  stale: boolean
}): ReactNode {
  const [chosenId, setChosenId] = useState(offers[0]?.option.id ?? '')
  const [rejecting, setRejecting] = useState(false)
  const tried = run.options.filter((option) => !offers.some((offer) => offer.option.id === option.id))
  useAction({
    id: 'reject',
    label: 'Reject the options',
    keys: 'x',
    group: 'Incident',
    run: () => setRejecting(true),
  })
  return (
    <section aria-labelledby="options" className="options">
      <div className="section-head">
        <h2 id="options">What can be done</h2>
        <span className="quiet">
          {offers.length === 1 ? '1 option' : `${offers.length} options`}, open for{' '}
          <Countdown to={decision.expiresAt} />
        </span>
      </div>
      {offers.map(({ option, suggestion }) => (
        <OptionCard
          key={option.id}
          run={run}
          option={option}
          suggestion={suggestion}
          chosen={option.id === chosenId}
          choose={() => setChosenId(option.id)}
          stale={stale}
        />
      ))}
      <div className="options-foot">
        <Button kind="bare" shortcut="x" onClick={() => setRejecting(true)} disabled={stale}>
          <CircleX size={16} aria-hidden /> Reject {offers.length === 1 ? 'it' : 'all'}
        </Button>
        {tried.length === 0 ? null : (
          <span className="quiet">
            Tried before: {tried.map((option) => shortTitle(option.title)).join(', ')}
          </span>
        )}
      </div>
      {rejecting ? (
        <ReasonDialog
          title="Reject what is offered"
          text="Nothing of it runs. The run ends, and the incident stays with people."
          verb="Reject"
          onClose={() => setRejecting(false)}
          act={(reason) => post(`/runs/${run.id}/reject`, { reason })}
          done="The options were rejected"
        />
      ) : null}
    </section>
  )
}

function OptionCard({
  run,
  option,
  suggestion,
  chosen,
  choose,
  stale,
}: {
  run: Run
  option: Option
  suggestion: string | null
  chosen: boolean
  choose(): void
  stale: boolean
}): ReactNode {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const [dialog, setDialog] = useState<'confirm' | 'propose' | 'break-glass' | null>(null)
  const mayRespond = useMay('respond')
  const mayPropose = useMay('propose')
  const title = shortTitle(option.title)
  const approve = async (): Promise<void> => {
    setBusy(true)
    setProblem(null)
    try {
      const answer = await post<{ complete?: boolean; needed?: number; given?: number }>(
        `/runs/${run.id}/approve`,
        { option: option.id, hashes: option.hashes },
      )
      announce(
        answer.complete === false
          ? `Approved; ${(answer.needed ?? 2) - (answer.given ?? 1)} more is needed`
          : `${title} was approved`,
      )
      refresh('/')
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, {}))
      setBusy(false)
    }
  }
  const start = (): void => {
    if (option.risk === 'destructive') setDialog('confirm')
    else void approve()
  }
  const may = option.may.allowed && option.missingInputs.length === 0
  useAction(
    chosen && may && !stale && dialog === null
      ? { id: 'approve', label: `Approve: ${title}`, keys: 'p', group: 'Incident', run: start }
      : null,
  )
  return (
    <article className={`option risk-${option.risk} ${chosen ? 'is-chosen' : ''}`} aria-label={title}>
      <div className="option-head">
        <h3>{title}</h3>
        <RiskChip risk={option.risk} />
      </div>
      {option.condition === null ? null : (
        <p className="quiet">If {option.condition.replace(/^if\s+/i, '')}</p>
      )}
      {suggestion === null ? null : <p className="suggestion">Suggested: {suggestion}</p>}
      {option.proposed === null ? null : (
        <p className="suggestion">
          Proposed by {person(option.proposed.proposedBy)}: {option.proposed.reason}
        </p>
      )}
      {option.commands.map((command) => (
        <CommandBlock key={command.index} command={command} label={`Command of ${title}`} inputs={false} />
      ))}
      <Inputs inputs={option.commands.flatMap((command) => command.inputs)} />
      {chosen ? (
        <>
          <Effects run={run} option={option} />
          {option.missingInputs.length === 0 ? null : (
            <MissingInputs run={run} option={option} stale={stale} />
          )}
          {problem === null ? null : <ProblemNotice problem={problem} />}
          <div className="option-actions">
            {option.may.allowed ? (
              <Button
                kind={option.risk === 'destructive' ? 'danger' : 'primary'}
                shortcut="p"
                disabled={busy || stale || !may}
                onClick={start}
              >
                {busy ? 'Approving…' : `Approve ${lowerFirst(title)}`}
              </Button>
            ) : option.proposed === null && mayPropose ? (
              <Button
                kind="primary"
                disabled={busy || stale || option.missingInputs.length > 0}
                onClick={() => setDialog('propose')}
              >
                Propose {lowerFirst(title)}
              </Button>
            ) : null}
            <p className="quiet may">
              <Users size={14} aria-hidden />{' '}
              {option.may.allowed ? 'You may approve it' : `You may not approve it: ${option.may.reason}`}
            </p>
            {option.may.allowed || !mayRespond || option.missingInputs.length > 0 ? null : (
              <Button kind="bare" disabled={stale} onClick={() => setDialog('break-glass')}>
                <Siren size={16} aria-hidden /> Break the glass
              </Button>
            )}
          </div>
        </>
      ) : (
        <Button onClick={choose}>Choose {lowerFirst(title)}</Button>
      )}
      {dialog === 'confirm' ? (
        <ConfirmDialog
          run={run}
          option={option}
          title={title}
          onClose={() => setDialog(null)}
          confirm={() => {
            setDialog(null)
            void approve()
          }}
        />
      ) : null}
      {dialog === 'break-glass' ? (
        <ReasonDialog
          title={`Break the glass: ${title}`}
          text="You approve it alone, against the policy. All leads are told now, with your name and reason, and a review is owed. Fences, the exact command and single use stay."
          verb="Break the glass"
          danger
          least={20}
          onClose={() => setDialog(null)}
          act={(reason) =>
            post(`/runs/${run.id}/break-glass`, { option: option.id, hashes: option.hashes, reason })
          }
          done={`${title} was approved by break-glass; all leads are told`}
        />
      ) : null}
      {dialog === 'propose' ? (
        <ReasonDialog
          title={`Propose: ${title}`}
          text="Somebody who may approve it is shown your proposal and your reason."
          verb="Propose"
          onClose={() => setDialog(null)}
          act={(reason) => post(`/runs/${run.id}/propose`, { option: option.id, reason })}
          done={`${title} was proposed`}
        />
      ) : null}
    </article>
  )
}

const lowerFirst = (text: string): string =>
  /^[A-Z][a-z]/.test(text) ? text.charAt(0).toLowerCase() + text.slice(1) : text
