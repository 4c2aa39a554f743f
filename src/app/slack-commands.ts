import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { invoke, invokeOnce } from '../operations/index.ts'
import type { OperationDeps } from '../operations/index.ts'
import { showPlan } from './slack-run.ts'
import { keyOf, takeIncident } from './slack-take.ts'
import type { SlackReply } from './slack-take.ts'

export const HELP = [
  '/erlmcp status [INC-7]: what is open, or one incident',
  '/erlmcp ack INC-7: take it',
  '/erlmcp update INC-7 text: tell people how it stands',
  '/erlmcp resolve INC-7 why: say that it is over',
  '/erlmcp run page.md [procedure]: what it would do, and start it',
  '/erlmcp maintenance: what is announced',
  '/erlmcp oncall [service]: who is asked now',
  '/erlmcp help: this',
  '/pd trigger --title "Checkout fails" --severity high [--service checkout]: declare an incident',
  'severities: critical or P1, high or P2, medium or P3, low or P4',
].join('\n')

const SEVERITIES: Record<string, string> = {
  critical: 'P1',
  p1: 'P1',
  high: 'P2',
  p2: 'P2',
  medium: 'P3',
  p3: 'P3',
  low: 'P4',
  p4: 'P4',
}

/** @throws AppError with words for the person who typed. */
export async function runSlackCommand(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  given: { command: string; text: string },
): Promise<SlackReply> {
  const [verb = 'help', ...words] = splitWords(given.text)
  if (verb === 'trigger') return trigger(operations, actor, requestId, words)
  if (given.command === '/pd') throw unknown(`/pd ${verb}`)
  switch (verb) {
    case 'status':
      return words[0] === undefined ? listOpen(operations, actor) : showOne(operations, actor, words[0])
    case 'ack':
    case 'acknowledge':
      return takeIncident(operations, actor, requestId, nameIn(words, 'ack'))
    case 'resolve': {
      const id = nameIn(words, 'resolve')
      const reason = words.slice(1).join(' ') || `resolved in Slack by ${actor.id}`
      const answer = await invokeOnce(operations, actor, 'incident.resolve', { id, reason }, keyOf(requestId))
      const done = z.object({ incident: z.string(), resolved: z.boolean() }).parse(answer)
      return {
        text: done.resolved ? `${done.incident}: you say it is over.` : `${done.incident} was over already.`,
      }
    }
    case 'update':
      return update(operations, actor, requestId, words)
    case 'run':
      return showPlan(operations, actor, words)
    case 'maintenance':
      return maintenance(operations, actor)
    case 'oncall':
      return oncall(operations, actor, words[0])
    default:
      throw unknown(verb)
  }
}

const unknown = (what: string): AppError =>
  new AppError('input_invalid', `there is no command ${what.slice(0, 50)}`, { action: 'Type /erlmcp help' })

function nameIn(words: readonly string[], verb: string): string {
  const [name] = words
  if (name !== undefined) return name
  throw new AppError('input_invalid', `${verb} of which incident?`, { action: `Type /erlmcp ${verb} INC-7` })
}

/** Words as people type them: quotes of any kind hold words together. */
export function splitWords(text: string): string[] {
  const plain = text.replaceAll(/[“”„]/g, '"').replaceAll(/[‘’]/g, "'")
  return [...plain.matchAll(/"([^"]*)"|'([^']*)'(?=\s|$)|(\S+)/g)].map(
    ([, double, single, bare]) => double ?? single ?? bare ?? '',
  )
}

async function trigger(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  words: readonly string[],
): Promise<SlackReply> {
  const flags = flagsOf(words)
  const severity = SEVERITIES[(flags['severity'] ?? 'high').toLowerCase()]
  if (severity === undefined) {
    throw new AppError('input_invalid', `${flags['severity'] ?? ''} is no severity`, {
      action: 'Use critical, high, medium or low, or P1 to P4',
    })
  }
  if (flags['title'] === undefined || flags['title'] === '') {
    throw new AppError('input_invalid', 'an incident needs a title', {
      action: 'Type /pd trigger --title "Checkout fails" --severity high',
    })
  }
  const service = flags['service'] === undefined ? {} : { service: flags['service'] }
  const input = { title: flags['title'], severity, ...service }
  const answer = await invokeOnce(operations, actor, 'incident.declare', input, keyOf(requestId))
  const done = z.object({ incident: z.string() }).parse(answer)
  return { text: `${done.incident} is declared as ${severity}: ${input.title}` }
}

