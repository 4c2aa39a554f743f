import { useState } from 'react'
import type { ReactNode } from 'react'
import { post } from '../api/client.ts'
import type { RunPlan } from '../api/pages.ts'
import { navigate } from '../shell/router.tsx'
import { useAct } from '../ui/act.ts'
import { RiskChip } from '../ui/chips.tsx'
import { seen } from '../ui/command.tsx'
import { Button, Dialog, ProblemNotice } from '../ui/controls.tsx'

const GATES = {
  none: 'runs by itself',
  approve: 'waits for an approval',
  person: 'a person does it',
} as const

/** Runs a procedure that no alert asked for: first what would run, then why, then the incident it becomes. */
export function RunDialog({
  path,
  procedure,
  onClose,
}: {
  path: string
  procedure: { id: string; title: string; service: string | null }
  onClose(): void
}): ReactNode {
  const [service, setService] = useState(procedure.service ?? '')
  const [severity, setSeverity] = useState('')
  const [inputs, setInputs] = useState<Record<string, string>>({})
  const [wanted, setWanted] = useState<string[]>([])
  const [plan, setPlan] = useState<RunPlan | null>(null)
  const [reason, setReason] = useState('')
  const { busy, problem, act } = useAct()
  const make = (): Promise<boolean> =>
    act(async () => {
      const made = await post<RunPlan>('/run-plans', {
        page: path,
        procedure: procedure.id,
        ...(service.trim() === '' ? {} : { service: service.trim() }),
        ...(severity === '' ? {} : { severity }),
        inputs: Object.fromEntries(Object.entries(inputs).filter(([, value]) => value !== '')),
      })
      setPlan(made)
      setWanted((before) => [...new Set([...before, ...made.missingInputs])])
    }, 'The plan is made')
  const start = (): Promise<boolean> =>
    act(async () => {
      const { incident } = await post<{ incident: string }>(`/run-plans/${plan?.planHash ?? ''}/start`, {
        reason: reason.trim(),
      })
      onClose()
      navigate(`/incidents/${incident}`)
    }, 'The run has started')
  return (
    <Dialog title={`Run: ${procedure.title}`} onClose={onClose} wide>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          void (plan === null ? make() : start())
        }}
      >
        <p>
          No alert asked for this. It becomes an incident: what only reads runs, what changes anything waits
          for an approval there.
        </p>
        {problem === null ? null : <ProblemNotice problem={problem} />}
        <div className="filters">
          <label>
            Service
            <input
              className="field"
              value={service}
              placeholder="as the page says"
              onChange={(event) => {
                setService(event.target.value)
                setPlan(null)
              }}
            />
          </label>
          <label>
            Severity
            <select
              className="field"
              value={severity}
              onChange={(event) => {
                setSeverity(event.target.value)
                setPlan(null)
              }}
            >
              <option value="">as the page says</option>
              {['P1', 'P2', 'P3', 'P4'].map((each) => (
                <option key={each}>{each}</option>
              ))}
            </select>
          </label>
          {wanted.map((name) => (
            <label key={name}>
              {name}
              <input
                className="field"
                value={inputs[name] ?? ''}
                onChange={(event) => {
                  setInputs({ ...inputs, [name]: event.target.value })
                  setPlan(null)
                }}
              />
            </label>
          ))}
        </div>
        {plan === null ? null : (
          <>
            <PlanPreview plan={plan} />
            <label>
              Reason
              <textarea
                className="field"
                rows={2}
                required
                maxLength={2_000}
                value={reason}
                onChange={(event) => setReason(event.target.value)}
              />
            </label>
          </>
        )}
        <div className="dialog-actions">
          <Button onClick={onClose}>Leave it</Button>
          {plan === null ? (
            <Button kind="primary" type="submit" disabled={busy}>
              Show what would run
            </Button>
          ) : (
            <Button kind="primary" type="submit" disabled={busy || reason.trim() === ''}>
              Start run
            </Button>
          )}
        </div>
      </form>
    </Dialog>
  )
}

function PlanPreview({ plan }: { plan: RunPlan }): ReactNode {
  const { target } = plan
  return (
    <section aria-label="What would run" className="plan-preview">
      <p className="quiet">
        {plan.severity}, on{' '}
        {target.kind === 'host'
          ? `host ${target.host ?? ''}`
          : `${target.context ?? ''}, namespace ${target.namespace ?? 'of the context'}`}
      </p>
      {plan.missingInputs.length === 0 ? null : (
        <p className="tone-amber">
          Not known: {plan.missingInputs.join(', ')}. Commands that need it do not run until somebody gives
          it.
        </p>
      )}
      <ol>
        {plan.steps.flatMap((step) =>
          step.commands.map((command, index) => (
            <li key={`${step.id} ${index}`}>
              <span className="facts-line">
                <span>{step.option === null ? step.title : `Option ${step.option}: ${step.title}`}</span>
                <RiskChip risk={command.risk} />
                <span className="quiet">{GATES[command.gate]}</span>
              </span>
              {/* oxlint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- the keyboard scrolls what has the focus */}
              <pre className="command-text" tabIndex={0} aria-label="Command">
                <code>{seen(command.text)}</code>
              </pre>
            </li>
          )),
        )}
      </ol>
    </section>
  )
}
