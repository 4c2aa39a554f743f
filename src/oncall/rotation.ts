import { Temporal } from 'temporal-polyfill'
import type { Layer, Roster } from './roster.ts'
import { WEEKDAYS } from './roster.ts'
import { instantOf, parseTimeOfDay, parseWallClock, wallClockOf } from './wall-clock.ts'

/** Somebody else for a time, whatever the layers say; from the file or by `oncall.override`. */
export interface Override {
  rotation: string
  person: string
  from: Date
  to: Date
}

/** One stretch of time in which one person is on call; `null`: nobody is. */
export interface Shift {
  person: string | null
  /** The layer's name, or `override`. */
  by: string | null
  from: Date
  to: Date
}

const MAX_RANGE_MS = 800 * 86_400_000

/** Who is on call at an instant: the latest override that covers it, else the last layer that does, else nobody. */
export function onCallAt(
  roster: Roster,
  rotation: string,
  at: Date,
  overrides: readonly Override[] = [],
): { person: string | null; by: string | null } {
  const found = overridesOf(roster, rotation, overrides).findLast(
    (override) => override.from <= at && at < override.to,
  )
  if (found !== undefined) return { person: found.person, by: found.by }
  for (const layer of (roster.rotations[rotation]?.layers ?? []).toReversed()) {
    const zone = layer.zone ?? roster.zone
    const turn = turnAt(layer, zone, at)
    if (turn === null || !isWithin(layer, zone, at)) continue
    return { person: layer.people[turn % layer.people.length] ?? null, by: layer.name }
  }
  return { person: null, by: null }
}

/** The shifts from `from` to `to`, without a hole: stretches with nobody are shifts of nobody. At most 800 days. */
export function shiftsBetween(
  roster: Roster,
  rotation: string,
  range: { from: Date; to: Date },
  overrides: readonly Override[] = [],
): Shift[] {
  const to = new Date(Math.min(range.to.getTime(), range.from.getTime() + MAX_RANGE_MS))
  const edges = new Set<number>([range.from.getTime()])
  const note = (at: Date): void => {
    if (at > range.from && at < to) edges.add(at.getTime())
  }
  for (const override of overridesOf(roster, rotation, overrides)) {
    note(override.from)
    note(override.to)
  }
  for (const layer of roster.rotations[rotation]?.layers ?? []) {
    const zone = layer.zone ?? roster.zone
    noteHandOvers(layer, zone, range.from, to, note)
    noteRestrictions(layer, zone, range.from, to, note)
  }
  return join(
    [...edges].sort((a, b) => a - b),
    to,
    (at) => onCallAt(roster, rotation, at, overrides),
  )
}

/** The stretches in which nobody is on call. */
export const gapsBetween = (...range: Parameters<typeof shiftsBetween>): Shift[] =>
  shiftsBetween(...range).filter((shift) => shift.person === null)

function join(
  edges: readonly number[],
  to: Date,
  who: (at: Date) => { person: string | null; by: string | null },
): Shift[] {
  const shifts: Shift[] = []
  for (const [index, edge] of edges.entries()) {
    const from = new Date(edge)
    const end = new Date(edges[index + 1] ?? to.getTime())
    const { person, by } = who(from)
    const last = shifts.at(-1)
    if (last !== undefined && last.person === person && last.by === by) last.to = end
    else shifts.push({ person, by, from, to: end })
  }
  return shifts
}

function overridesOf(
  roster: Roster,
  rotation: string,
  added: readonly Override[],
): (Override & { by: string })[] {
  const by = roster.rotations[rotation]?.pagerduty == null ? 'override' : 'PagerDuty'
  const written = (roster.rotations[rotation]?.overrides ?? []).map((override) => {
    const zone = override.zone ?? roster.zone
    return {
      rotation,
      by,
      person: override.person,
      from: instantOf(parseWallClock(override.from), zone),
      to: instantOf(parseWallClock(override.to), zone),
    }
  })
  const own = added.filter((override) => override.rotation === rotation)
  return [...written, ...own.map((override) => ({ ...override, by: 'override' }))]
}

/** The wall-clock time of a layer's hand-over number `turn`, counted from 0. */
function handOver(layer: Layer, turn: number): Temporal.PlainDateTime {
  const start = parseWallClock(layer.start)
  if ('weeks' in layer.every) return start.add({ days: 7 * layer.every.weeks * turn })
  if ('days' in layer.every) return start.add({ days: layer.every.days * turn })
  return start.add({ hours: layer.every.hours * turn })
}

const turnHours = (layer: Layer): number => {
  if ('weeks' in layer.every) return layer.every.weeks * 168
  return 'days' in layer.every ? layer.every.days * 24 : layer.every.hours
}

/** The number of the turn that an instant lies in; `null` before the first. */
export function turnAt(layer: Layer, zone: string, at: Date): number | null {
  const begins = (turn: number): Date => instantOf(handOver(layer, turn), zone)
  const elapsed = wallClockOf(at, zone).since(parseWallClock(layer.start), { largestUnit: 'hours' })
  let turn = Math.floor(elapsed.total({ unit: 'hours' }) / turnHours(layer))
  // on days on which clocks change, the wall clock is off by less than one turn
  while (begins(turn) > at) turn -= 1
  while (begins(turn + 1) <= at) turn += 1
  return turn < 0 ? null : turn
}

/** The instant at which a turn begins. */
export const turnBegins = (layer: Layer, zone: string, turn: number): Date =>
  instantOf(handOver(layer, turn), zone)

function noteHandOvers(layer: Layer, zone: string, from: Date, to: Date, note: (at: Date) => void): void {
  // one person who hands over to themselves changes nothing
  const first = layer.people.length === 1 ? 0 : Math.max(0, turnAt(layer, zone, from) ?? 0)
  for (let turn = first; ; turn += 1) {
    const begins = turnBegins(layer, zone, turn)
    if (begins >= to) return
    note(begins)
    if (layer.people.length === 1) return
  }
}

type Window = { from: Date; to: Date }

/** The restricted hours that begin on a day; empty where a change of clocks swallows them. */
function windowsOn(layer: Layer, zone: string, day: Temporal.PlainDate): Window[] {
  const weekday = WEEKDAYS[day.dayOfWeek - 1]
  return layer.restrictions.flatMap(({ days, from, to }) => {
    if (weekday === undefined || !days.includes(weekday)) return []
    const end = to > from ? day : day.add({ days: 1 })
    const window = {
      from: instantOf(day.toPlainDateTime(parseTimeOfDay(from)), zone),
      to: instantOf(end.toPlainDateTime(parseTimeOfDay(to)), zone),
    }
    return window.from < window.to ? [window] : []
  })
}

function isWithin(layer: Layer, zone: string, at: Date): boolean {
  if (layer.restrictions.length === 0) return true
  const day = wallClockOf(at, zone).toPlainDate()
  return [day.subtract({ days: 1 }), day].some((candidate) =>
    windowsOn(layer, zone, candidate).some((window) => window.from <= at && at < window.to),
  )
}

function noteRestrictions(layer: Layer, zone: string, from: Date, to: Date, note: (at: Date) => void): void {
  if (layer.restrictions.length === 0) return
  const last = wallClockOf(to, zone).toPlainDate()
  let day = wallClockOf(from, zone).toPlainDate().subtract({ days: 1 })
  for (; Temporal.PlainDate.compare(day, last) <= 0; day = day.add({ days: 1 })) {
    for (const window of windowsOn(layer, zone, day)) {
      note(window.from)
      note(window.to)
    }
  }
}