async function update(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  words: readonly string[],
): Promise<SlackReply> {
  const id = nameIn(words, 'update')
  const text = words.slice(1).join(' ')
  if (text === '') {
    throw new AppError('input_invalid', 'an update needs words', {
      action: `Type /erlmcp update ${id} we are rolling back`,
    })
  }
  const answer = await invokeOnce(operations, actor, 'incident.update', { id, text }, keyOf(requestId))
  const done = z.object({ incident: z.string(), missing: z.array(z.string()) }).parse(answer)
  const lacks = done.missing.length === 0 ? '' : ` Nobody has said: ${done.missing.join(', ')}.`
  return { text: `People hear of ${done.incident}.${lacks}` }
}

/** What is announced on the status page and not over. */
async function maintenance(operations: OperationDeps, actor: Actor): Promise<SlackReply> {
  const { entries } = z
    .object({
      entries: z.array(
        z.object({
          kind: z.string(),
          title: z.string(),
          from: z.date().nullable(),
          to: z.date().nullable(),
          closedAt: z.date().nullable(),
          posts: z.array(z.object({ state: z.string() })),
        }),
      ),
    })
    .parse(await invoke(operations, actor, 'status-page.show', {}))
  const minute = (at: Date | null): string => at?.toISOString().slice(0, 16).replace('T', ' ') ?? '?'
  const lines = entries
    .filter((entry) => entry.kind === 'maintenance' && entry.closedAt === null)
    .map(
      (entry) =>
        `${entry.title}: ${entry.posts[0]?.state ?? ''}, ${minute(entry.from)} to ${minute(entry.to)} UTC`,
    )
  return { text: lines.length === 0 ? 'No maintenance is announced.' : lines.join('\n') }
}

const FLAGS = ['title', 'severity', 'service']

/** `--title "…"`, `--title=…`; the dashes may be the long ones that keyboards make of two. */
function flagsOf(words: readonly string[]): Record<string, string> {
  const flags: Record<string, string> = {}
  for (let index = 0; index < words.length; index += 1) {
    const [, name = '', own] = /^(?:--|—|–)([a-z]+)(?:=(.*))?$/s.exec(words[index] ?? '') ?? []
    if (!FLAGS.includes(name)) {
      throw new AppError('input_invalid', `${(words[index] ?? '').slice(0, 50)} is not understood`, {
        action:
          'Put a title of several words in quotes: /pd trigger --title "Checkout fails" --severity high',
      })
    }
    if (own === undefined) index += 1
    flags[name] = own ?? words[index] ?? ''
  }
  return flags
}

const shown = z.object({
  name: z.string(),
  title: z.string(),
  severity: z.string(),
  state: z.string(),
  service: z.string().nullable(),
  acknowledgedBy: z.string().nullable(),
})
const lineOf = (one: z.output<typeof shown>): string =>
  `${one.name} [${one.severity}] ${one.title}: ${one.state}, ${one.acknowledgedBy ?? 'nobody has taken it'}`

async function listOpen(operations: OperationDeps, actor: Actor): Promise<SlackReply> {
  const answer = await invoke(operations, actor, 'incident.list', { state: 'active', limit: 20 })
  const { incidents } = z.object({ incidents: z.array(shown) }).parse(answer)
  return { text: incidents.length === 0 ? 'Nothing is open.' : incidents.map(lineOf).join('\n') }
}

async function showOne(operations: OperationDeps, actor: Actor, id: string): Promise<SlackReply> {
  const answer = await invoke(operations, actor, 'incident.show', { id })
  const { timeline } = z
    .object({ timeline: z.array(z.object({ at: z.coerce.date(), message: z.string() })) })
    .parse(answer)
  const last = timeline.slice(-8).map((entry) => `${entry.at.toISOString().slice(11, 16)} ${entry.message}`)
  return { text: [lineOf(shown.parse(answer)), ...last].join('\n').slice(0, 3_500) }
}

async function oncall(
  operations: OperationDeps,
  actor: Actor,
  service: string | undefined,
): Promise<SlackReply> {
  const input = service === undefined ? {} : { service }
  const answer = z
    .object({
      severities: z.array(
        z.object({
          severity: z.string(),
          links: z.array(z.object({ link: z.string(), people: z.array(z.string()) })),
        }),
      ),
    })
    .parse(await invoke(operations, actor, 'oncall.who', input))
  const lines = answer.severities.map(({ severity, links }) => {
    const all = links.map(({ link, people }) => `${link} (${people.join(', ') || 'nobody'})`)
    return `${severity}: ${all.join(', then ')}`
  })
  return { text: lines.join('\n') }
}
