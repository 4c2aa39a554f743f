import { ChevronRight } from 'lucide-react'
import { useState } from 'react'
import type { ReactNode } from 'react'
import type { Command, Execution } from '../api/model.ts'
import { ExecutionMark } from '../ui/chips.tsx'
import { CommandBlock } from '../ui/command.tsx'
import { OutputPane } from '../ui/output/pane.tsx'
import { Elapsed, At } from '../ui/time.tsx'
import { RunbookLink } from './runbook.tsx'

/** One command that ran or runs: a line, and behind it the exact command and its output. */
export function ExecutionRow({
  execution,
  command,
  title,
  detail,
  startOpen = false,
}: {
  execution: Execution
  command: Command | null
  title: ReactNode
  detail: ReactNode
  startOpen?: boolean
}): ReactNode {
  const [open, setOpen] = useState(startOpen)
  const running = execution.state === 'running'
  return (
    <div className="execution">
      <button type="button" className="execution-line" aria-expanded={open} onClick={() => setOpen(!open)}>
        <ExecutionMark state={execution.state} word={false} />
        <span className="execution-words">
          <span className="execution-title">{title}</span>
          <span className="execution-detail">{detail}</span>
        </span>
        <ChevronRight size={16} aria-hidden className={open ? 'is-open' : ''} />
      </button>
      {open ? (
        <div className="execution-body">
          {command === null ? (
            <pre className="command-text">{execution.command}</pre>
          ) : (
            <CommandBlock command={command} />
          )}
          <p className="quiet execution-facts">
            <At at={execution.startedAt} seconds />
            <span>
              {running ? 'for ' : ''}
              <Elapsed since={execution.startedAt} until={execution.endedAt} />
            </span>
            <span>as {execution.identity}</span>
            {execution.exitCode === null ? null : <span>exit {execution.exitCode}</span>}
            {execution.signal === null ? null : <span>{execution.signal}</span>}
            {execution.reason === null ? null : <span>{execution.reason}</span>}
            {command === null ? null : <RunbookLink line={command.line} />}
          </p>
          {execution.state === 'skipped' ? null : (
            <OutputPane
              execution={execution.id}
              running={running}
              bytes={Number(execution.outputBytes)}
              truncated={execution.outputTruncated}
            />
          )}
        </div>
      ) : null}
    </div>
  )
}
