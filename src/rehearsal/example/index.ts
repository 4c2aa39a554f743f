export { prepareFirstIncident } from './first-incident.ts'
export type { FirstIncident, PlayHost } from './first-incident.ts'
