import path from 'node:path'
import { z } from 'zod'

const file = z.string().min(1).max(4_096)
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|\[::1\])$/

const email = z
  .strictObject({
    host: z.string().min(1).max(253),
    /** Default 465 for tls, 587 for starttls, 25 for none. */
    port: z.number().int().min(1).max(65_535).optional(),
    security: z.enum(['tls', 'starttls', 'none']).default('starttls'),
    user: z.string().min(1).max(320).nullable().default(null),
    /** Holds the password and nothing else. */
    passwordFile: file.nullable().default(null),
    from: z.string().min(3).max(320),
    /** Where messages without an address go. */
    to: z.email().nullable().default(null),
    /** PEM of an authority beside the known ones. */
    caFile: file.nullable().default(null),
  })
  .superRefine((given, context) => {
    if ((given.user === null) !== (given.passwordFile === null))
      context.addIssue({ code: 'custom', message: 'user and passwordFile are given together or not at all' })
    if (given.user !== null && given.security === 'none' && !LOOPBACK.test(given.host))
      context.addIssue({ code: 'custom', message: 'a password is not sent without TLS; set security' })
  })

const webhook = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).max(2_048),
  /** Holds the secret that signs every request; at least 16 characters. */
  secretFile: file,
  /** The host is one of this machine or its networks, and is meant to be. */
  inside: z.boolean().default(false),
})

const id = z.string().regex(/^[A-Z0-9]{2,40}$/)
const person = z.string().regex(/^person:\S{1,200}$/)
const serviceUrl = (url: string) =>
  z
    .url({ protocol: /^https?$/ })
    .max(2_048)
    .default(url)

const pagerduty = z.strictObject({
  /** Files with an integration key of Events API v2 each, by name: the target of a message; `default` without one. */
  routingKeyFiles: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), file),
  /** Files with the secrets of webhook subscriptions; several while one is replaced. None: no webhooks are taken. */
  webhookSecretFiles: z.array(file).max(10).default([]),
  /** Who a user of PagerDuty is here: `PABC123: person:ada`. */
  people: z.record(id, person).default({}),
  eventsUrl: serviceUrl('https://events.pagerduty.com'),
  /** Holds a REST API key (read only), with which schedules are read that the on-call file names. */
  apiTokenFile: file.nullable().default(null),
  apiUrl: serviceUrl('https://api.pagerduty.com'),
})

const slack = z.strictObject({
  /** Holds the bot token (`xoxb-…`). */
  tokenFile: file,
  /** Holds the signing secret; without it nothing that comes from Slack is taken. */
  signingSecretFile: file.nullable().default(null),
  /** Where cards stand: `#incidents` or `C0123456789`. */
  channel: z.string().min(2).max(100),
  /** Who a member of the workspace is here: `U0123456789: person:ada`. */
  people: z.record(id, person).default({}),
  apiUrl: serviceUrl('https://slack.com/api/'),
})

const destination = z.strictObject({
  channel: z.enum(['console', 'email', 'webhook', 'slack']),
  /** `#incidents`, `ops@example.com`, the name of a webhook; left out: the channel's own. */
  target: z.string().min(1).max(320).nullable().default(null),
})

/** The messages that pages bring: acknowledgement, status update, resolution, summary. */
const messages = z
  .strictObject({
    /** What the names on pages mean: `'#incidents': { channel: slack, target: C0123456789 }`. */
    places: z.record(z.string().min(1).max(300), destination).default({}),
    /** Where a message goes whose page names no place; default Slack where it is configured, else the console. */
    standard: destination.nullable().default(null),
    /** Kinds that a person reads before they go out. */
    hold: z.array(z.enum(['acknowledgement', 'status-update', 'resolution', 'summary'])).default(['summary']),
  })
  .prefault({})

/** Ways to reach people, beside the console. */
export const channels = z
  .strictObject({
    email: email.nullable().default(null),
    /** By name: the target of a message to the channel `webhook`; `default` for messages without one. */
    webhooks: z.record(z.string().regex(/^[a-z0-9][a-z0-9-]{0,62}$/), webhook).default({}),
    pagerduty: pagerduty.nullable().default(null),
    slack: slack.nullable().default(null),
    messages,
  })
  .prefault({})

export type ChannelsConfig = z.output<typeof channels>

export const oncall = z
  .strictObject({
    /** Who is on call; default `erlmcp.oncall.yaml` beside the configuration file, where there is one. */
    file: file.nullable().default(null),
  })
  .prefault({})

/** The same with paths relative to the configuration file made absolute. */
export function resolveChannels(base: string, given: ChannelsConfig): ChannelsConfig {
  const absolute = (name: string | null): string | null => (name === null ? null : path.resolve(base, name))
  return {
    messages: given.messages,
    email:
      given.email === null
        ? null
        : {
            ...given.email,
            passwordFile: absolute(given.email.passwordFile),
            caFile: absolute(given.email.caFile),
          },
    webhooks: Object.fromEntries(
      Object.entries(given.webhooks).map(([name, each]) => [
        name,
        { ...each, secretFile: path.resolve(base, each.secretFile) },
      ]),
    ),
    pagerduty:
      given.pagerduty === null
        ? null
        : {
            ...given.pagerduty,
            routingKeyFiles: Object.fromEntries(
              Object.entries(given.pagerduty.routingKeyFiles).map(([name, each]) => [
                name,
                path.resolve(base, each),
              ]),
            ),
            apiTokenFile: absolute(given.pagerduty.apiTokenFile),
            webhookSecretFiles: given.pagerduty.webhookSecretFiles.map((each) => path.resolve(base, each)),
          },
    slack:
      given.slack === null
        ? null
        : {
            ...given.slack,
            tokenFile: path.resolve(base, given.slack.tokenFile),
            signingSecretFile: absolute(given.slack.signingSecretFile),
          },
  }
}
