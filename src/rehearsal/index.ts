export { prepareFirstIncident } from './example/index.ts'
export type { FirstIncident, PlayHost } from './example/index.ts'
