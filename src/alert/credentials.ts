import { hash, timingSafeEqual } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import type { AlertSourceAuth } from '../base/config-alerting.ts'
import { AppError } from '../base/error.ts'

/** Says whether an `Authorization` header is a source's. */
export type Credentials = (authorization: string) => Promise<boolean>

/** A secret file is read again after this, so that a replaced one is taken up. */
const FRESH_MS = 10_000

/** The installation's own token. */
export function tokenCredentials(token: string): Credentials {
  const wanted = digest(`Bearer ${token}`)
  return async (authorization) => timingSafeEqual(digest(normal(authorization)), wanted)
}

/**
 * Credentials by file; each line of it is one that is taken, so that a secret can be replaced without a gap.
 * @throws AppError `unavailable` while the file cannot be read
 */
export function fileCredentials(auth: AlertSourceAuth, now: () => number): Credentials {
  const file = auth.kind === 'bearer' ? auth.tokenFile : auth.passwordFile
  let last: { readAt: number; wanted: Buffer[] } | null = null
  const read = async (): Promise<Buffer[]> => {
    if (last !== null && now() - last.readAt < FRESH_MS) return last.wanted
    let text: string
    try {
      text = await readFile(file, 'utf8')
    } catch (error) {
      throw new AppError('unavailable', `the secret in ${file} cannot be read`, {
        action: 'Mend `alerting.sources[].auth` or the file; the sender tries again.',
        retryable: true,
        cause: error,
      })
    }
    const secrets = text.split('\n').flatMap((line) => (line.trim() === '' ? [] : [line.trim()]))
    last = {
      readAt: now(),
      wanted: secrets.map((secret) =>
        digest(
          auth.kind === 'bearer'
            ? `Bearer ${secret}`
            : `Basic ${Buffer.from(`${auth.username}:${secret}`).toString('base64')}`,
        ),
      ),
    }
    return last.wanted
  }
  return async (authorization) => {
    const given = digest(normal(authorization))
    let fits = false
    // all of them, so that the time taken says nothing
    for (const wanted of await read()) fits = timingSafeEqual(given, wanted) || fits
    return fits
  }
}

const digest = (text: string): Buffer => hash('sha256', text, 'buffer')

/** The scheme is case-insensitive. */
const normal = (authorization: string): string =>
  authorization
    .slice(0, 4_096)
    .replace(/^(bearer|basic) +/i, (_all, scheme: string) =>
      scheme.toLowerCase() === 'bearer' ? 'Bearer ' : 'Basic ',
    )
