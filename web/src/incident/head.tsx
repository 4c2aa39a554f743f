import type { ReactNode } from 'react'
import type { Incident, Run } from '../api/model.ts'
import { Link } from '../shell/router.tsx'
import { IncidentChip, SeverityChip } from '../ui/chips.tsx'
import { Countdown, Elapsed } from '../ui/time.tsx'
import { person } from './words.ts'

/** Sticky: what is wrong, how bad, since when, and the one clock that matters now. */
export function IncidentHead({ incident, run }: { incident: Incident; run: Run | null }): ReactNode {
  const waits = run?.decisions.find((decision) => decision.state === 'pending') ?? null
  const over = incident.resolvedAt ?? incident.closedAt
  const clocks = over === null ? (incident.deadlines ?? []) : []
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
        {clocks.map((clock) => (
          <span key={`${clock.kind} ${clock.at}`}>
            {DEADLINES[clock.kind] ?? clock.kind} <Countdown to={clock.at} />
          </span>
        ))}
        {waits === null || clocks.length > 0 ? null : (
          <span>
            decision open for <Countdown to={waits.expiresAt} />
          </span>
        )}
        {incident.reviewOwed == null ? null : (
          <Link to={`/incidents/${incident.name}/review`} className="tone-red">
            review owed
          </Link>
        )}
        {over === null ? null : <Link to={`/incidents/${incident.name}/review`}>review</Link>}
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
