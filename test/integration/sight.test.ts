import { once } from 'node:events'
import { request } from 'node:http'
import type { ClientRequest, IncomingMessage } from 'node:http'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { notification } from '../support/alertmanager.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'

let desk: Desk
let admin = ''
const streams: ClientRequest[] = []

beforeAll(async () => {
  desk = await openDesk()
  admin = await desk.app.issueToken({ id: 'person:root', kind: 'person', role: 'admin' })
})
afterAll(async () => {
  for (const stream of streams) stream.destroy()
  await desk?.stop()
})

test('whose roles are limited to a service is told of it alone: stream, resumed stream, lists, and by address', async () => {
  const ann = await comeIn('ann', 'service=desk')
  const ben = await comeIn('ben', 'service=billing')
  const [annHears, benHears] = [await listen(ann), await listen(ben)]
  await desk.webhook(notification('DeskFailing', 'seen', [firing('seen')]))
  const run = await until('the run of the desk', async () => {
    const { runs } = (await desk.api(admin, 'GET', '/runs')).value as { runs: Row[] }
    const [first] = runs
    return first?.['state'] === 'awaiting-decision' ? first : null
  })
  const shown = (await desk.api(admin, 'GET', `/runs/${String(run['id'])}`)).value
  const execution = String((shown['executions'] as Row[])[0]?.['id'])
  await desk.api(admin, 'POST', '/incidents', { title: 'No bills', severity: 'P3', service: 'billing' })
  const { incidents } = (await desk.api(admin, 'GET', '/incidents')).value as { incidents: Row[] }
  const idOf = (service: string): string =>
    String(incidents.find((incident) => incident['service'] === service)?.['id'])
  // what was committed later is heard: what came before has been held back
  await until('Ben hears of billing', async () => (benHears.text().includes(idOf('billing')) ? true : null))
  await until('Ann hears output of the desk', async () => (annHears.text().includes(execution) ? true : null))
  expect(benHears.text()).not.toContain(idOf('desk'))
  expect(benHears.text()).not.toContain(execution)
  expect(annHears.text()).not.toContain(idOf('billing'))

  // from before anything happened, by the position that somebody else was given
  const before = /^id: (\S+)$/m.exec(annHears.text())?.[1] ?? ''
  const back = await listen(ben, before)
  await until('Ben resumes', async () => (back.text().includes(idOf('billing')) ? true : null))
  expect(back.text()).not.toContain(idOf('desk'))

  for (const place of ['/incidents', '/desk', '/runs', '/reviews', '/actions?state=open']) {
    const seen = JSON.stringify((await get(ben, place)).value)
    expect(seen, place).not.toContain('INC-1')
    expect(seen, place).not.toContain(String(run['id']))
  }
  expect(JSON.stringify((await get(ben, '/incidents')).value)).toContain('No bills')
  expect(JSON.stringify((await get(ann, '/incidents')).value)).not.toContain('No bills')
  expect((await get(ann, '/desk')).value).toMatchObject({ waiting: [{ incident: 'INC-1', mine: true }] })
  const own = ['/incidents/1', `/runs/${String(run['id'])}`, `/executions/${execution}/output`, '/incidents/1/messages'] // prettier-ignore
  for (const place of own) {
    expect((await get(ann, place)).status, place).toBe(200)
    expect(await get(ben, place), place).toMatchObject({
      status: 403,
      value: { detail: expect.stringContaining('may look only where service=billing') },
    })
  }
  expect((await get(ben, '/api/../../../preview')).status).toBe(401)
})

const firing = (fingerprint: string) => ({
  fingerprint,
  status: 'firing' as const,
  startsAt: new Date().toISOString(),
})

/** Through the link of an invitation; the cookie of the session. */
async function comeIn(login: string, scope: string): Promise<string> {
  const invited = await desk.api(admin, 'POST', '/people', { login, name: login, role: 'responder', scope })
  const token = new URL(String(invited.value['link'])).hash.slice(1)
  const origin = desk.app.address()
  const welcome = await fetch(`${origin}/api/v1/welcome`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', origin },
    body: JSON.stringify({ token, login, name: login, password: 'a long enough password' }),
  })
  expect(welcome.status, await welcome.text()).toBe(200)
  return String(welcome.headers.get('set-cookie')).split(';', 1)[0] ?? ''
}

async function get(cookie: string, place: string): Promise<{ status: number; value: Row }> {
  const answer = await fetch(`${desk.app.address()}/api/v1${place}`, { headers: { cookie } })
  return { status: answer.status, value: (await answer.json()) as Row }
}

async function listen(cookie: string, position?: string): Promise<{ text(): string }> {
  let text = ''
  const headers = { cookie, ...(position === undefined ? {} : { 'last-event-id': position }) }
  const asked = request(`${desk.app.address()}/api/v1/events`, { agent: false, headers })
  streams.push(asked)
  const [answer] = (await once(asked.end(), 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(200)
  answer.setEncoding('utf8').on('data', (part: string) => (text += part))
  answer.on('error', () => undefined)
  return { text: () => text }
}

async function until<Found>(what: string, look: () => Promise<Found | null>): Promise<Found> {
  const limit = performance.now() + 30_000
  for (;;) {
    const found = await look()
    if (found !== null) return found
    if (performance.now() > limit) throw new Error(`${what}: not within 30 s`)
    await new Promise((resolve) => setTimeout(resolve, 100))
  }
}
