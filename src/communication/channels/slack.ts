// Slack has a method of that name, which is no window's
/* oxlint-disable unicorn/require-post-message-target-origin */
import {
  WebAPIHTTPError,
  WebAPIPlatformError,
  WebAPIRateLimitedError,
  WebAPIRequestError,
  WebClient,
} from '@slack/web-api'
import type { Channel, ChannelFinding, ChannelMessage, Sent } from './channel.ts'
import { blocksOf, textOf } from './slack-blocks.ts'
import { testMessage } from './test-message.ts'

export interface SlackWorkspace {
  token: string
  /** Where messages without a target go: `#incidents` or `C0123456789`. */
  channel: string
  /** `https://slack.com/api/` */
  apiUrl: string
  now(): Date
}

const TIMEOUT_MS = 8_000
/** Blocks of one message hold about 13,000 characters together; escapes take some of them. */
const MAX_BODY = 9_000
/** chat.postMessage takes one message a second for each channel. */
const PER_SECOND = 1
const MAX_PAUSE_MS = 3_600_000

/**
 * Posts messages with Slack's Web API. The reference of a message is its channel and time; a newer version edits it, what has
 * a parent stands in its thread. Slack has no key that makes a repeated post one: a process that dies between the post and
 * its record leaves two messages.
 */
export function createSlackChannel(workspace: SlackWorkspace): Channel {
  return {
    name: 'slack',
    limits: { perSecond: PER_SECOND, maxBodyCharacters: MAX_BODY },
    send: (message, signal) => send(workspace, message, signal),
    check: (target, signal) => check(workspace, target, signal),
  }
}

/** One client for each request: its own queue, retries and pauses would hide what the outbox has to know. */
function clientOf({ token, apiUrl }: SlackWorkspace, signal: AbortSignal): WebClient {
  return new WebClient(token, {
    slackApiUrl: apiUrl.endsWith('/') ? apiUrl : `${apiUrl}/`,
    timeout: TIMEOUT_MS,
    rejectRateLimitedCalls: true,
    retryConfig: { retries: 0 },
    allowAbsoluteUrls: false,
    logger: SILENT,
    fetch: (url, init) =>
      globalThis.fetch(url, {
        ...(init as RequestInit),
        signal: AbortSignal.any([signal, ...(init?.signal === undefined ? [] : [init.signal])]),
      }),
  })
}

const nothing = (): void => undefined
/** What goes wrong is told by the outcome; the client's own log would repeat requests. */
const SILENT = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  setLevel: nothing,
  getLevel: () => 'error' as never,
  setName: nothing,
}

interface Place {
  channel: string
  ts: string
}

/** `C0123456789:1700000000.000100` */
function placeOf(reference: string | null): Place | null {
  const [, channel, ts] = /^([A-Z0-9]+):(\d+\.\d+)$/.exec(reference ?? '') ?? []
  return channel === undefined || ts === undefined ? null : { channel, ts }
}

async function send(workspace: SlackWorkspace, message: ChannelMessage, signal: AbortSignal): Promise<Sent> {
  const client = clientOf(workspace, signal)
  const parent = placeOf(message.parent)
  if (message.kind === 'detail' && parent === null)
    return { outcome: 'refused', reason: 'the card in whose thread it belongs was not sent' }
  const content = { text: textOf(message), blocks: blocksOf(message) }
  const before = placeOf(message.replaces)
  try {
    if (before !== null) {
      const edited = await edit(client, before, content)
      if (edited !== null) return edited
    }
    const posted = await client.chat.postMessage({
      channel: parent?.channel ?? message.target ?? workspace.channel,
      ...content,
      ...(parent === null ? {} : { thread_ts: parent.ts }),
      parse: 'none',
      link_names: false,
      unfurl_links: false,
      unfurl_media: false,
      metadata: { event_type: 'erlmcp_message', event_payload: { key: message.dedupKey } },
    })
    return { outcome: 'sent', reference: `${posted.channel ?? ''}:${posted.ts ?? ''}` }
  } catch (error) {
    return outcomeOf(error)
  }
}

/** `null`: the message is gone, or can be edited no more; it is posted anew. */
async function edit(
  client: WebClient,
  { channel, ts }: Place,
  content: { text: string; blocks: ReturnType<typeof blocksOf> },
): Promise<Sent | null> {
  try {
    await client.chat.update({ channel, ts, ...content, parse: 'none', link_names: false })
    return { outcome: 'sent', reference: `${channel}:${ts}` }
  } catch (error) {
    const code = error instanceof WebAPIPlatformError ? error.data.error : ''
    if (['message_not_found', 'cant_update_message', 'edit_window_closed'].includes(code)) return null
    throw error
  }
}

