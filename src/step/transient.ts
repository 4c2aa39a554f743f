const NETWORK = new Set([
  'ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOENT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN', 'ENOTFOUND',
]) // prettier-ignore
/** Classes of PostgreSQL's SQLSTATE: connection, resources (also a full disk), operator intervention, system. */
const CLASSES = new Set(['08', '53', '57', '58'])
const SINGLE = new Set(['40001', '40P01', '25006'])
/** What node-postgres says without a code. */
const MESSAGES =
  /connection terminated|timeout exceeded when trying to connect|client has encountered a connection error|connection error|not queryable/i

/** Whether the same statement can succeed once the database is back. */
export function isTransient(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  if (error instanceof AggregateError && error.errors.length > 0) return error.errors.every(isTransient)
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (NETWORK.has(code) || SINGLE.has(code) || CLASSES.has(code.slice(0, 2))) return true
  return MESSAGES.test(error.message) || (error.cause !== undefined && isTransient(error.cause))
}
