import type { GenericMapping, MappedValue } from '../../base/config-alerting.ts'
import { AppError } from '../../base/error.ts'
import { fingerprintOf } from '../fingerprint.ts'
import type { AlertBatch, ReceivedAlert } from '../model.ts'
import { MAX_ALERTS } from './alert-list.ts'
import { groupOf } from './prometheus.ts'

const MAX_TEXT = 65_536

/**
 * Reads any JSON by a mapping of JSON pointers. Words of `status` that stand in neither list are refused: guessing
 * whether a service is down is worse than an error that the sender shows.
 * @throws AppError `input_invalid` that names the pointer.
 */
export function readMapped(body: unknown, mapping: GenericMapping, groupBy: readonly string[]): AlertBatch {
  const found = mapping.alerts === '' ? body : at(body, mapping.alerts)
  const items = Array.isArray(found) ? found : [found]
  if (items.length > MAX_ALERTS) throw refused(`${items.length} alerts, more than ${MAX_ALERTS}`)
  return { truncated: null, alerts: items.map((item) => readItem(item, mapping, groupBy)) }
}

function readItem(item: unknown, mapping: GenericMapping, groupBy: readonly string[]): ReceivedAlert {
  const name = textAt(item, mapping.name)
  if (name === null) throw refused(`nothing at ${where(mapping.name)} (name)`)
  const labels: Record<string, string> = { alertname: name }
  for (const [label, from] of Object.entries(mapping.labels)) {
    const value = textAt(item, from)
    if (value !== null && value !== '') labels[label] = value
  }
  const annotations: Record<string, string> = {}
  for (const [annotation, from] of Object.entries(mapping.annotations)) {
    const value = textAt(item, from)
    if (value !== null) annotations[annotation] = value
  }
  const id = mapping.id === null ? null : textAt(item, mapping.id)
  const status = statusOf(item, mapping)
  const startsAt = mapping.startsAt === null ? null : timeAt(item, mapping.startsAt)
  return {
    fingerprint: fingerprintOf(id === null ? labels : { alertname: name, id }),
    status,
    name,
    labels,
    annotations,
    startsAt,
    endsAt: status === 'resolved' && mapping.endsAt !== null ? timeAt(item, mapping.endsAt) : null,
    expiresAt: null,
    generatorUrl: mapping.link === null ? null : textAt(item, mapping.link),
    groupKey: groupOf(id === null ? labels : { ...labels, id }, id === null ? groupBy : [...groupBy, 'id']),
    heldBy: null,
  }
}

function statusOf(item: unknown, { status }: GenericMapping): 'firing' | 'resolved' {
  const word = textAt(item, status.at)?.trim().toLowerCase() ?? ''
  if (status.firing.some((each) => each.toLowerCase() === word)) return 'firing'
  if (status.resolved.some((each) => each.toLowerCase() === word)) return 'resolved'
  throw refused(
    `${JSON.stringify(word.slice(0, 100))} at ${where(status.at)} is neither firing nor resolved in the mapping`,
  )
}

/** A pointer looks up, `=text` stands for itself. */
function textAt(item: unknown, from: MappedValue): string | null {
  if (from.startsWith('=')) return from.slice(1)
  const value = at(item, from)
  if (typeof value === 'string') return value.slice(0, MAX_TEXT)
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** ISO text, or a number of seconds or milliseconds since 1970. */
function timeAt(item: unknown, from: MappedValue): Date | null {
  const text = textAt(item, from)
  if (text === null || text === '') return null
  const number = Number(text)
  const date = Number.isFinite(number)
    ? new Date(number < 100_000_000_000 ? number * 1_000 : number)
    : new Date(text)
  if (Number.isNaN(date.getTime())) {
    throw refused(`${JSON.stringify(text.slice(0, 100))} at ${where(from)} is no time`)
  }
  return date
}

/** RFC 6901. */
function at(value: unknown, pointer: string): unknown {
  let current = value
  for (const part of pointer.split('/').slice(1)) {
    const name = part.replaceAll('~1', '/').replaceAll('~0', '~')
    if (current === null || typeof current !== 'object' || !Object.hasOwn(current, name)) return undefined
    current = (current as Record<string, unknown>)[name]
  }
  return current
}

const where = (from: string): string => (from === '' ? 'the body itself' : from)

const refused = (what: string): AppError =>
  new AppError('input_invalid', `the body does not fit the mapping of its source: ${what}`, {
    action: 'Mend the mapping under `alerting.sources` or what the sender sends.',
  })
