export const RUN_STATES = [
  'diagnosing', 'awaiting-decision', 'executing', 'verifying', 'awaiting-person', 'succeeded', 'failed', 'cancelled',
] as const // prettier-ignore
export type RunState = (typeof RUN_STATES)[number]

/** Where each state can go. The last three are final: a killed run stays dead. */
export const RUN_TRANSITIONS: Record<RunState, readonly RunState[]> = {
  diagnosing: ['awaiting-decision', 'verifying', 'awaiting-person', 'succeeded', 'failed', 'cancelled'],
  'awaiting-decision': ['executing', 'verifying', 'awaiting-person', 'succeeded', 'failed', 'cancelled'],
  executing: ['verifying', 'awaiting-decision', 'awaiting-person', 'failed', 'cancelled'],
  verifying: ['succeeded', 'awaiting-decision', 'awaiting-person', 'failed', 'cancelled'],
  'awaiting-person': ['executing', 'verifying', 'awaiting-decision', 'succeeded', 'failed', 'cancelled'],
  succeeded: [],
  failed: [],
  cancelled: [],
}

export const isFinal = (state: RunState): boolean => RUN_TRANSITIONS[state].length === 0
