/** What people see when something is wrong. */
export const SYMPTOMS = [
  'pod-wont-start', 'not-responding', 'database-wont-connect', 'high-latency',
] as const // prettier-ignore
