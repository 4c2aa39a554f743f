import { lazy, Suspense } from 'react'
import type { ReactNode } from 'react'
import type { Incident, SignalHistory } from '../api/model.ts'
import { numberText } from '../ui/number.ts'
import { Ago } from '../ui/time.tsx'

const SignalChart = lazy(async () => ({ default: (await import('../ui/chart.tsx')).SignalChart }))

/** The number that raised the alert, now, and how it came there. */
export function SignalPanel({
  history,
  incident,
}: {
  history: SignalHistory | null
  incident: Incident
}): ReactNode {
  const description = incident.annotations['description'] ?? incident.annotations['message'] ?? null
  if (history === null || history.signal === null || history.samples.length === 0) {
    return (
      <section className="signal" aria-label="Signal">
        {description === null ? null : <p>{description}</p>}
        <p className="quiet">
          {history === null
            ? 'Reading the signal…'
            : history.signal === null
              ? 'The page of this alert names no signal that can be measured.'
              : `${history.signal.replaceAll('_', ' ')} has not been measured yet: the service ${incident.service ?? ''} has no source of signals, or it does not answer.`}
        </p>
      </section>
    )
  }
  const last = history.samples.at(-1)
  const value = last?.value ?? null
  const threshold = history.trigger?.threshold ?? null
  const bad = value !== null && threshold !== null && beyond(value, history)
  return (
    <section className="signal" aria-label="Signal">
      <p className="signal-now">
        <span className={`signal-value ${bad ? 'tone-red' : ''}`}>
          {value === null ? 'no value' : numberText(value, history.unit)}
        </span>{' '}
        <span>{history.signal.replaceAll('_', ' ')}</span>
        <span className="spring" />
        <span className="quiet">
          {threshold === null ? null : <>threshold {numberText(threshold, history.unit)}, </>}
          {last === undefined ? null : <Ago at={last.at} />}
        </span>
      </p>
      <Suspense fallback={<div className="chart" />}>
        <SignalChart history={history} />
      </Suspense>
      {description === null ? null : <p className="quiet signal-text">{description}</p>}
    </section>
  )
}

function beyond(value: number, { trigger }: SignalHistory): boolean {
  const threshold = trigger?.threshold ?? 0
  switch (trigger?.comparison) {
    case '>':
      return value > threshold
    case '>=':
      return value >= threshold
    case '<':
      return value < threshold
    case '<=':
      return value <= threshold
    default:
      return false
  }
}
