import type { Event } from 'kubernetes-types/core/v1.js'
import { itemsOf } from '../kubernetes/index.ts'
import type { Facts } from './model.ts'

const RECENT_MS = 15 * 60_000
const MAX_CHARACTERS = 300

/** Events about an object of the last quarter of an hour, oldest first. */
export function eventsAbout(facts: Pick<Facts, 'snapshot' | 'at'>, kind: string, name: string): Event[] {
  return itemsOf(facts.snapshot.events)
    .filter((event) => event.involvedObject.kind === kind && event.involvedObject.name === name)
    .filter((event) => facts.at.getTime() - lastSeen(event) < RECENT_MS)
    .toSorted((a, b) => lastSeen(a) - lastSeen(b))
}

const lastSeen = (event: Event): number =>
  Date.parse(
    event.series?.lastObservedTime ??
      event.lastTimestamp ??
      event.eventTime ??
      event.metadata.creationTimestamp ??
      '',
  )

/** One line of evidence: without line breaks and control characters, and not endless. */
export function quote(text: string): string {
  // oxlint-disable-next-line no-control-regex
  const line = text.replaceAll(/[\u0000-\u001f\u007f]+/g, ' ').trim()
  return line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS - 1)}…` : line
}
