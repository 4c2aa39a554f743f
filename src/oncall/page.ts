import { assertNever } from '../base/error.ts'
import { newId } from '../base/id.ts'
import type { IncidentRow, Transaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { EscalationDeps } from './policy.ts'
import type { Reachable } from './reach.ts'
import type { Contact } from './roster.ts'
import type { EscalationReason, EscalationRow } from './settle.ts'

/** One link that is asked now. */
export interface Call {
  incident: IncidentRow
  row: EscalationRow
  /** The word of the severity matrix. */
  link: string
  /** How many links there are. */
  links: number
  people: readonly Reachable[]
}

/**
 * Pages the people of one link: for each person and way one row, and its message, in the caller's transaction. A row that is
 * there already pages nobody a second time.
 */
export async function pageLink(
  trx: Transaction,
  at: Date,
  deps: Pick<EscalationDeps, 'queuePage'>,
  call: Call,
): Promise<void> {
  const told: string[] = []
  for (const person of call.people) {
    for (const way of waysOf(person, call.row.round)) {
      const paged = await pageOnce(trx, at, deps, call, person, way)
      if (paged) told.push(`${person.name} (${way.contact.channel})`)
    }
  }
  if (told.length === 0) return
  const { row } = call
  await addTimeline(trx, at, {
    incidentId: call.incident.id,
    kind: 'escalation.paged',
    actor: 'system:erlmcp',
    message: `Paged ${told.join(', ')} as ${call.link}${row.round > 1 ? `, round ${row.round}` : ''}: ${whyOf(call, at)}`,
    data: { reason: row.reason, round: row.round, level: row.level + 1, link: call.link },
  })
}

interface Way {
  contact: Contact
  fallbacks: readonly Contact[]
}

/** First by one way, with the others in reserve; once a whole round went unanswered, by every way at once. */
function waysOf(person: Reachable, round: number): Way[] {
  if (round > 1) return person.contacts.map((contact) => ({ contact, fallbacks: [] }))
  const [contact, ...fallbacks] = person.contacts
  return contact === undefined ? [] : [{ contact, fallbacks }]
}

async function pageOnce(
  trx: Transaction,
  at: Date,
  deps: Pick<EscalationDeps, 'queuePage'>,
  call: Call,
  person: Reachable,
  way: Way,
): Promise<boolean> {
  const { incident, row } = call
  const place = { channel: way.contact.channel, target: way.contact.target }
  const page = await trx
    .insertInto('escalation_page')
    .values({
      id: newId('page'),
      incident_id: incident.id,
      reason: row.reason,
      subject: row.subject,
      round: row.round,
      level: row.level,
      link: call.link,
      person: person.person,
      channel: place.channel,
      target: place.target ?? '',
      at,
      withdrawn_at: null,
    })
    .onConflict((conflict) => conflict.doNothing())
    .returning('id')
    .executeTakeFirst()
  if (page === undefined) return false
  await deps.queuePage(trx, at, {
    kind: 'page',
    id: page.id,
    incidentId: incident.id,
    ...place,
    fallbacks: way.fallbacks.map(({ channel, target }) => ({ channel, target })),
    subject: subjectOf(call),
    body: bodyOf(call, person, at),
    data: dataOf(call, person),
    dedupKey: ['page', incident.id, row.reason, row.subject, row.round, row.level, person.person]
      .concat(place.channel, place.target ?? '')
      .join(':')
      .slice(0, 300),
  })
  return true
}

const nameOf = (incident: IncidentRow): string => `INC-${incident.number}`

function subjectOf({ incident, row }: Call): string {
  const loud = row.round > 1 ? `ROUND ${row.round}: ` : ''
  return `${loud}[${incident.severity}] ${incident.title} (${nameOf(incident)})`.slice(0, 200)
}

function bodyOf(call: Call, person: Reachable, at: Date): string {
  const { incident, row } = call
  const name = nameOf(incident)
  const round = row.round > 1 ? `, ROUND ${row.round}: nobody has answered all the others` : ''
  return [
    subjectOf(call),
    `Service: ${incident.service ?? 'unknown'}. Open since ${clockTime(incident.opened_at)}.`,
    `Because ${whyOf(call, at)}.`,
    `You are asked as ${call.link}, level ${row.level + 1} of ${call.links}${round}.`,
    `${person.name}: ${askOf(row.reason as EscalationReason, name)}`,
  ].join('\n')
}

const clockTime = (at: Date): string => `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`

function whyOf({ incident, row }: Call, at: Date): string {
  const reason = row.reason as EscalationReason
  const minutes = (since: Date | null): number =>
    Math.max(0, Math.round((at.getTime() - (since ?? at).getTime()) / 60_000))
  switch (reason) {
    case 'unacknowledged': {
      const open = minutes(incident.opened_at)
      return open === 0 ? 'it has just begun' : `nobody has acknowledged it for ${open} min`
    }
    case 'silent':
      return `it was acknowledged by ${incident.acknowledged_by ?? 'somebody'} and people have heard nothing since`
    case 'undecided':
      return 'a question about it waits for an answer'
    default:
      return assertNever(reason)
  }
}

function askOf(reason: EscalationReason, name: string): string {
  switch (reason) {
    case 'unacknowledged':
      return `acknowledge it with \`erlmcp incident acknowledge ${name}\``
    case 'silent':
      return `say how it stands with \`erlmcp incident update ${name} --text "..."\``
    case 'undecided':
      return `decide: \`erlmcp incident show ${name}\` shows what is asked`
    default:
      return assertNever(reason)
  }
}

const dataOf = (call: Call, person: Reachable): Record<string, unknown> => ({
  action: call.row.reason === 'unacknowledged' ? 'trigger' : 'remind',
  incident: nameOf(call.incident),
  severity: call.incident.severity,
  title: call.incident.title,
  service: call.incident.service,
  state: call.incident.state,
  reason: call.row.reason,
  round: call.row.round,
  level: call.row.level + 1,
  link: call.link,
  person: person.person,
})
