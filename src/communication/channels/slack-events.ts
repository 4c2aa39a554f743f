import { z } from 'zod'

/** The callback of the shortcut "Put on the timeline" in deploy/slack-app-manifest.yaml. */
const MARK = 'erlmcp_timeline'

const ts = z.string().regex(/^\d{1,15}\.\d{1,9}$/)
const id = z.string().min(1).max(50)
const text = z.string().max(40_000).default('')

const messageAction = z.object({
  type: z.literal('message_action'),
  callback_id: z.literal(MARK),
  trigger_id: z.string().min(1).max(200),
  response_url: z.url().max(1_000),
  user: z.object({ id }),
  channel: z.object({ id }),
  message: z.object({ ts, thread_ts: ts.optional(), text, user: id.optional() }),
})

const envelope = z.object({
  type: z.literal('event_callback'),
  event_id: z.string().min(1).max(200),
  event: z.discriminatedUnion('subtype', [
    z.object({
      type: z.literal('message'),
      subtype: z.literal('message_changed'),
      channel: id,
      message: z.object({ ts, text, edited: z.object({ user: id }).nullish() }),
    }),
    z.object({
      type: z.literal('message'),
      subtype: z.literal('message_deleted'),
      channel: id,
      deleted_ts: ts,
    }),
  ]),
})
const challenge = z.object({ type: z.literal('url_verification'), challenge: z.string().min(1).max(1_000) })

/** What happens to messages in Slack, as far as erlmcp follows it. */
export const slackNews = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('mark'),
    channel: z.string(),
    ts: z.string(),
    thread: z.string().nullable(),
    text: z.string(),
    author: z.string().nullable(),
  }),
  z.object({
    kind: z.literal('edited'),
    channel: z.string(),
    ts: z.string(),
    text: z.string(),
    by: z.string().nullable(),
  }),
  z.object({ kind: z.literal('deleted'), channel: z.string(), ts: z.string() }),
])
export type SlackNews = z.output<typeof slackNews>

/** A shortcut on a message. `payload`: of the form, as JSON. */
export function readSlackMark(payload: unknown) {
  const parsed = messageAction.safeParse(payload)
  if (!parsed.success) return null
  const { trigger_id: requestId, response_url: responseUrl, user, channel, message } = parsed.data
  const ask: SlackNews = {
    kind: 'mark',
    channel: channel.id,
    ts: message.ts,
    thread: message.thread_ts ?? null,
    text: plainSlack(message.text),
    author: message.user ?? null,
  }
  return { id: requestId, user: user.id, responseUrl, ask }
}

/** An event: the words with which Slack tries the address out, what became of a message, or `null`. */
export function readSlackEvent(body: unknown) {
  const asked = challenge.safeParse(body)
  if (asked.success) return { challenge: asked.data.challenge }
  const parsed = envelope.safeParse(body)
  if (!parsed.success) return null
  const { event, event_id: eventId } = parsed.data
  const ask: SlackNews =
    event.subtype === 'message_changed'
      ? {
          kind: 'edited',
          channel: event.channel,
          ts: event.message.ts,
          text: plainSlack(event.message.text),
          by: event.message.edited?.user ?? null,
        }
      : { kind: 'deleted', channel: event.channel, ts: event.deleted_ts }
  return { request: { id: eventId, user: 'slack', responseUrl: '', ask } }
}

/** Slack's text as people read it: mentions and links are spelled out, escapes undone. At most 3,500 characters. */
export const plainSlack = (written: string): string =>
  written
    .replaceAll(
      /<([@#!])([^>|]{1,100})(?:\|([^>]{0,200}))?>/g,
      (_all, sign: string, of: string, label?: string) => `${sign === '#' ? '#' : '@'}${label ?? of}`,
    )
    .replaceAll(
      /<((?:https?|mailto):[^>|]{1,2000})(?:\|([^>]{0,500}))?>/g,
      (_all, url: string, label?: string) =>
        label === undefined || label === url ? url : `${label} (${url})`,
    )
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&')
    .slice(0, 3_500)
    .toWellFormed()
    .replaceAll('\0', '')
