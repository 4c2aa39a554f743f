import * as client from 'openid-client'
import { z } from 'zod'
import { AppError, messageOf } from '../base/error.ts'
import type { OidcConfig } from '../base/config-access.ts'
import type { Database } from '../db/index.ts'
import { withTransaction } from '../db/index.ts'
import { keepChallenge, takeChallenge } from './challenge.ts'
import { addPerson, grantRole } from './people.ts'

/** Other people's claims: only what is used. */
const claims = z.looseObject({
  sub: z.string().min(1).max(255),
  name: z.string().max(200).optional(),
  email: z.string().max(320).optional(),
  preferred_username: z.string().max(200).optional(),
})

export interface OidcProvider {
  name: string
  /** Where the browser goes; what comes back is compared with `challengeId`, which the browser keeps in a cookie. */
  begin(redirectUri: string, to: string): Promise<{ url: string; challengeId: string }>
  /**
   * @returns the person, made at the first time, with roles by their groups, and where they wanted to go.
   * @throws AppError `unauthenticated`, `forbidden` when no group gives a role.
   */
  finish(url: URL, challengeId: string): Promise<{ personId: string; to: string }>
}

const kept = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  to: z.string(),
  redirectUri: z.string(),
})

/** OpenID Connect: authorization code with PKCE, state and nonce. The provider is asked at the first sign-in, then kept. */
export function createOidc(
  deps: { database: Database; now(): Date; clientSecret: string | null },
  config: OidcConfig,
): OidcProvider {
  let discovered: Promise<client.Configuration> | null = null
  const provider = (): Promise<client.Configuration> => {
    discovered ??= discover(config, deps.clientSecret).catch((error: unknown) => {
      discovered = null
      throw new AppError(
        'unavailable',
        `the provider ${config.issuer} does not answer: ${messageOf(error)}`,
        {
          action: 'Try again, or sign in another way.',
          retryable: true,
          cause: error,
        },
      )
    })
    return discovered
  }
  return {
    name: config.name,
    async begin(redirectUri, to) {
      const verifier = client.randomPKCECodeVerifier()
      const data = { verifier, state: client.randomState(), nonce: client.randomNonce(), to, redirectUri }
      const url = client.buildAuthorizationUrl(await provider(), {
        redirect_uri: redirectUri,
        scope: config.scopes.join(' '),
        code_challenge: await client.calculatePKCECodeChallenge(verifier),
        code_challenge_method: 'S256',
        state: data.state,
        nonce: data.nonce,
      })
      return {
        url: url.href,
        challengeId: await keepChallenge(deps.database, deps.now(), 'oidc', null, data),
      }
    },
    async finish(url, challengeId) {
      const asked = kept.safeParse(await takeChallenge(deps.database, deps.now(), 'oidc', null, challengeId))
      if (!asked.success) throw refused('what was asked is over; it is good once, for five minutes')
      const own = new URL(asked.data.redirectUri)
      own.search = url.search
      const configuration = await provider()
      const tokens = await client
        .authorizationCodeGrant(configuration, own, {
          pkceCodeVerifier: asked.data.verifier,
          expectedState: asked.data.state,
          expectedNonce: asked.data.nonce,
          idTokenExpected: true,
        })
        .catch((error: unknown) => {
          throw refused(messageOf(error), error)
        })
      const issued: unknown = tokens.claims()
      const identity = claims.parse(issued)
      const more: unknown = config.userInfo
        ? await client.fetchUserInfo(configuration, tokens.access_token, identity.sub)
        : {}
      const all = { ...(more as object), ...(issued as object) } as Record<string, unknown>
      const roles = rolesOf(config, all[config.groupsClaim])
      if (roles.length === 0) {
        throw new AppError('forbidden', `${config.name} names no group that has a role here`, {
          action: 'Ask for a group that `access.oidc.roles` names.',
        })
      }
      const personId = await withTransaction(deps.database, (trx) =>
        keepPerson(trx, deps.now(), config.issuer, claims.parse(all), roles),
      )
      return { personId, to: asked.data.to }
    },
  }
}

async function discover(config: OidcConfig, secret: string | null): Promise<client.Configuration> {
  const issuer = new URL(config.issuer)
  const local = issuer.hostname === 'localhost' || issuer.hostname === '127.0.0.1'
  return client.discovery(
    issuer,
    config.clientId,
    undefined,
    secret === null ? client.None() : client.ClientSecretBasic(secret),
    { timeout: 10, ...(local ? { execute: [client.allowInsecureRequests] } : {}) },
  )
}

function rolesOf(config: OidcConfig, claim: unknown): OidcConfig['roles'] {
  const groups = Array.isArray(claim) ? claim.filter((each) => typeof each === 'string') : [claim]
  return config.roles.filter((mapping) => mapping.group === '*' || groups.includes(mapping.group))
}

/** An account is known by issuer and subject, never by a name or address that could be given to somebody else. */
async function keepPerson(
  trx: Parameters<typeof addPerson>[0],
  now: Date,
  issuer: string,
  identity: z.output<typeof claims>,
  roles: OidcConfig['roles'],
): Promise<string> {
  const known = await trx
    .selectFrom('person')
    .select(['id', 'disabled_at'])
    .where('oidc_issuer', '=', issuer)
    .where('oidc_subject', '=', identity.sub)
    .forUpdate()
    .executeTakeFirst()
  if (known !== undefined && known.disabled_at !== null) throw refused('this person is disabled')
  const id = known?.id ?? (await addUnderFreeName(trx, now, issuer, identity))
  await trx.deleteFrom('person_role').where('person_id', '=', id).where('source', '=', 'oidc').execute()
  for (const { role, scope } of roles)
    await grantRole(trx, now, { personId: id, role, scope, source: 'oidc', by: issuer })
  return id
}

async function addUnderFreeName(
  trx: Parameters<typeof addPerson>[0],
  now: Date,
  issuer: string,
  identity: z.output<typeof claims>,
): Promise<string> {
  const wanted = identity.preferred_username ?? identity.email?.split('@', 1)[0] ?? identity.sub
  const base =
    wanted
      .toLowerCase()
      .replaceAll(/[^a-z0-9._-]+/g, '-')
      .replace(/^[._-]+/, '')
      .slice(0, 50) || 'person'
  for (let number = 1; ; number += 1) {
    const login = number === 1 ? base : `${base}-${number}`
    const taken = await trx.selectFrom('person').select('id').where('login', '=', login).executeTakeFirst()
    if (taken !== undefined) continue
    return addPerson(trx, now, {
      login,
      name: identity.name ?? wanted,
      by: issuer,
      oidc: { issuer, subject: identity.sub },
    })
  }
}

const refused = (why: string, cause?: unknown): AppError =>
  new AppError('unauthenticated', `signing in with the provider did not work: ${why}`, {
    action: 'Try again from the page where you sign in.',
    cause,
  })
