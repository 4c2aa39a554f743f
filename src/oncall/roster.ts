import { parse } from 'yaml'
import { z } from 'zod'
import { AppError, messageOf } from '../base/error.ts'
import { isZone, parseWallClock } from './wall-clock.ts'

export const WEEKDAYS = [
  'monday',
  'tuesday',
  'wednesday',
  'thursday',
  'friday',
  'saturday',
  'sunday',
] as const
export type Weekday = (typeof WEEKDAYS)[number]

const name = z.string().trim().min(1).max(100)
const zone = z.string().max(100).refine(isZone, 'is no zone of the IANA database, such as Europe/Berlin')
const timeOfDay = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'is no time of day, such as "09:00"')
const date = z.iso.date('is no date, such as 2026-12-25')
const wallClock = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}$/, 'is no wall-clock time, such as 2026-01-05T09:00')
  .refine((text) => {
    try {
      parseWallClock(text)
      return true
    } catch {
      return false
    }
  }, 'is no day of the calendar')
const days = z.array(z.enum(WEEKDAYS)).min(1).max(7)

const contact = z.strictObject({
  /** A configured channel: `console`, `email`, `webhook`, `slack`, ... */
  channel: z.string().regex(/^[a-z][a-z0-9-]{0,49}$/),
  target: z.string().min(1).max(300).nullable().default(null),
})

const person = z.strictObject({
  name: name.optional(),
  /** Who they are to erlmcp, so that whoever acknowledged is known: `person:ada`. Default `person:<key>`. */
  user: z.string().min(1).max(200).optional(),
  /** Who they are in PagerDuty: `PABC123`. */
  pagerduty: z
    .string()
    .regex(/^[A-Z0-9]{2,40}$/)
    .optional(),
  /** The first is used first; the others when it is down, or when nobody has answered a whole round. */
  contacts: z.array(contact).min(1).max(10),
})

/** How long a turn is. Hours divide the day and are at least four: no change of clocks can put two turns out of order. */
const turn = z.union([
  z.strictObject({ weeks: z.number().int().min(1).max(52) }),
  z.strictObject({ days: z.number().int().min(1).max(365) }),
  z.strictObject({ hours: z.union([z.literal(4), z.literal(6), z.literal(8), z.literal(12)]) }),
])

const layer = z.strictObject({
  name,
  zone: zone.optional(),
  /** The first hand-over, on the wall clock of the zone; later ones have the same time of day. */
  start: wallClock,
  every: turn,
  people: z.array(name).min(1).max(100),
  /** Only within these hours; a window whose end is not after its start ends on the next day. */
  restrictions: z
    .array(z.strictObject({ days, from: timeOfDay, to: timeOfDay }))
    .max(20)
    .default([]),
})

const override = z.strictObject({
  person: name,
  from: wallClock,
  to: wallClock,
  zone: zone.optional(),
})

const link = z.union([
  z.strictObject({ rotation: name }),
  z.strictObject({ people: z.array(name).min(1).max(50) }),
  z.strictObject({ contacts: z.array(contact).min(1).max(10) }),
])
const links = z.record(z.string().min(1).max(100), link).default({})
const minutes = z.number().positive().max(10_080)

