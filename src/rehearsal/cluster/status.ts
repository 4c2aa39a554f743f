import type { StatusCause } from 'kubernetes-types/meta/v1.js'

/** A refusal of the API server: its `Status` body with the HTTP code. */
export class ApiStatusError extends Error {
  readonly httpCode: number
  readonly reason: string
  readonly details: Record<string, unknown>

  constructor(httpCode: number, reason: string, message: string, details: Record<string, unknown> = {}) {
    super(message)
    this.name = 'ApiStatusError'
    this.httpCode = httpCode
    this.reason = reason
    this.details = details
  }
}

/** The `Status` that kubectl reads its message from. */
export function statusBody(error: ApiStatusError): Record<string, unknown> {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.reason,
    ...(Object.keys(error.details).length === 0 ? {} : { details: error.details }),
    code: error.httpCode,
  }
}

export const badRequest = (message: string): ApiStatusError => new ApiStatusError(400, 'BadRequest', message)

/** @param resource plural with its group, as in `deployments.apps` */
export const notFound = (resource: string, name: string): ApiStatusError =>
  new ApiStatusError(404, 'NotFound', `${resource} "${name}" not found`, detailsOf(resource, name))

export const alreadyExists = (resource: string, name: string): ApiStatusError =>
  new ApiStatusError(409, 'AlreadyExists', `${resource} "${name}" already exists`, detailsOf(resource, name))

export const conflict = (resource: string, name: string): ApiStatusError =>
  new ApiStatusError(
    409,
    'Conflict',
    `Operation cannot be fulfilled on ${resource} "${name}": the object has been modified; please apply your changes to the latest version and try again`,
    detailsOf(resource, name),
  )

/** @param subject kind with its group and the name, as in `Deployment.apps "web"` */
export function invalid(subject: string, causes: StatusCause[]): ApiStatusError {
  const [, kind = '', group, name = ''] = /^(\w+)(?:\.(\S+))? "(.*)"$/.exec(subject) ?? []
  const texts = causes.map((cause) => `${cause.field}: ${cause.message}`)
  const list = texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`
  return new ApiStatusError(422, 'Invalid', `${subject} is invalid: ${list}`, { name, group, kind, causes })
}

export const methodNotAllowed = (): ApiStatusError =>
  new ApiStatusError(
    405,
    'MethodNotAllowed',
    'the server does not allow this method on the requested resource',
  )

export const unauthorized = (): ApiStatusError => new ApiStatusError(401, 'Unauthorized', 'Unauthorized')

function detailsOf(resource: string, name: string): Record<string, unknown> {
  const [kind, ...group] = resource.split('.')
  return { name, ...(group.length === 0 ? {} : { group: group.join('.') }), kind }
}
