import { expect, test } from 'vitest'
import { endOfNextBusinessDay, isBusinessTime, nextBusinessTime } from './business-hours.ts'
import { severityMatrix } from './matrix.ts'
import { personByUser, whoIs } from './reach.ts'
import { EMPTY_ROSTER, readRoster } from './roster.ts'

const roster = readRoster(`
zone: Europe/Berlin
business: { from: '09:00', to: '17:00', holidays: [2026-12-25] }
people:
  ada: { name: Ada Lovelace, contacts: [{ channel: slack, target: U1 }, { channel: email, target: ada@example.com }] }
  grace: { user: 'oidc:grace', contacts: [{ channel: email, target: grace@example.com }] }
rotations:
  primary:
    layers: [{ name: weekly, start: '2026-01-05T09:00', every: { weeks: 1 }, people: [ada] }]
links:
  On-call: { rotation: primary }
  team lead: { people: [grace, grace] }
  Ticket queue: { contacts: [{ channel: console, target: '#tickets' }] }
services:
  orders: { links: { On-call: { people: [grace] } } }
severities:
  P3: { updateMinutes: null, escalation: [On-call] }
`)
const about = { at: new Date('2026-06-01T12:00:00Z'), service: null, overrides: [] }

test.each([
  ['people: [', 'is not valid YAML'],
  ['poeple: {}', 'poeple'],
  ['zone: Mars/Olympus', 'zone: is no zone'],
  ['zone: "+02:00"', 'zone: is no zone'],
  ['links: { On-call: { people: [eve] } }', 'links.On-call: there is no person eve'],
  ['links: { On-call: { rotation: x } }', 'links.On-call: there is no rotation x'],
  ['people: { ada: { contacts: [] } }', 'people.ada.contacts'],
  ['business: { holidays: [2026-02-30] }', 'business.holidays.0'],
  [
    'rotations: { a: { layers: [{ name: x, start: "2026-02-30T09:00", every: { days: 1 }, people: [ada] }] } }',
    'rotations.a.layers.0.start',
  ],
  [
    'rotations: { a: { layers: [{ name: x, start: "2026-02-03T09:00", every: { hours: 1 }, people: [ada] }] } }',
    'rotations.a.layers.0.every',
  ],
])('a file that says %s is refused, naming the place', (text, place) => {
  expect(() => readRoster(text)).toThrow(place)
})

test('the words of the matrix are found whatever their case, and the service goes first', () => {
  expect(whoIs(roster, 'on-call', about)).toMatchObject([{ person: 'ada', name: 'Ada Lovelace' }])
  expect(whoIs(roster, 'Team Lead', about).map((who) => who.person)).toEqual(['grace'])
  expect(whoIs(roster, 'On-call', { ...about, service: 'orders' })).toMatchObject([{ person: 'grace' }])
  expect(whoIs(roster, 'Ticket queue', about)).toMatchObject([{ contacts: [{ target: '#tickets' }] }])
})

test('a rotation with nobody on call reaches nobody, and a word that nobody explained is told on the console', () => {
  expect(whoIs(roster, 'On-call', { ...about, at: new Date('2025-01-01T00:00:00Z') })).toEqual([])
  expect(whoIs(EMPTY_ROSTER, 'Director', about)).toEqual([
    { person: 'Director', name: 'Director', contacts: [{ channel: 'console', target: 'Director' }] },
  ])
})

test('people are known by who they are to erlmcp', () => {
  expect(personByUser(roster, 'person:ada')?.person).toBe('ada')
  expect(personByUser(roster, 'oidc:grace')?.person).toBe('grace')
  expect(personByUser(roster, 'person:grace')).toBeNull()
})

test('the next business day leaves out nights, weekends and holidays', () => {
  const at = (text: string): Date => new Date(text)
  expect(isBusinessTime(roster, at('2026-12-24T15:59:59Z'))).toBe(true)
  expect(isBusinessTime(roster, at('2026-12-24T16:00:00Z'))).toBe(false)
  // Christmas is a Friday: the next one is Monday
  expect(nextBusinessTime(roster, at('2026-12-24T16:00:00Z'))).toEqual(at('2026-12-28T08:00:00Z'))
  expect(nextBusinessTime(roster, at('2026-12-28T08:00:00Z'))).toEqual(at('2026-12-28T08:00:00Z'))
  expect(endOfNextBusinessDay(roster, at('2026-12-24T10:00:00Z'))).toEqual(at('2026-12-28T16:00:00Z'))
})

test('the file goes over the page, and the page over the shipped matrix', () => {
  const page = [
    { severity: 'P1' as const, responseTimeMinutes: 3, escalation: ['On-call', 'CTO'] },
    { severity: 'P3' as const, responseTimeMinutes: 45, escalation: ['Team'] },
  ]
  const matrix = severityMatrix(page, roster)
  expect(matrix.P1).toMatchObject({ responseMinutes: 3, updateMinutes: 15, escalation: ['On-call', 'CTO'] })
  expect(matrix.P2).toMatchObject({ responseMinutes: 15, escalation: ['On-call', 'Team Lead', 'Manager'] })
  expect(matrix.P3).toMatchObject({ responseMinutes: 45, updateMinutes: null, escalation: ['On-call'] })
  expect(matrix.P4).toMatchObject({ responseMinutes: null, escalation: ['Ticket queue'] })
})
