import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'
import { AppError, messageOf } from '../base/error.ts'

/** A server that somebody has logged in to. */
export interface Profile {
  url: string
  token: string
}

const NAME = /^[a-z0-9][a-z0-9._-]{0,62}$/i
const fileSchema = z.object({
  current: z.string().nullable(),
  profiles: z.record(z.string(), z.object({ url: z.url(), token: z.string().min(1) })),
})
export type Profiles = z.output<typeof fileSchema>

/** `$XDG_CONFIG_HOME/erlmcp/profiles.json`. */
export const profilesFileOf = (env: Readonly<Record<string, string | undefined>>): string =>
  path.join(env['XDG_CONFIG_HOME'] ?? path.join(env['HOME'] ?? '.', '.config'), 'erlmcp', 'profiles.json')

/** @throws AppError `input_invalid` for a file that others can read, or that is damaged. */
export function readProfiles(file: string): Profiles {
  let text: string
  try {
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new AppError('input_invalid', `${file} holds tokens, and others may read it`, {
        action: `chmod 600 ${file}, and make new tokens if somebody else uses this machine.`,
      })
    }
    text = readFileSync(file, 'utf8')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { current: null, profiles: {} }
    throw error
  }
  try {
    return fileSchema.parse(JSON.parse(text))
  } catch (error) {
    throw new AppError('input_invalid', `${file} cannot be read: ${messageOf(error).slice(0, 200)}`, {
      action: 'Remove it and log in again with `erlmcp login`.',
      cause: error,
    })
  }
}

/** Keeps a login, and makes it the one that is used. */
export function saveProfile(file: string, name: string, profile: Profile): void {
  if (!NAME.test(name)) {
    throw new AppError('usage', `${JSON.stringify(name)} is no name of a profile`, {
      action: 'Use letters, digits, . _ and -, at most 63.',
    })
  }
  const { profiles } = readProfiles(file)
  write(file, { current: name, profiles: { ...profiles, [name]: profile } })
}

/** @returns whether there was one. */
export function removeProfile(file: string, name: string): boolean {
  const { current, profiles } = readProfiles(file)
  if (profiles[name] === undefined) return false
  const rest = Object.fromEntries(Object.entries(profiles).filter(([each]) => each !== name))
  write(file, { current: current === name ? null : current, profiles: rest })
  return true
}

function write(file: string, value: Profiles): void {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 })
  const fresh = `${file}.${process.pid}`
  try {
    writeFileSync(fresh, `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
    chmodSync(fresh, 0o600)
    renameSync(fresh, file)
  } finally {
    rmSync(fresh, { force: true })
  }
}

/**
 * Which server is meant, and with which token. `named` is a URL or a profile. `null`: none was named and nobody is
 * logged in.
 * @throws AppError `unauthenticated` for a URL without a token, `not_found` for an unknown profile.
 */
export function findLogin(
  named: string | undefined,
  env: Readonly<Record<string, string | undefined>>,
): Profile | null {
  const file = profilesFileOf(env)
  const wanted = named ?? env['ERLMCP_URL'] ?? env['ERLMCP_PROFILE']
  const { current, profiles } = readProfiles(file)
  if (wanted === undefined) return current === null ? null : (profiles[current] ?? null)
  if (profiles[wanted] !== undefined) return profiles[wanted]
  if (!/^https?:\/\//.test(wanted)) {
    const names = Object.keys(profiles).join(', ') || 'none'
    throw new AppError('not_found', `${JSON.stringify(wanted)} is neither a URL nor a profile (${names})`, {
      action: 'Name a URL, or log in with `erlmcp login URL --profile NAME`.',
    })
  }
  const token =
    env['ERLMCP_TOKEN'] ?? Object.values(profiles).find(({ url }) => sameOrigin(url, wanted))?.token
  if (token !== undefined) return { url: wanted, token }
  throw new AppError('unauthenticated', `there is no token for ${wanted}`, {
    action: `Log in with \`erlmcp login ${wanted}\`, or set ERLMCP_TOKEN.`,
  })
}

const sameOrigin = (one: string, other: string): boolean =>
  URL.canParse(one) && URL.canParse(other) && new URL(one).origin === new URL(other).origin
