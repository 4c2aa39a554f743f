import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { sql } from 'kysely'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { runCli } from '../../src/cli/index.ts'
import { createRemoteClient } from '../../src/cli/index.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { messages, tellStory, until } from '../support/story.ts'

let desk: Desk
let ada: string
let folder: string
const story = tellStory(
  () => desk,
  () => ada,
)

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-status-'))
  desk = await openDesk({
    more: {
      statusPage: { title: 'Desk status', components: [{ name: 'Tickets' }, { name: 'Search' }] },
    },
  })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'responder' })
})
afterAll(async () => {
  await desk.stop()
  await rm(folder, { recursive: true, force: true })
})

const open = (name = ''): Promise<Response> => fetch(`${desk.app.address()}/status/${name}`)
const shows = (words: string): Promise<string> =>
  until(`the page shows ${words}`, async () => {
    const text = await (await open()).text()
    return text.includes(words) ? text : null
  })
const post = (body: unknown, token = ada) => desk.api(token, 'POST', '/status-page/posts', body)

test('everybody reads what a person released, and nothing of an incident that nobody released', async () => {
  await shows('No disruption is announced.')
  const id = await story.fire('DeskFailing')
  const name = `INC-${String((await story.show(id))['number'])}`
  const hostile = '<img src=x onerror=alert(1)> We look & tell.'
  const first = await post({
    incident: name,
    title: 'Tickets cannot be sold',
    state: 'investigating',
    text: hostile,
    components: { tickets: 'major-outage' },
  })
  expect(first.status).toBe(200)
  const page = await shows('Tickets cannot be sold')
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt; We look &amp; tell.')
  expect(page).toContain('<strong class="major-outage">Major outage</strong>')
  expect(page).not.toContain('DeskFailing')
  expect(page).not.toContain('person:ada')
  expect(messages(await story.show(id))).toContain('On the status page, investigating')

  const more = await post({ incident: name, state: 'identified', text: 'It is the release.' })
  expect(more.value['entry']).toBe(first.value['entry'])
  await post({ entry: first.value['entry'], state: 'resolved', text: 'All is sold again.' })
  expect(await shows('All is sold again.')).toContain('<strong class="operational">Operational</strong>')
  const late = await post({ entry: first.value['entry'], state: 'monitoring', text: 'x' })
  expect(late.status).toBe(409)
  for (const feed of ['atom.xml', 'rss.xml']) {
    const answer = await open(feed)
    expect(answer.headers.get('content-type')).toContain(feed === 'atom.xml' ? 'atom+xml' : 'rss+xml')
    expect((await answer.text()).match(/<(?:entry|item)>/g)).toHaveLength(3)
  }
})

test('the messages are previewed for people who are signed in, as text', async () => {
  const preview = (headers: Record<string, string> = {}) =>
    fetch(`${desk.app.address()}/preview`, { headers })
  expect((await preview()).status).toBe(401)
  const text = await until('a message', async () => {
    const page = await (await preview({ authorization: `Bearer ${ada}` })).text()
    return page.includes('acknowledgement') ? page : null
  })
  expect(text).toContain('<h2>Cards</h2><article>')
  expect(text).not.toMatch(/<script|<img/)
})

test('who may not respond releases nothing, and what does not fit is refused with what does', async () => {
  const reader = await desk.app.issueToken({ id: 'person:eve', kind: 'person', role: 'viewer' })
  const agent = await desk.app.issueToken({ id: 'agent:one', kind: 'agent', role: 'agent' })
  const text = { title: 'x', state: 'investigating', text: 'x' }
  expect((await post(text, reader)).status).toBe(403)
  expect((await post(text, agent)).status).toBe(403)
  const unknown = await post({ ...text, components: 'Checkout=degraded' })
  expect(unknown.status).toBe(400)
  expect(JSON.stringify(unknown.value)).toContain('Tickets, Search')
  expect((await post({ ...text, state: 'scheduled' })).status).toBe(400)
  expect((await post({ ...text, kind: 'maintenance', state: 'scheduled' })).status).toBe(400)
})

test('a maintenance is announced, and counts for its components while it goes on', async () => {
  const planned = await post({
    kind: 'maintenance',
    title: 'New disks',
    state: 'scheduled',
    text: 'Search may be slow.',
    from: '2026-12-24T22:00:00Z',
    to: '2026-12-24T23:00:00Z',
    components: 'Search=maintenance',
  })
  expect(await shows('Planned')).toContain('2026-12-24 22:00 UTC')
  await post({ entry: planned.value['entry'], kind: 'maintenance', state: 'in-progress', text: 'It begins.' })
  expect(await shows('It begins.')).toContain('<strong class="maintenance">Under maintenance</strong>')
  await post({ entry: planned.value['entry'], kind: 'maintenance', state: 'completed', text: 'It is done.' })
  await shows('It is done.')
})

test('it is cached, stays while the database is away, and can be hosted elsewhere', async () => {
  const first = await open()
  expect(first.headers.get('cache-control')).toContain('max-age=15')
  const etag = first.headers.get('etag') ?? ''
  const again = await fetch(`${desk.app.address()}/status/`, { headers: { 'if-none-match': etag } })
  expect(again.status).toBe(304)
  expect((await open('server.json')).status).toBe(404)

  const written: string[] = []
  const code = await runCli(
    {
      version: '0.0.0',
      write: (text: string) => written.push(text),
      writeError: (text: string) => written.push(text),
      connect: async () => createRemoteClient(desk.app.address(), ada),
      rehearsal: { sandbox: {} },
    } as unknown as Parameters<typeof runCli>[0],
    ['status-page', 'export', path.join(folder, 'public')],
  )
  expect({ code, written }).toEqual({ code: 0, written: [`5 files in ${path.join(folder, 'public')}\n`] })
  const files = await readdir(path.join(folder, 'public'))
  expect(files.toSorted()).toEqual(['atom.xml', 'index.html', 'rss.xml', 'status.json', 'style.css'])
  const exported = await readFile(path.join(folder, 'public', 'index.html'), 'utf8')
  expect(exported).toBe(await (await open()).text())

  await sql`alter table status_entry rename to status_entry_away`.execute(desk.store.database.kysely)
  try {
    expect((await desk.api(ada, 'GET', '/status-page')).status).toBeGreaterThanOrEqual(500)
    // after a restart it is there from the file
    await desk.restart()
    expect(await (await open()).text()).toBe(exported)
  } finally {
    await sql`alter table status_entry_away rename to status_entry`.execute(desk.store.database.kysely)
  }
})
