import { useCallback, useEffect, useRef } from 'react'
import type { ReactNode } from 'react'
import type { Change, Incident, Run, RunSummary, SignalHistory } from '../api/model.ts'
import { useData } from '../live/data.ts'
import { announce } from '../shell/announce.tsx'
import { ErrorBoundary } from '../shell/error-boundary.tsx'
import { useStale } from '../shell/header.tsx'
import { useTitle } from '../shell/title.ts'
import { incidentTone } from '../ui/chips.tsx'
import { ProblemNotice, Waiting } from '../ui/controls.tsx'
import { ActionBar } from './action-bar.tsx'
import { Attachments } from './attachments.tsx'
import { Findings } from './findings.tsx'
import { IncidentHead } from './head.tsx'
import { Messages } from './messages.tsx'
import { useNotices } from './notices.ts'
import { WhatCanBeDone } from './options.tsx'
import { Plan } from './plan.tsx'
import { Progress } from './progress.tsx'
import { RunbookDrawer } from './runbook.tsx'
import { SignalPanel } from './signal.tsx'
import { Timeline } from './timeline.tsx'
import './incident.css'

/** The run that matters now: the one that goes on, else the last. */
const currentRun = (runs: readonly RunSummary[]): RunSummary | null =>
  runs.findLast((run) => run.endedAt === null) ?? runs.at(-1) ?? null

/** What is wrong, what is known, what can be done, what happens, who knows: in this order, down or across. */
export function IncidentPage({ params }: { params: Record<string, string> }): ReactNode {
  const name = params['id'] ?? ''
  const known = useRef<Incident | null>(null)
  const concerns = useCallback(
    (change: Change) =>
      (change.topic === 'incident' || change.topic === 'run') &&
      (known.current === null || change.incident === known.current.id),
    [],
  )
  const ofSignal = useCallback(
    (change: Change) =>
      change.topic === 'signal' ? change.subject === known.current?.service : concerns(change),
    [concerns],
  )
  const at = `/incidents/${encodeURIComponent(name)}`
  const { value: incident, problem } = useData<Incident>(at, concerns)
  useEffect(() => {
    known.current = incident
  }, [incident])
  const summary = incident === null ? null : currentRun(incident.runs)
  const { value: run } = useData<Run>(summary === null ? null : `/runs/${summary.id}`, concerns)
  const { value: signal } = useData<SignalHistory>(`${at}/signal`, ofSignal)
  const stale = useStale()
  const waits = run?.decisions.find((decision) => decision.state === 'pending') ?? null
  useTitle(
    incident === null
      ? name
      : `${waits === null ? '' : 'Waits: '}${incident.severity} ${incident.title} (${waits === null ? incident.state : 'decision'})`,
    incident === null ? 'quiet' : waits === null ? incidentTone(incident.state) : 'amber',
  )
  const state = incident?.state
  useEffect(() => {
    if (state !== undefined) announce(`The incident is ${state}`)
  }, [state])
  const asked = waits?.id
  useEffect(() => {
    if (asked !== undefined) announce('A decision is asked for', 'assertive')
  }, [asked])
  useNotices(incident, waits)
  if (incident === null) {
    return problem === null ? (
      <Waiting what={name} />
    ) : (
      <div className="column">
        <ProblemNotice problem={problem} />
      </div>
    )
  }
  const mine = run !== null && run.id === summary?.id ? run : null
  return (
    <article
      className={`incident ${stale ? 'is-stale' : ''}`}
      aria-label={`${incident.name}, ${incident.title}`}
    >
      <IncidentHead incident={incident} run={mine} />
      {problem === null ? null : <ProblemNotice problem={problem} />}
      <div className="incident-columns">
        <div className="incident-left">
          <ErrorBoundary what="The signal">
            <SignalPanel history={signal} incident={incident} />
          </ErrorBoundary>
          <ActionBar incident={incident} run={mine} />
        </div>
        <div className="incident-middle">
          <ErrorBoundary what="The findings">
            <Findings run={mine} incident={incident} />
          </ErrorBoundary>
          <ErrorBoundary what="What can be done">
            <WhatCanBeDone run={mine} incident={incident} stale={stale} />
          </ErrorBoundary>
          <ErrorBoundary what="What is happening">
            <Progress run={mine} unit={signal?.unit ?? 'ratio'} />
          </ErrorBoundary>
          <ErrorBoundary what="The plan">
            <Plan run={mine} />
          </ErrorBoundary>
        </div>
        <div className="incident-right">
          <ErrorBoundary what="The timeline">
            <Timeline incident={incident} />
          </ErrorBoundary>
          <Messages messages={incident.messages} />
          <ErrorBoundary what="The attachments">
            <Attachments incident={incident} />
          </ErrorBoundary>
        </div>
      </div>
      {mine === null ? null : <RunbookDrawer run={mine} />}
    </article>
  )
}
