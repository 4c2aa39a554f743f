import path from 'node:path'
import { z } from 'zod'

const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, at most 63')
const file = z.string().min(1).max(4_096)
const label = z.string().min(1).max(200)
const matchLabels = z.record(label, z.string().max(1_024))

/** A JSON pointer (RFC 6901) into the alert, or `=text` for a fixed text. */
const mapped = z
  .string()
  .max(1_024)
  .regex(/^(?:=|\/|$)/, 'a JSON pointer such as /check/name, or =text')
export type MappedValue = z.output<typeof mapped>

const mapping = z.strictObject({
  /** Where the list of alerts stands; empty: the body is one alert, or a list of them. */
  alerts: z
    .string()
    .max(1_024)
    .regex(/^(?:\/|$)/, 'a JSON pointer')
    .default(''),
  name: mapped,
  /** What tells two alerts of one name apart, and stays the same over repeats; without it the labels do. */
  id: mapped.nullable().default(null),
  status: z.strictObject({
    at: mapped,
    firing: z.array(z.string().max(200)).min(1).max(50),
    resolved: z.array(z.string().max(200)).min(1).max(50),
  }),
  startsAt: mapped.nullable().default(null),
  endsAt: mapped.nullable().default(null),
  link: mapped.nullable().default(null),
  labels: z.record(label, mapped).default({}),
  annotations: z.record(label, mapped).default({}),
})
export type GenericMapping = z.output<typeof mapping>

/** Secrets are named by file. A file may hold several, one a line, while one is being replaced. */
const auth = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('bearer'), tokenFile: file }),
  z.strictObject({
    kind: z.literal('basic'),
    username: z
      .string()
      .min(1)
      .max(200)
      .regex(/^[^:]+$/, 'a name without a colon'),
    passwordFile: file,
  }),
])

const watchdog = z.strictObject({
  name,
  /** Labels that the alert carries: `{ alertname: Watchdog }`. */
  match: matchLabels,
  /** It has to be heard at least this often: more than the sender's repeat interval. */
  withinSeconds: z.number().min(1).max(604_800),
  severity: z.enum(['P1', 'P2', 'P3', 'P4']).default('P2'),
})

const source = z.strictObject({
  name,
  kind: z.enum(['alertmanager', 'prometheus', 'grafana', 'generic']),
  /** Without it: the installation's own webhook token. */
  auth: auth.nullable().default(null),
  /** What makes a group where the source has none (`prometheus`, `generic`). */
  groupBy: z.array(label).max(20).default(['alertname', 'service', 'namespace', 'cluster']),
  mapping: mapping.nullable().default(null),
  /** The sender's own API, asked for alerts that it left out (`max_alerts`). */
  apiUrl: z.url().nullable().default(null),
  apiTokenFile: file.nullable().default(null),
  watchdogs: z.array(watchdog).max(50).default([]),
})
export type AlertSourceConfig = z.output<typeof source>

const seconds = z.number().nonnegative().max(86_400)

/** Where alerts come from, and when they make an incident. */
export const alerting = z
  .strictObject({
    sources: z.array(source).max(100).default([]),
    /** An incident that was resolved less than this ago opens again when its group fires again. */
    flapSeconds: seconds.default(600),
    /** An incident whose alerts still fire this long after it was resolved opens again. */
    stillFiringSeconds: seconds.default(900),
    /** Open incidents of one service and severity in `stormSeconds`; further groups join the first of them. */
    stormIncidents: z.number().int().min(1).max(10_000).default(20),
    stormSeconds: seconds.default(600),
    /** How long what was received is kept. */
    keepDeliveriesDays: z.number().min(1).max(3_650).default(30),
  })
  .prefault({})
  .superRefine(({ sources }, context) => {
    const names = sources.map((each) => each.name)
    const twice = names.find((each, index) => names.indexOf(each) !== index)
    if (twice !== undefined) context.addIssue({ code: 'custom', message: `two sources are named ${twice}` })
    for (const each of sources) {
      if ((each.kind === 'generic') !== (each.mapping !== null)) {
        context.addIssue({
          code: 'custom',
          message: `source ${each.name}: a mapping belongs to the kind generic, and to no other`,
        })
      }
    }
  })

export type AlertingConfig = z.output<typeof alerting>

/** The same with paths relative to the configuration file made absolute. */
export function resolveAlerting(base: string, config: AlertingConfig): AlertingConfig {
  const absolute = (given: string): string => path.resolve(base, given)
  return {
    ...config,
    sources: config.sources.map((each) => ({
      ...each,
      apiTokenFile: each.apiTokenFile === null ? null : absolute(each.apiTokenFile),
      auth: each.auth === null ? null : resolveAuth(absolute, each.auth),
    })),
  }
}

type Auth = z.output<typeof auth>
export type AlertSourceAuth = Auth

const resolveAuth = (absolute: (given: string) => string, given: Auth): Auth =>
  given.kind === 'bearer'
    ? { ...given, tokenFile: absolute(given.tokenFile) }
    : { ...given, passwordFile: absolute(given.passwordFile) }
