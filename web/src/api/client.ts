/** A refusal or a fault, as RFC 9457 problem details carry it. */
export class Problem extends Error {
  /** HTTP status; 0: the server could not be reached. */
  readonly status: number
  readonly code: string
  /** What to do next, in words. */
  readonly action: string
  readonly correlationId: string | null

  constructor(status: number, body: Record<string, unknown>) {
    super(
      text(body['detail']) ??
        (status === 0 ? 'The server cannot be reached.' : `The server answered ${status}.`),
    )
    this.status = status
    this.code = text(body['code']) ?? (status === 0 ? 'unreachable' : 'unknown')
    this.action =
      text(body['action']) ?? (status === 0 ? 'Nothing was sent. It is tried again by itself.' : 'Try again.')
    this.correlationId = text(body['correlationId'])
  }
}

const text = (value: unknown): string | null => (typeof value === 'string' && value !== '' ? value : null)

const TIMEOUT_MS = 30_000
/** Sign-in is beside the API. */
const addressOf = (path: string): string => (/^\/log(?:in|out)/.test(path) ? path : `/api/v1${path}`)

let csrfToken: string | null = null

/** Of the session; goes along with everything that changes something. */
export function setCsrfToken(token: string | null): void {
  csrfToken = token
}

export const get = <T>(path: string, signal?: AbortSignal): Promise<T> =>
  call<T>('GET', path, undefined, signal)

export const post = <T>(path: string, body: Record<string, unknown> = {}): Promise<T> =>
  call<T>('POST', path, body)

export const put = <T>(path: string, body: Record<string, unknown> = {}): Promise<T> =>
  call<T>('PUT', path, body)

/** @throws Problem */
async function call<T>(
  method: 'GET' | 'POST' | 'PUT' | 'DELETE',
  path: string,
  body?: Record<string, unknown>,
  signal?: AbortSignal,
): Promise<T> {
  const limits = [AbortSignal.timeout(TIMEOUT_MS), ...(signal === undefined ? [] : [signal])]
  let response: Response
  try {
    response = await fetch(addressOf(path), {
      method,
      credentials: 'same-origin',
      cache: 'no-store',
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(method === 'GET' || csrfToken === null ? {} : { 'x-csrf-token': csrfToken }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.any(limits),
    })
  } catch {
    throw new Problem(0, {})
  }
  const value: unknown = await response.json().catch(() => ({}))
  if (response.ok) return value as T
  if (response.status === 401) for (const listener of signedOut) listener()
  throw new Problem(response.status, typeof value === 'object' && value !== null ? { ...value } : {})
}

const signedOut = new Set<() => void>()

/** Called whenever the server says that nobody is signed in. */
export function onSignedOut(listener: () => void): () => void {
  signedOut.add(listener)
  return () => void signedOut.delete(listener)
}
