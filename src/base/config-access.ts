import { readFileSync } from 'node:fs'
import path from 'node:path'
import { z } from 'zod'

const file = z.string().min(1).max(4_096)
const labels = z.record(z.string().min(1).max(100), z.string().min(1).max(253))

const oidc = z.strictObject({
  /** As people read it on the button. */
  name: z.string().min(1).max(60).default('single sign-on'),
  issuer: z.url().refine(isSafe, 'https, or http on this machine'),
  clientId: z.string().min(1).max(255),
  /** Holds the client's secret; without it the client is public, and PKCE alone protects the code. */
  clientSecretFile: file.nullable().default(null),
  scopes: z.array(z.string().min(1).max(100)).min(1).max(20).default(['openid', 'profile', 'email']),
  groupsClaim: z.string().min(1).max(100).default('groups'),
  /** Whether the groups stand at the provider's userinfo endpoint instead of in the ID token. */
  userInfo: z.boolean().default(false),
  /** Which group has which role, and where; `*` is everybody. */
  roles: z
    .array(
      z.strictObject({
        group: z.string().min(1).max(255),
        role: z.enum(['viewer', 'responder', 'lead', 'admin']),
        scope: labels.default({}),
      }),
    )
    .max(200)
    .default([{ group: '*', role: 'viewer', scope: {} }]),
})
export type OidcConfig = z.output<typeof oidc>

/** People and permissions. */
export const access = z
  .strictObject({
    /** `erlmcp.policy.yaml`; without it the defaults hold. */
    policy: file.nullable().default(null),
    oidc: oidc.nullable().default(null),
    /** Where all leads are told of a break-glass, and of the review that is owed after it; empty: the console. */
    tellLeads: z
      .array(
        z.strictObject({
          channel: z.string().min(1).max(50),
          target: z.string().min(1).max(300).nullable().default(null),
        }),
      )
      .max(20)
      .default([]),
    checkpointEverySeconds: z.number().int().min(5).max(86_400).default(300),
  })
  .prefault({})

/** How browsers and programs reach erlmcp. */
export const http = z
  .strictObject({
    /** As people write it: `https://erlmcp.example`. Without it the address that is listened on. */
    publicUrl: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null),
    /** Other host names that requests may name. */
    hosts: z.array(z.string().min(1).max(253)).max(50).default([]),
    /** Addresses or ranges of proxies whose X-Forwarded-* count: `10.0.0.0/8`. Empty: nobody's do. */
    trustedProxies: z
      .array(z.union([z.ipv4(), z.ipv6(), z.cidrv4(), z.cidrv6()]))
      .max(50)
      .default([]),
    tls: z.strictObject({ certFile: file, keyFile: file }).nullable().default(null),
    /** For each address and for each identity; `0`: no limit. Webhooks have their own. */
    requestsPerSecond: z.number().min(0).max(100_000).default(100),
  })
  .prefault({})

export interface AccessSettings {
  access: z.output<typeof access>
  http: z.output<typeof http>
}

/** The same with paths relative to the configuration file made absolute. */
export function resolveAccess(base: string, settings: AccessSettings): AccessSettings {
  const absolute = (given: string): string => path.resolve(base, given)
  const maybe = (given: string | null): string | null => (given === null ? null : absolute(given))
  const { access: people, http: edge } = settings
  return {
    access: {
      ...people,
      policy: maybe(people.policy),
      oidc:
        people.oidc === null
          ? null
          : { ...people.oidc, clientSecretFile: maybe(people.oidc.clientSecretFile) },
    },
    http: {
      ...edge,
      tls:
        edge.tls === null
          ? null
          : { certFile: absolute(edge.tls.certFile), keyFile: absolute(edge.tls.keyFile) },
    },
  }
}

/** The secret in a file, without the line's end. */
export const readSecret = (name: string): string => readFileSync(name, 'utf8').trim()

function isSafe(text: string): boolean {
  const { protocol, hostname } = new URL(text)
  return (
    protocol === 'https:' || (protocol === 'http:' && (hostname === 'localhost' || hostname === '127.0.0.1'))
  )
}
