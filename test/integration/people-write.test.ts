import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { addFullDesk } from '../support/scenes.ts'
import { tellStory, until } from '../support/story.ts'
import type { Story } from '../support/story.ts'

let desk: Desk
let story: Story
let ada = ''
let rita = ''

beforeAll(async () => {
  desk = await openDesk()
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  rita = await desk.app.issueToken({ id: 'person:rita', kind: 'person', role: 'responder' })
  story = tellStory(
    () => desk,
    () => ada,
  )
  await addFullDesk(desk, ada)
}, 120_000)
afterAll(() => desk.stop())

async function fullDesk(): Promise<{ incident: string; run: string; name: string }> {
  await mkdir(desk.file('drawer-a'), { recursive: true })
  await mkdir(desk.file('archive'), { recursive: true })
  const incident = await story.fire('DeskFull')
  const run = await story.runIn(incident, 'awaiting-decision')
  return { incident, run: String(run['id']), name: String((await story.show(incident))['name']) }
}

const gone = (name: string): Promise<true> =>
  until(`${name} is gone`, async () => (existsSync(desk.file(name)) ? null : true))

async function put(token: string, at: string, body: Row, ifMatch?: string): Promise<Response> {
  return fetch(`${desk.app.address()}/api/v1${at}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    body: JSON.stringify(body),
  })
}

test('a break-glass leaves a review that only another lead completes, and nobody overwrites unseen', async () => {
  const { run, incident, name } = await fullDesk()
  const reason = 'the desk is full and no lead answers the phone'
  expect((await desk.api(rita, 'POST', `/runs/${run}/approve`, { option: '2' })).status).toBe(403)
  expect((await desk.api(rita, 'POST', `/runs/${run}/break-glass`, { option: '2', reason })).status).toBe(200)
  await gone('archive')
  expect(await story.show(incident)).toMatchObject({ reviewOwed: { by: 'person:rita' } })
  const { value: home } = await desk.api(ada, 'GET', '/desk')
  expect(home['owedReviews']).toContainEqual(expect.objectContaining({ incident: name }))
  await desk.api(ada, 'POST', `/incidents/${name}/resolve`, { reason: 'it is empty again' })
  const at = `/incidents/${name}/review`
  await until('the review', async () => ((await desk.api(ada, 'GET', at)).status === 200 ? true : null))
  expect((await desk.api(ada, 'POST', `${at}/complete`, { version: 0 })).status).toBe(409)
  const words = { cause: 'nobody threw\n# anything\naway', owner: 'rita' }
  const saved = await put(rita, at, words, '"0"')
  expect([saved.status, saved.headers.get('etag')]).toEqual([200, '"1"'])
  const late = await put(ada, at, { cause: 'another' }, '"0"')
  expect([late.status, await late.json()]).toMatchObject([412, { code: 'version_mismatch' }])
  const own = await desk.api(rita, 'POST', `${at}/complete`, { version: 1 })
  expect(own).toMatchObject({
    status: 403,
    value: { detail: expect.stringContaining('other than person:rita') },
  })
  expect((await desk.api(ada, 'POST', `${at}/complete`, { version: 1 })).status).toBe(200)
  const { value: review } = await desk.api(ada, 'GET', at)
  expect(review).toMatchObject({ owed: null, completedBy: 'person:ada', version: 2 })
  expect(review['markdown']).toContain('\\# anything')
})

test('what is attached is known by its bytes, comes back as it was, and is kept once', async () => {
  const { name } = await fullDesk()
  const at = `/incidents/${name}/attachments`
  const content = Buffer.from('level=error <script>\n').toString('base64')
  const added = await desk.api(rita, 'POST', at, { name: 'desk.png', content })
  expect(added).toMatchObject({ status: 200, value: { type: 'text/plain', bytes: 21 } })
  const shown = await desk.api(ada, 'GET', `${at}/${String(added.value['id'])}`)
  expect(shown.value['content']).toBe(content)
  expect((await desk.api(rita, 'POST', at, { name: 'again.txt', content })).status).toBe(409)
  const program = Buffer.from('\u007fELF\u0002\u0001').toString('base64')
  expect((await desk.api(rita, 'POST', at, { name: 'x.png', content: program })).status).toBe(400)
  const large = Buffer.alloc(3 * 1_048_576, 'a').toString('base64')
  const kept = await desk.api(rita, 'POST', at, { name: 'large.txt', content: large })
  expect(kept.status, JSON.stringify(kept.value)).toBe(200)
})

test('a page is read with what lint says of its lines, and a deployment stands on the chart of its service', async () => {
  const { name } = await fullDesk()
  const { value: page } = await desk.api(ada, 'GET', '/pages/read?path=desk.md')
  const rules = (page['findings'] as Row[]).map((finding) => finding['line'])
  expect(page).toMatchObject({ path: 'desk.md', owner: 'team-desk', procedures: expect.any(Array) })
  const { value: counts } = await desk.api(ada, 'GET', '/pages/findings')
  const [first] = counts['pages'] as Record<string, number>[]
  expect(Number(first?.['error']) + Number(first?.['warning']) + Number(first?.['info'])).toBe(rules.length)
  await desk.api(ada, 'POST', '/deployments', { service: 'desk', version: '1.2.3' })
  const { value: signal } = await desk.api(ada, 'GET', `/incidents/${name}/signal`)
  expect(signal['marks']).toContainEqual(expect.objectContaining({ kind: 'deploy', label: 'deploy 1.2.3' }))
  const { value: audit } = await desk.api(ada, 'GET', '/audit?operation=deployment.*&actor=person:ada')
  expect(audit['entries']).toHaveLength(1)
})