const rosterFile = z.strictObject({
  /** Of everything that names none of its own. */
  zone: zone.default('UTC'),
  business: z
    .strictObject({
      days: days.default(['monday', 'tuesday', 'wednesday', 'thursday', 'friday']),
      from: timeOfDay.default('09:00'),
      to: timeOfDay.default('17:00'),
      zone: zone.optional(),
      holidays: z.array(date).max(1_000).default([]),
    })
    .prefault({}),
  people: z.record(z.string().min(1).max(100), person).default({}),
  rotations: z
    .record(
      z.string().min(1).max(100),
      z
        .strictObject({
          /** A later layer goes before an earlier one wherever it covers a time. */
          layers: z.array(layer).max(20).default([]),
          /** A schedule of PagerDuty that is read instead: `{ schedule: PABC123 }`. */
          pagerduty: z
            .strictObject({ schedule: z.string().regex(/^[A-Z0-9]{2,40}$/) })
            .nullable()
            .default(null),
          /** Go before every layer; of two that overlap the later one counts. */
          overrides: z.array(override).max(500).default([]),
        })
        .refine(
          ({ layers, pagerduty }) => (layers.length === 0) === (pagerduty !== null),
          'has either layers or a schedule of PagerDuty',
        ),
    )
    .default({}),
  /** Who the words of the severity matrix are: `On-call`, `Team Lead`. Upper and lower case are the same. */
  links,
  /** Other people for one service. */
  services: z.record(z.string().min(1).max(253), z.strictObject({ links })).default({}),
  /** Over the severity matrix of the pages. */
  severities: z
    .partialRecord(
      z.enum(['P1', 'P2', 'P3', 'P4']),
      z.strictObject({
        /** How soon somebody has to acknowledge; the next link is asked after as long. */
        responseMinutes: minutes.optional(),
        /** How often people have to hear something; `null`: never. */
        updateMinutes: minutes.nullable().optional(),
        escalation: z.array(name).min(1).max(10).optional(),
      }),
    )
    .default({}),
})

export type Roster = z.output<typeof rosterFile>
export type Contact = z.output<typeof contact>
export type Layer = z.output<typeof layer>
export type Link = z.output<typeof link>

/** What holds where no file says anything: every link is told on the console. */
export const EMPTY_ROSTER: Roster = rosterFile.parse({})

/**
 * Reads `erlmcp.oncall.yaml`.
 * @throws AppError `input_invalid` naming the place: not YAML, an unknown key, a name that stands for nobody.
 */
export function readRoster(text: string, file = 'erlmcp.oncall.yaml'): Roster {
  let raw: unknown
  try {
    raw = parse(text)
  } catch (error) {
    throw refused(`${file} is not valid YAML: ${messageOf(error).split('\n', 1)[0] ?? ''}`)
  }
  const parsed = rosterFile.safeParse(raw ?? {})
  if (!parsed.success) {
    const problems = parsed.error.issues
      .slice(0, 5)
      .map((issue) => `${issue.path.join('.') || 'top level'}: ${issue.message}`)
    throw refused(`${file}: ${problems.join('; ')}`)
  }
  const strangers = unknownNames(parsed.data)
  if (strangers.length > 0) throw refused(`${file}: ${strangers.slice(0, 5).join('; ')}`)
  return parsed.data
}

const refused = (message: string): AppError =>
  new AppError('input_invalid', message, {
    action: 'Mend the place named; docs/guide/on-call.md describes the file.',
  })

function unknownNames(roster: Roster): string[] {
  const nobody = (who: string, where: string): string[] =>
    Object.hasOwn(roster.people, who) ? [] : [`${where}: there is no person ${who}`]
  const ofLink = (link: Link, where: string): string[] => {
    if ('rotation' in link && !Object.hasOwn(roster.rotations, link.rotation))
      return [`${where}: there is no rotation ${link.rotation}`]
    return 'people' in link ? link.people.flatMap((who) => nobody(who, where)) : []
  }
  const ofLinks = (all: Record<string, Link>, where: string): string[] =>
    Object.entries(all).flatMap(([word, link]) => ofLink(link, `${where}.${word}`))
  return [
    ...Object.entries(roster.rotations).flatMap(([rotation, { layers, overrides }]) => [
      ...layers.flatMap((layer) =>
        layer.people.flatMap((who) => nobody(who, `rotations.${rotation}.${layer.name}`)),
      ),
      ...overrides.flatMap(({ person, from, to }) => [
        ...nobody(person, `rotations.${rotation}.overrides`),
        ...(from < to ? [] : [`rotations.${rotation}.overrides: ${from} is not before ${to}`]),
      ]),
    ]),
    ...ofLinks(roster.links, 'links'),
    ...Object.entries(roster.services).flatMap(([service, { links }]) =>
      ofLinks(links, `services.${service}.links`),
    ),
  ]
}
