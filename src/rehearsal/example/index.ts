export { prepareFirstIncident } from './first-incident.ts'
export type { FirstIncident } from './first-incident.ts'
