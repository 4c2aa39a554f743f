import { readFile } from 'node:fs/promises'
import type { Clock } from '../base/clock.ts'
import { AppError, messageOf } from '../base/error.ts'
import { checkOutgoing } from '../base/outgoing.ts'
import {
  createConsoleChannel,
  createEmailChannel,
  createPagerDutyChannel,
  createSlackChannel,
  createWebhookChannel,
  pinnedFetch,
} from '../communication/index.ts'
import type { Channel, WebhookEndpoint } from '../communication/index.ts'
import type { AppOptions } from './options.ts'

const MIN_SECRET = 16

/** The ways to reach people that are configured. Each new one is a line here and a file in communication/channels. */
export async function openChannels(
  options: Pick<AppOptions, 'config' | 'write'>,
  clock: Clock,
): Promise<Channel[]> {
  const { email, webhooks, pagerduty, slack } = options.config.channels
  const channels = [createConsoleChannel(options.write)]
  if (email !== null) channels.push(await openEmail(email, clock))
  if (Object.keys(webhooks).length > 0) channels.push(await openWebhooks(webhooks, clock))
  if (pagerduty !== null)
    channels.push(await openPagerDuty(pagerduty, options.config.http.publicUrl ?? null, clock))
  if (slack !== null) {
    const token = await secretOf(slack.tokenFile, 'channels.slack.tokenFile', 1)
    const { channel, apiUrl } = slack
    channels.push(createSlackChannel({ token, channel, apiUrl, now: () => clock.now() }))
  }
  return channels
}

async function openPagerDuty(
  {
    routingKeyFiles,
    eventsUrl,
    apiTokenFile,
    apiUrl,
  }: NonNullable<AppOptions['config']['channels']['pagerduty']>,
  clientUrl: string | null,
  clock: Clock,
): Promise<Channel> {
  const routingKeys: Record<string, string> = {}
  for (const [name, file] of Object.entries(routingKeyFiles))
    routingKeys[name] = await secretOf(file, `channels.pagerduty.routingKeyFiles.${name}`, 1)
  const rest =
    apiTokenFile === null
      ? {}
      : {
          rest: {
            token: await secretOf(apiTokenFile, 'channels.pagerduty.apiTokenFile', 1),
            apiUrl,
            fetch: globalThis.fetch,
          },
        }
  return createPagerDutyChannel({
    ...rest,
    routingKeys,
    eventsUrl,
    clientUrl,
    fetch: globalThis.fetch,
    now: () => clock.now(),
  })
}

async function openEmail(
  email: NonNullable<AppOptions['config']['channels']['email']>,
  clock: Clock,
): Promise<Channel> {
  const { user, passwordFile } = email
  return createEmailChannel(
    {
      host: email.host,
      port: email.port ?? { tls: 465, starttls: 587, none: 25 }[email.security],
      security: email.security,
      login:
        user === null || passwordFile === null
          ? null
          : { user, password: await secretOf(passwordFile, 'channels.email.passwordFile', 1) },
      from: email.from,
      defaultTo: email.to,
      ca: email.caFile === null ? null : await secretOf(email.caFile, 'channels.email.caFile', 1),
    },
    () => clock.now(),
  )
}

async function openWebhooks(
  webhooks: AppOptions['config']['channels']['webhooks'],
  clock: Clock,
): Promise<Channel> {
  const endpoints: Record<string, WebhookEndpoint> = {}
  const allowHosts: string[] = []
  for (const [name, { url, secretFile, inside }] of Object.entries(webhooks)) {
    if (inside) allowHosts.push(new URL(url).hostname.replace(/^\[|\]$/g, ''))
    endpoints[name] = {
      url,
      secret: await secretOf(secretFile, `channels.webhooks.${name}.secretFile`, MIN_SECRET),
    }
  }
  return createWebhookChannel({
    endpoints,
    fetch: pinnedFetch(() => ({ allowHosts })),
    now: () => clock.now(),
    refuseUrl: (url) => refuse(url, allowHosts),
  })
}

/** Why no message is sent there; a name that cannot be looked up now is no reason: it is tried again. */
async function refuse(url: URL, allowHosts: readonly string[]): Promise<string | null> {
  try {
    await checkOutgoing(url.href, { allowHosts })
    return null
  } catch (error) {
    if (error instanceof AppError) return `${error.message}; set \`inside: true\` where that is meant`
    throw error
  }
}

/** What a file holds, without the white space around it. */
export async function secretOf(file: string, key: string, minLength: number): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError('not_found', `${key}: ${file} cannot be read: ${messageOf(error)}`, {
      action: 'Check the path and its permissions.',
      cause: error,
    })
  })
  const secret = text.trim()
  if (secret.length >= minLength) return secret
  throw new AppError('input_invalid', `${key}: ${file} holds fewer than ${minLength} characters`, {
    action: 'Put a longer secret there, for instance of `openssl rand -hex 32`.',
  })
}
