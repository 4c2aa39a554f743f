import type { ReactNode } from 'react'
import type { Option, Run } from '../api/model.ts'
import { RunbookLink } from './runbook.tsx'
import { person } from './words.ts'

/** Where it acts, as whom, and what makes it as risky as it is. */
export function Effects({ run, option }: { run: Run; option: Option }): ReactNode {
  const reasons = [...new Set(option.commands.flatMap((command) => command.reasons))].filter(
    (reason) => !reason.endsWith('only reads'),
  )
  const target =
    run.target.kind === 'host'
      ? `host ${run.target.host}`
      : `${run.target.context}, namespace ${run.target.namespace ?? 'of the context'}`
  const gated = option.commands.filter((command) => command.needsApproval)
  return (
    <dl className="effects">
      <div>
        <dt>Acts on</dt>
        <dd>{target}</dd>
      </div>
      <div>
        <dt>As</dt>
        <dd>
          {gated.some((command) => command.identity === 'operator') ? 'operator' : 'observer'};{' '}
          {gated.length === 1 ? '1 command' : `${gated.length} commands`}, each once
        </dd>
      </div>
      {reasons.length === 0 ? null : (
        <div>
          <dt>Because</dt>
          <dd>
            {reasons.slice(0, 4).map((reason) => (
              <span key={reason} className="reason">
                {reason}
              </span>
            ))}
          </dd>
        </div>
      )}
      <div>
        <dt>Page</dt>
        <dd>
          <RunbookLink line={option.line} />
        </dd>
      </div>
      <div>
        <dt>Offered by</dt>
        <dd>{person('system:erlmcp')}, from the page as it was when the run began</dd>
      </div>
    </dl>
  )
}
