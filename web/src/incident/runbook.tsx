import { BookOpen } from 'lucide-react'
import { useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import type { PageDocument, Run } from '../api/model.ts'
import { useData } from '../live/data.ts'
import { useAction } from '../shell/actions.ts'
import { useQuery } from '../shell/router.tsx'
import { Dialog, ProblemNotice, Waiting } from '../ui/controls.tsx'
import { Document } from '../ui/document.tsx'

const never = (): boolean => false

/** Opens the page at a line. */
export function RunbookLink({ line }: { line: number }): ReactNode {
  const [, setLine] = useQuery('line')
  return (
    <button type="button" className="link" onClick={() => setLine(String(line))} title="Show in the runbook">
      <BookOpen size={14} aria-hidden /> line {line}
    </button>
  )
}

/** Where the run is now: the line of what runs, waits or ran last. */
export function currentLine(run: Run): number {
  const option = run.options.find((candidate) =>
    run.decisions.some(
      (decision) => decision.state === 'pending' && decision.question.options[0]?.id === candidate.id,
    ),
  )
  if (option !== undefined) return option.line
  const last = run.executions.at(-1)
  for (const phase of run.phases)
    for (const step of phase.steps) if (step.id === last?.stepId) return step.line
  return run.procedure.line
}

/** The very text that this run follows, beside the incident, at a line. */
export function RunbookDrawer({ run }: { run: Run }): ReactNode {
  const [text, setLine] = useQuery('line')
  const open = text !== null && /^\d{1,7}$/.test(text)
  useAction({
    id: 'runbook',
    label: 'Show the runbook where the run is',
    keys: 'r',
    group: 'Incident',
    run: () => setLine(String(currentLine(run))),
  })
  if (!open) return null
  return (
    <Dialog
      title={
        <>
          {run.page.path.split('/').at(-1)}{' '}
          <span className="quiet">{run.page.commit?.slice(0, 8) ?? ''}</span>
        </>
      }
      side
      onClose={() => setLine(null)}
    >
      <PageText run={run} line={Number(text)} />
    </Dialog>
  )
}

function PageText({ run, line }: { run: Run; line: number }): ReactNode {
  const { value: page, problem } = useData<PageDocument>(`/runs/${run.id}/page`, never)
  const box = useRef<HTMLDivElement>(null)
  useEffect(() => {
    const all = [...(box.current?.querySelectorAll<HTMLElement>('[data-line]') ?? [])]
    all.findLast((element) => Number(element.dataset['line']) <= line)?.scrollIntoView({ block: 'center' })
  }, [page, line])
  if (page === null)
    return problem === null ? <Waiting what="the page" /> : <ProblemNotice problem={problem} />
  return (
    <div ref={box}>
      {run.page.link === null ? null : (
        <p>
          <a href={run.page.link} target="_blank" rel="noopener noreferrer">
            This revision where it is kept
          </a>
        </p>
      )}
      <Document blocks={page.blocks} line={line} />
    </div>
  )
}