/** Slack's own troubles, after which the same message can pass. */
const PASSING = new Set([
  'ratelimited',
  'rate_limited',
  'message_limit_exceeded',
  'internal_error',
  'fatal_error',
  'service_unavailable',
  'request_timeout',
  'team_added_to_org',
])

function outcomeOf(error: unknown): Sent {
  if (error instanceof WebAPIRateLimitedError) {
    const wait = Math.min(MAX_PAUSE_MS, Math.max(0, error.retryAfter * 1_000))
    return {
      outcome: 'retry',
      reason: `Slack asks to wait ${error.retryAfter} s`,
      retryAfterMs: Number.isFinite(wait) ? wait : null,
    }
  }
  if (error instanceof WebAPIPlatformError) {
    const { error: code } = error.data
    if (PASSING.has(code)) return { outcome: 'retry', reason: wordsOf(code), retryAfterMs: null }
    const details = error.data.response_metadata?.messages?.join('; ').slice(0, 200) ?? ''
    return { outcome: 'refused', reason: `${wordsOf(code)}${details === '' ? '' : ` ${details}`}` }
  }
  if (error instanceof WebAPIHTTPError) {
    const { statusCode } = error
    if (statusCode >= 500 || statusCode === 429 || statusCode === 408)
      return { outcome: 'retry', reason: `HTTP ${statusCode} from Slack`, retryAfterMs: null }
    return { outcome: 'refused', reason: `HTTP ${statusCode} from Slack` }
  }
  return { outcome: 'retry', reason: reasonOf(error), retryAfterMs: null }
}

/** Slack's codes, with what to do. */
const WORDS: Record<string, string> = {
  invalid_auth:
    'Slack does not know the token; put the bot token of the installed app (xoxb-…) into the token file',
  not_authed: 'no token was sent; the token file is empty',
  account_inactive: 'the app was removed from the workspace, or its token withdrawn; install it again',
  token_revoked: 'the token was withdrawn; install the app again and write the new token into the token file',
  token_expired: 'the token has expired; switch token rotation off for the app, or write a new one',
  channel_not_found:
    'Slack shows this app no such channel; check the name, or invite the app where it is private',
  not_in_channel: 'the app is not in the channel; invite it with /invite @erlmcp, or grant chat:write.public',
  is_archived: 'the channel is archived; bring it back, or configure another one',
  missing_scope: 'the app lacks a scope; install it again with those of deploy/slack-app-manifest.yaml',
  restricted_action: 'the workspace does not let apps post there; ask its administrator',
  invalid_blocks: 'Slack refuses the form of the message',
  msg_too_long: 'the message is too long for Slack',
  msg_blocks_too_long: 'the message is too long for Slack',
}
const wordsOf = (code: string): string => `${code}${WORDS[code] === undefined ? '' : `: ${WORDS[code]}`}`

function reasonOf(error: unknown): string {
  const inner = error instanceof WebAPIRequestError ? error.original : error
  const cause = inner instanceof Error && inner.cause instanceof Error ? inner.cause : inner
  return cause instanceof Error ? cause.message : String(cause)
}

async function check(
  workspace: SlackWorkspace,
  target: string | null,
  signal: AbortSignal,
): Promise<ChannelFinding[]> {
  const findings: ChannelFinding[] = []
  try {
    const who = await clientOf(workspace, signal).auth.test()
    const said = `Slack knows the token: ${who.user ?? 'the app'} in ${who.team ?? 'a workspace'}`
    findings.push({ ok: true, what: 'token', said })
  } catch (error) {
    const sent = outcomeOf(error)
    const said = `Slack did not take the token: ${sent.outcome === 'sent' ? '' : sent.reason}`
    return [{ ok: false, what: 'token', said }]
  }
  const where = target ?? workspace.channel
  const sent = await send(workspace, testMessage(target, workspace.now()), signal)
  findings.push({
    ok: sent.outcome === 'sent',
    what: 'test message',
    said:
      sent.outcome === 'sent'
        ? `${where} shows a test message`
        : `${where} does not take the test message: ${sent.reason}`,
  })
  return findings
}
