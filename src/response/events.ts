import type { Answer } from '../run/index.ts'

/** The one topic on which a response hears from the outside. */
export const EVENT_TOPIC = 'event'

export type ResponseEvent =
  | { kind: 'answer'; decisionId: string; answer: Answer }
  | { kind: 'alerts-resolved' }
  | { kind: 'resolved-by-person'; by: string; reason: string }
  | { kind: 'run-cancelled'; by: string; reason: string }

/** On which a resolved incident hears that it is not over. */
export const RETURN_TOPIC = 'return'

/** The workflow of an incident has the incident's id. */
export const RESPONSE_WORKFLOW = 'respond'
