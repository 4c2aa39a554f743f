import type { Occurrence } from './occurrence.ts'

export interface GateFacts {
  service: string
  at: Date
  freezes: readonly { name: string; title: string; occurrence: Occurrence }[]
  /** Windows of the service that are on, by who they belong to: a deployment may be what they are for. */
  windows: readonly { name: string; title: string; state: string }[]
  incidents: readonly { name: string; severity: string; state: string; title: string }[]
}

export interface GateVerdict {
  open: boolean
  reasons: string[]
}

/** Whether something may be deployed now: not in a freeze, not while a P1 or P2 of the service is open. */
export function judgeGate(facts: GateFacts): GateVerdict {
  const reasons = [
    ...facts.freezes.map(({ name, title, occurrence }) => `${name}: change freeze "${title}" until ${occurrence.to.toISOString()}`), // prettier-ignore
    ...facts.incidents
      .filter(({ severity }) => severity === 'P1' || severity === 'P2')
      .map(({ name, severity, state, title }) => `${name}: ${severity} is ${state}: ${title}`),
    ...facts.windows
      .filter(({ state }) => state !== 'open')
      .map(({ name, title, state }) => `${name}: maintenance "${title}" is ${state}`),
  ]
  return { open: reasons.length === 0, reasons }
}
