import type { ChatPostMessageArguments } from '@slack/web-api'
import { z } from 'zod'
import type { ChannelMessage } from './channel.ts'

export type SlackBlocks = NonNullable<Extract<ChatPostMessageArguments, { blocks: unknown }>['blocks']>
export type SlackBlock = SlackBlocks[number]

/** Limits of Block Kit, in characters. */
const MAX = { header: 150, section: 3_000, field: 2_000, button: 75, value: 2_000, blockId: 255, text: 3_900 }
const MAX_OPTIONS = 5

/** What a card shows; written by erlmcp, read from the message's `data`. */
export const card = z.object({
  incident: z.string(),
  incidentId: z.string(),
  title: z.string(),
  severity: z.string(),
  state: z.string(),
  service: z.string().nullable(),
  elapsed: z.string(),
  since: z.string(),
  who: z.string().nullable(),
  runbook: z.string().nullable(),
  next: z.string().nullable(),
  /** Where the incident can be looked at; `null`: nowhere that is known. */
  url: z.string().nullable(),
  acknowledge: z.boolean(),
  /** What waits for a person. */
  question: z
    .object({
      runId: z.string(),
      options: z.array(z.object({ id: z.string(), label: z.string(), risk: z.string().nullable() })),
    })
    .nullable(),
})
export type SlackCard = z.output<typeof card>

/** `&`, `<` and `>` begin mentions and links in Slack's texts; nothing else is active in plain text. */
export const escapeSlack = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

/** The line that stands in notifications and where blocks cannot be shown. */
export function textOf(message: ChannelMessage): string {
  return cut(escapeSlack(message.subject ?? message.body), MAX.text)
}

/** The message as blocks: a card for `card`, plain text for everything else. Nothing from outside is ever markup. */
export function blocksOf(message: ChannelMessage): SlackBlocks {
  if (message.kind === 'card') {
    const parsed = card.safeParse(message.data)
    if (parsed.success) return cardBlocks(parsed.data, message.dedupKey)
  }
  const subject = message.subject
  const body =
    subject !== null && !message.body.startsWith(subject) ? `${subject}\n${message.body}` : message.body
  return inSections(body)
}

/** Text that is shown to the letter, in a box of its own. */
export const preformatted = (text: string): SlackBlock => ({
  type: 'rich_text',
  elements: [
    { type: 'rich_text_preformatted', elements: [{ type: 'text', text: text === '' ? ' ' : text }] },
  ],
})

export const plain = (text: string, limit: number) => ({
  type: 'plain_text' as const,
  text: cut(escapeSlack(text), limit),
  emoji: false,
})

export const section = (text: string): SlackBlock => ({ type: 'section', text: plain(text, MAX.section) })

export const button = (actionId: string, label: string, value: string, style?: 'primary' | 'danger') => ({
  type: 'button' as const,
  action_id: actionId,
  text: plain(label, MAX.button),
  value: value.slice(0, MAX.value),
  ...(style === undefined ? {} : { style }),
})

function cardBlocks(given: SlackCard, key: string): SlackBlocks {
  const fields = [
    `Incident\n${given.incident}`,
    `State\n${given.state}`,
    `Service\n${given.service ?? 'unknown'}`,
    `Open for\n${given.elapsed}, since ${given.since}`,
    `Who\n${given.who ?? 'nobody yet'}`,
    `Runbook\n${given.runbook ?? 'none fits'}`,
  ]
  const actions = actionsOf(given)
  return [
    { type: 'header', text: plain(`[${given.severity}] ${given.title}`, MAX.header) },
    { type: 'section', fields: fields.map((field) => plain(field, MAX.field)) },
    ...(given.next === null ? [] : [section(`Next: ${given.next}`)]),
    ...(actions.length === 0
      ? []
      : [
          {
            type: 'actions' as const,
            // another one for each version, so that the buttons are those of the text above them
            block_id: key.slice(-MAX.blockId),
            elements: actions,
          },
        ]),
  ]
}

function actionsOf(given: SlackCard) {
  const { question } = given
  const options = question?.options.slice(0, MAX_OPTIONS) ?? []
  return [
    ...(given.acknowledge ? [button('acknowledge', 'Acknowledge', given.incidentId, 'primary')] : []),
    ...options.map((option, index) =>
      button(
        `show-${index + 1}`,
        `Look at ${index + 1}: ${option.label}`,
        JSON.stringify([question?.runId, option.id]),
      ),
    ),
    ...(question === null ? [] : [button('reject', 'Reject all', question.runId, 'danger')]),
    ...(given.url === null
      ? []
      : [
          {
            type: 'button' as const,
            action_id: 'open',
            text: plain('Open erlmcp', MAX.button),
            url: given.url,
          },
        ]),
  ]
}

function inSections(body: string): SlackBlocks {
  const blocks: SlackBlocks = []
  let rest = escapeSlack(body)
  while (rest !== '') {
    let end = rest.length
    if (end > MAX.section) {
      const line = rest.lastIndexOf('\n', MAX.section)
      end = line > MAX.section / 2 ? line + 1 : wholeUpTo(rest, MAX.section)
    }
    blocks.push({ type: 'section', text: { type: 'plain_text', text: rest.slice(0, end), emoji: false } })
    rest = rest.slice(end)
  }
  return blocks
}

/** The end of at most `limit` characters that splits neither an escape nor a character. */
function wholeUpTo(text: string, limit: number): number {
  const open = text.lastIndexOf('&', limit - 1)
  let end = open > limit - 5 && !text.slice(open, limit).includes(';') ? open : limit
  if (/[\uD800-\uDBFF]/.test(text.charAt(end - 1))) end -= 1
  return end
}

function cut(text: string, limit: number): string {
  if (text.length <= limit) return text
  return `${text.slice(0, wholeUpTo(text, limit - 1))}…`
}
