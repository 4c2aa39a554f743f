import { CircleCheck, CircleX, HelpCircle, LoaderCircle } from 'lucide-react'
import { useMemo } from 'react'
import type { ReactNode } from 'react'
import type { Comparison, Run, SignalHistory, Verification } from '../api/model.ts'
import { numberText } from '../ui/number.ts'
import { spanText, useNow } from '../ui/time.tsx'
import { ExecutionRow } from './execution.tsx'
import { commandsOf, keyOf } from './findings.tsx'
import { firstLine, person, shortTitle } from './words.ts'

/** What was approved and runs or ran, and whether it has worked. Newest attempt first. */
export function Progress({ run, unit }: { run: Run | null; unit: SignalHistory['unit'] }): ReactNode {
  const commands = useMemo(() => (run === null ? null : commandsOf(run)), [run])
  if (run === null || commands === null) return null
  const changes = run.executions.filter(
    (execution) => execution.risk !== 'read' && execution.state !== 'skipped',
  )
  const attempts = [
    ...new Set([
      ...changes.map(({ attempt }) => attempt),
      ...run.verifications.map(({ attempt }) => attempt),
    ]),
  ].toSorted((a, b) => b - a)
  if (attempts.length === 0) return null
  return (
    <section aria-labelledby="happening">
      <h2 id="happening">{run.endedAt === null ? 'What is happening' : 'What was done'}</h2>
      {attempts.map((attempt) => {
        const own = changes.filter((execution) => execution.attempt === attempt)
        const approval = run.approvals.find((candidate) => candidate.attempt === attempt)
        const option = run.options.find((candidate) => candidate.id === approval?.alternativeId)
        const verification = run.verifications.find((candidate) => candidate.attempt === attempt)
        return (
          <div key={attempt} className="attempt">
            {option === undefined ? null : (
              <h3>
                {shortTitle(option.title)}
                <span className="quiet"> approved by {person(approval?.decidedBy ?? '')}</span>
              </h3>
            )}
            <div className="executions">
              {own.map((execution) => (
                <ExecutionRow
                  key={execution.id}
                  execution={execution}
                  command={commands.get(keyOf(execution))?.command ?? null}
                  title={<code>{firstLine(execution.command)}</code>}
                  detail={
                    execution.state === 'running' ? 'running' : (execution.summary?.split('\n').at(-1) ?? '')
                  }
                  startOpen={execution.state === 'running' || execution.state === 'failed'}
                />
              ))}
            </div>
            {verification === undefined ? null : <Verdict verification={verification} unit={unit} />}
          </div>
        )
      })}
    </section>
  )
}

const VERDICTS = {
  passed: { icon: CircleCheck, tone: 'green', word: 'It worked' },
  failed: { icon: CircleX, tone: 'red', word: 'It did not work' },
  unknown: { icon: HelpCircle, tone: 'amber', word: 'It is not known whether it worked' },
} as const

/** Not the exit code but the signal says whether it worked: how long it has held, and how long it must. */
function Verdict({
  verification,
  unit,
}: {
  verification: Verification
  unit: SignalHistory['unit']
}): ReactNode {
  const now = useNow()
  const { condition, verdict, samples } = verification
  const { signal, comparison, threshold, forSeconds } = condition
  if (verdict !== null) {
    const { icon: Icon, tone, word } = VERDICTS[verdict]
    return (
      <p className={`verdict tone-${tone}`}>
        <Icon size={16} aria-hidden />
        <span>
          <strong>{word}.</strong> {inWords(verification, unit)}
        </span>
      </p>
    )
  }
  if (signal === undefined || comparison === undefined || threshold === undefined || forSeconds === undefined)
    return null
  const since = holdingSince(samples, comparison, threshold)
  const last = samples.findLast((sample) => sample.value !== null)?.value ?? null
  const held = since === null ? 0 : Math.min(forSeconds, Math.max(0, (now - since) / 1_000))
  const limit = `${signal.replaceAll('_', ' ')} ${comparison} ${numberText(threshold, unit)}`
  return (
    <div className="hold-time">
      <p>
        <LoaderCircle size={16} aria-hidden className="tone-blue" /> <strong>{limit}</strong> must hold for{' '}
        {spanText(forSeconds * 1_000)}. {last === null ? 'No value yet.' : `Now ${numberText(last, unit)}, `}
        {last === null
          ? null
          : since === null
            ? 'not yet there.'
            : `holding; ${Math.max(0, Math.ceil(forSeconds - held))} s to go.`}
      </p>
      <progress max={forSeconds} value={held} aria-label="Held so far" />
    </div>
  )
}

/** The limit with its unit where it held; else what the server says of it. */
function inWords({ verdict, condition, reason }: Verification, unit: SignalHistory['unit']): string {
  const { signal, comparison, threshold, forSeconds } = condition
  if (verdict !== 'passed' || signal === undefined || threshold === undefined || forSeconds === undefined)
    return reason ?? ''
  return `${signal.replaceAll('_', ' ')} ${comparison ?? ''} ${numberText(threshold, unit)} held for ${spanText(forSeconds * 1_000)}.`
}

/** Since when every sample has been within the limit; one without a value breaks it. */
function holdingSince(
  samples: Verification['samples'],
  comparison: Comparison,
  threshold: number,
): number | null {
  let since: number | null = null
  for (const sample of samples) {
    if (sample.value === null || !within(sample.value, comparison, threshold)) since = null
    else since ??= Date.parse(sample.at)
  }
  return since
}

function within(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case '<':
      return value < threshold
    case '<=':
      return value <= threshold
    case '>':
      return value > threshold
    case '>=':
      return value >= threshold
    case '==':
      return value === threshold
    case '!=':
      return value !== threshold
    default:
      return false
  }
}
