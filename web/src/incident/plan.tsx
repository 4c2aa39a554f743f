import { CircleDashed, Hand } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import { post, Problem } from '../api/client.ts'
import type { Execution, Phase, Run, Step } from '../api/model.ts'
import { refresh } from '../live/data.ts'
import { ExecutionMark, RiskChip } from '../ui/chips.tsx'
import { CommandBlock } from '../ui/command.tsx'
import { ProblemNotice } from '../ui/controls.tsx'
import { Ago } from '../ui/time.tsx'
import { RunbookLink } from './runbook.tsx'
import { person, shortTitle } from './words.ts'

const KINDS: Record<Phase['kind'], string> = {
  context: 'Context',
  diagnose: 'Find out',
  mitigate: 'Mend',
  verify: 'Prove',
  'follow-up': 'Afterwards',
}

/** The page's phases and steps as this run takes them, with what people have to do themselves. */
export function Plan({ run }: { run: Run | null }): ReactNode {
  if (run === null) return null
  return (
    <section aria-labelledby="plan" className="plan">
      <div className="section-head">
        <h2 id="plan">Plan</h2>
        <span className="quiet">
          {run.procedure.title}, <RunbookLink line={run.procedure.line} />
        </span>
      </div>
      {run.phases.map((phase) => (
        <details key={`${phase.kind} ${phase.name}`} open={phase.kind === 'follow-up' || undefined}>
          <summary>
            <span className="phase-kind">{KINDS[phase.kind]}</span> {phase.name}
            <span className="quiet"> {progressOf(phase, run)}</span>
          </summary>
          <ul className="steps">
            {phase.steps.map((step) => (
              <PlanStep key={step.id} step={step} run={run} />
            ))}
          </ul>
        </details>
      ))}
    </section>
  )
}

function progressOf(phase: Phase, run: Run): string {
  const items = phase.steps.flatMap((step) => step.items.map((_item, index) => `${step.id} ${index}`))
  const ticked = run.ticks.filter((tick) => tick.done && items.includes(`${tick.stepId} ${tick.item}`)).length
  if (items.length > 0) return `${ticked} of ${items.length} ticked`
  return phase.steps.length === 1 ? '1 step' : `${phase.steps.length} steps`
}

function PlanStep({ step, run }: { step: Step; run: Run }): ReactNode {
  const runs = run.executions.filter((execution) => execution.stepId === step.id)
  const state = stateOf(runs)
  const option = run.options.find((candidate) => candidate.id === step.id)
  const byHand = step.commands.filter((command) => command.mode === 'manual')
  return (
    <li className="step">
      <div className="step-head">
        {state === null ? (
          <CircleDashed size={16} aria-label="not run" className="quiet" />
        ) : (
          <ExecutionMark state={state} word={false} />
        )}
        <span className="step-title">{shortTitle(step.title)}</span>
        {option === undefined ? null : <RiskChip risk={option.risk} />}
        <RunbookLink line={step.line} />
      </div>
      {byHand.map((command) => (
        <div key={command.index} className="by-hand">
          <p className="quiet">
            <Hand size={14} aria-hidden /> For a person: {command.manualReason}
          </p>
          <CommandBlock command={command} />
        </div>
      ))}
      {byHand.length > 0 && step.items.length === 0 ? (
        <Tick run={run} step={step} item={-1} label="Done by hand" />
      ) : null}
      {step.items.map((item, index) => (
        <Tick key={index} run={run} step={step} item={index} label={item} />
      ))}
      {step.commands.length === 0 && step.items.length === 0 ? (
        <Tick run={run} step={step} item={-1} label={step.text === '' ? 'Done' : step.text} />
      ) : null}
    </li>
  )
}

function stateOf(runs: readonly Execution[]): Execution['state'] | null {
  for (const state of ['running', 'unknown', 'failed', 'done', 'skipped'] as const)
    if (runs.some((execution) => execution.state === state)) return state
  return null
}

/** A box that says who ticked it and when. */
function Tick({ run, step, item, label }: { run: Run; step: Step; item: number; label: string }): ReactNode {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [wanted, setWanted] = useState<boolean | null>(null)
  const tick = run.ticks.find((candidate) => candidate.stepId === step.id && candidate.item === item)
  const done = wanted ?? tick?.done ?? false
  const set = async (next: boolean): Promise<void> => {
    setWanted(next)
    setProblem(null)
    try {
      await post(`/runs/${run.id}/tick`, { step: step.id, item, done: next })
      refresh(`/runs/${run.id}`)
    } catch (error) {
      setProblem(error instanceof Problem ? error : new Problem(0, {}))
    } finally {
      setWanted(null)
    }
  }
  return (
    <div className="tick">
      <label>
        <input type="checkbox" checked={done} onChange={(event) => void set(event.target.checked)} />
        <span>{label}</span>
      </label>
      {tick === undefined ? null : (
        <span className="quiet">
          {tick.done ? '' : 'taken back by '}
          {person(tick.by)}, <Ago at={tick.at} />
        </span>
      )}
      {problem === null ? null : <ProblemNotice problem={problem} />}
    </div>
  )
}
