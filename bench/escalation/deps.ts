import { LANES, queueMessage } from '../../src/communication/index.ts'
import { readRoster, severityMatrix } from '../../src/oncall/index.ts'
import type { EscalationDeps } from '../../src/oncall/index.ts'

const ROSTER = readRoster(`
people:
  ada: { contacts: [{ channel: webhook, target: ada }] }
  mia: { contacts: [{ channel: webhook, target: mia }] }
  dee: { contacts: [{ channel: webhook, target: dee }] }
rotations:
  primary:
    layers: [{ name: weekly, start: '2020-01-06T09:00', every: { weeks: 1 }, people: [ada] }]
links:
  On-call: { rotation: primary }
  Manager: { people: [mia] }
  Director: { people: [dee] }
`)

export const PEOPLE = ['ada', 'mia', 'dee'] as const
export const SECRET = 'a secret of the trials only'

/** Response times are a twentieth of the matrix: 15 s for a P1, on a clock that is fast as well. */
export const escalationDeps = (): EscalationDeps => ({
  policy: async () => ({ roster: ROSTER, matrix: severityMatrix([], ROSTER), speed: 20 }),
  async queuePage(trx, at, { id, ...page }) {
    await queueMessage(trx, at, {
      ...page,
      lane: LANES.first,
      quiet: true,
      ...(id === null ? {} : { pageId: id }),
    })
  },
})

export interface ChildOptions {
  url: string
  receiver: string
  epochMs: number
  speed: number
}
