import { expect } from 'vitest'
import { notification } from './alertmanager.ts'
import type { FakeAlert } from './alertmanager.ts'
import type { Answer, Desk, Row } from './desk.ts'

/** What people see and do while an incident is on, over the API, in the words of a test. */
export interface Story {
  newGroup(): string
  alert(group: string, status?: FakeAlert['status'], number?: number): FakeAlert
  /** An alert comes in; resolves with its incident's id. */
  fire(name: string, group?: string): Promise<string>
  show(incident: string): Promise<Row>
  showRun(id: unknown): Promise<Row>
  /** The incident's run, once it is in one of these states. */
  runIn(incident: string, ...states: string[]): Promise<Row>
  incidentIn(incident: string, state: string): Promise<Row>
  approve(token: string, run: Row, option: string, more?: Row): Promise<Answer>
}

/** When every alert of a story began. */
export const STARTED = new Date().toISOString()

export function tellStory(desk: () => Desk, token: () => string): Story {
  let groups = 0
  const get = async (at: string): Promise<Row> => (await desk().api(token(), 'GET', at)).value
  const story: Story = {
    newGroup: () => `group-${(groups += 1)}`,
    alert: (group, status = 'firing', number = 1) => ({
      fingerprint: `${group}-${number}`,
      status,
      startsAt: STARTED,
    }),
    async fire(name, group = story.newGroup()) {
      const answer = await desk().webhook(notification(name, group, [story.alert(group)]))
      expect(answer).toMatchObject({ status: 200, value: { declared: true } })
      return String(answer.value['incident'])
    },
    show: (incident) => get(`/incidents/${incident}`),
    showRun: (id) => get(`/runs/${String(id)}`),
    runIn: (incident, ...states) =>
      until(`${incident} ${states.join('|')}`, async () => {
        const [first] = (await story.show(incident))['runs'] as Row[]
        const run = first === undefined ? null : await story.showRun(first['id'])
        return run !== null && states.includes(String(run['state'])) ? run : null
      }),
    incidentIn: (incident, state) =>
      until(`${incident} ${state}`, async () => {
        const shown = await story.show(incident)
        return shown['state'] === state ? shown : null
      }),
    approve: (by, run, option, more = {}) =>
      desk().api(by, 'POST', `/runs/${String(run['id'])}/approve`, { option, ...more }),
  }
  return story
}

/** Looks again until there is something, for at most 30 s. */
export async function until<T>(what: string, look: () => Promise<T | null | undefined>): Promise<T> {
  const limit = performance.now() + 30_000
  for (;;) {
    const found = await look()
    if (found !== null && found !== undefined) return found
    if (performance.now() > limit) throw new Error(`${what}: not within 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

export const kinds = (incident: Row): string[] =>
  (incident['timeline'] as Row[]).map((entry) => String(entry['kind']))
export const messages = (incident: Row): string =>
  (incident['timeline'] as Row[]).map((entry) => String(entry['message'])).join('\n')
