export const INCIDENT_STATES = [
  'open',
  'acknowledged',
  'mitigating',
  'monitoring',
  'resolved',
  'closed',
] as const
export type IncidentState = (typeof INCIDENT_STATES)[number]

/** Where each state can go. Nothing leaves `closed`; a late acknowledge never re-opens. */
export const INCIDENT_TRANSITIONS: Record<IncidentState, readonly IncidentState[]> = {
  open: ['acknowledged', 'mitigating', 'monitoring', 'resolved', 'closed'],
  acknowledged: ['mitigating', 'monitoring', 'resolved', 'closed'],
  mitigating: ['acknowledged', 'monitoring', 'resolved', 'closed'],
  monitoring: ['acknowledged', 'mitigating', 'resolved', 'closed'],
  resolved: ['closed'],
  closed: [],
}

export const isOver = (state: IncidentState): boolean => state === 'resolved' || state === 'closed'
