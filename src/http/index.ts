export { createServer } from './server.ts'
export type { HttpDeps } from './server.ts'
export type { AlertIntake } from './webhooks.ts'
export { openApiDocument } from './openapi.ts'
