import { useMemo } from 'react'
import type { ReactNode } from 'react'
import type { Command, Execution, Incident, Run, Step } from '../api/model.ts'
import { Waiting } from '../ui/controls.tsx'
import { plainText } from '../ui/output/ansi.ts'
import { ExecutionRow } from './execution.tsx'
import { firstLine } from './words.ts'

/** Where each command of the plan stands, by step and place. */
export function commandsOf(run: Run): Map<string, { step: Step; command: Command }> {
  const found = new Map<string, { step: Step; command: Command }>()
  for (const phase of run.phases)
    for (const step of phase.steps)
      for (const command of step.commands) found.set(`${step.id} ${command.index}`, { step, command })
  return found
}

export const keyOf = (execution: Execution): string => `${execution.stepId} ${execution.commandIndex}`

/** What the reading steps have found, newest first. They ran by themselves: here when the page is opened. */
export function Findings({ run, incident }: { run: Run | null; incident: Incident }): ReactNode {
  const commands = useMemo(() => (run === null ? null : commandsOf(run)), [run])
  if (run === null || commands === null) {
    return (
      <section aria-labelledby="known">
        <h2 id="known">What we know</h2>
        {incident.runs.length > 0 ? (
          <Waiting what="the run" />
        ) : (
          <p className="quiet">
            No page answers this alert; people work on it. What they find goes into the timeline.
          </p>
        )}
      </section>
    )
  }
  const reads = run.executions
    .filter((execution) => execution.risk === 'read' && execution.state !== 'skipped')
    .toReversed()
  const skipped = run.executions.filter((execution) => execution.state === 'skipped')
  return (
    <section aria-labelledby="known">
      <h2 id="known">What we know</h2>
      {reads.length === 0 ? (
        <p className="quiet">
          {run.state === 'diagnosing'
            ? 'Reading; findings appear as they come.'
            : 'The page has no step that only reads.'}
        </p>
      ) : null}
      <div className="executions">
        {reads.map((execution) => {
          const planned = commands.get(keyOf(execution))
          return (
            <ExecutionRow
              key={execution.id}
              execution={execution}
              command={planned?.command ?? null}
              title={planned?.step.title ?? firstLine(execution.command)}
              detail={<FindingText execution={execution} />}
            />
          )
        })}
      </div>
      {skipped.length === 0 ? null : (
        <details className="skipped">
          <summary className="quiet">
            {skipped.length === 1 ? '1 command was' : `${skipped.length} commands were`} left to people
          </summary>
          <div className="executions">
            {skipped.map((execution) => {
              const planned = commands.get(keyOf(execution))
              return (
                <ExecutionRow
                  key={execution.id}
                  execution={execution}
                  command={planned?.command ?? null}
                  title={planned?.step.title ?? firstLine(execution.command)}
                  detail={execution.reason}
                />
              )
            })}
          </div>
        </details>
      )}
    </section>
  )
}

/** One line of what it said: its last, as people read a terminal. */
function FindingText({ execution }: { execution: Execution }): ReactNode {
  if (execution.state === 'running') return 'running'
  const lines = (execution.summary ?? '')
    .split('\n')
    .map((line) => plainText(line).trim())
    .filter((line) => line !== '')
  const line = lines.at(-1)
  if (line !== undefined) return <code>{line}</code>
  return (
    execution.reason ?? (execution.state === 'failed' ? `exit ${execution.exitCode ?? '?'}` : 'no output')
  )
}
