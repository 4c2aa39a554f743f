import type { ReactNode } from 'react'
import type { Incident, Run } from '../api/model.ts'
import { IncidentChip, SeverityChip } from '../ui/chips.tsx'
import { Countdown, Elapsed } from '../ui/time.tsx'
import { person } from './words.ts'

/** Sticky: what is wrong, how bad, since when, and the one clock that matters now. */
export function IncidentHead({ incident, run }: { incident: Incident; run: Run | null }): ReactNode {
  const waits = run?.decisions.find((decision) => decision.state === 'pending') ?? null
  const over = incident.resolvedAt ?? incident.closedAt
  const [first] = incident.deadlines ?? []
  return (
    <header className="incident-head">
      <div className="incident-title">
        <SeverityChip severity={incident.severity} />
        <h1>{incident.title}</h1>
        <IncidentChip state={incident.state} />
      </div>
      <p className="incident-facts quiet">
        <span>{incident.name}</span>
        {incident.service === null ? null : <span>{incident.service}</span>}
        <span aria-label="elapsed">
          <Elapsed since={incident.openedAt} until={over} />
        </span>
        {over !== null || first === undefined ? null : (
          <span>
            {DEADLINES[first.kind] ?? first.kind} <Countdown to={first.at} />
          </span>
        )}
        {waits === null || first !== undefined ? null : (
          <span>
            decision open for <Countdown to={waits.expiresAt} />
          </span>
        )}
        {incident.acknowledgedBy === null ? null : <span>{person(incident.acknowledgedBy)} has it</span>}
      </p>
    </header>
  )
}

const DEADLINES: Record<string, string> = {
  acknowledge: 'acknowledge within',
  escalate: 'escalates in',
  update: 'next update in',
}
