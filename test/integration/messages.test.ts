import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { fakeSlack } from '../support/fake-slack.ts'
import type { FakeSlack } from '../support/fake-slack.ts'
import { kinds, messages, tellStory, until } from '../support/story.ts'

const TOKEN = 'xoxb-a-token-of-a-test'
const PAGE = `# Words

## Communication Templates

### Initial Alert Acknowledgment

**Channel:** #incidents (Slack)

\`\`\`text
[{severity}] {title}
Acknowledged by @{name}
\`\`\`

### Status Update

**Channel:** #customers (Slack)

\`\`\`text
Status update: {title}
{update}
Workaround: {workaround}
\`\`\`

### Resolution Notification

**Channel:** #incidents (Slack)

\`\`\`text
RESOLVED: {title}
Resolution: {resolution}
Root cause: Connection pool exhaustion
\`\`\`

### Post-Incident Summary

\`\`\`text
Incident report: {title}
Root cause: {root_cause}
\`\`\`
`

let folder: string
let slack: FakeSlack
let desk: Desk
let ada: string
const story = tellStory(
  () => desk,
  () => ada,
)

beforeAll(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-messages-'))
  slack = await fakeSlack(TOKEN, ['incidents', 'customers'])
  await writeFile(path.join(folder, 'token'), TOKEN)
  desk = await openDesk({
    more: {
      channels: {
        slack: { tokenFile: path.join(folder, 'token'), channel: '#incidents', apiUrl: slack.apiUrl },
      },
    },
  })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  await writeFile(path.join(path.dirname(desk.page), 'words.md'), PAGE)
  await until('the page with the words', async () => {
    const answer = await desk.api(ada, 'POST', '/sources/pages/refresh', {})
    const pages = (await desk.api(ada, 'GET', '/pages')).value['pages'] as Row[]
    return answer.status < 500 && pages.some((page) => String(page['path']).endsWith('words.md'))
      ? true
      : null
  })
})
afterAll(async () => {
  await desk.stop()
  await slack.stop()
  await rm(folder, { recursive: true, force: true })
})

/** A message that is neither a card nor in the thread of one. */
const saidIn = (channel: string, words: string): string | undefined =>
  slack.messages.find(
    (one) =>
      one.channel === channel &&
      one.thread === null &&
      one.blocks[0]?.type === 'section' &&
      JSON.stringify(one.blocks).includes(words),
  )?.ts
const textOf = (ts: string | undefined): string =>
  JSON.stringify(slack.messages.find((one) => one.ts === ts)?.blocks)

test('the words of a page go to the channel that it names, filled from facts; who takes the incident is added', async () => {
  const id = await story.fire('DeskFailing')
  const shown = await story.show(id)
  const first = await until('the acknowledgement', async () => saidIn('C1', `] ${String(shown['title'])}`))
  expect(textOf(first)).not.toContain('Acknowledged by')
  await desk.api(ada, 'POST', `/incidents/${id}/acknowledge`)
  await until('who took it', async () => (textOf(first).includes('Acknowledged by ada') ? true : null))

  const told = await desk.api(ada, 'POST', `/incidents/${id}/updates`, { text: 'We roll back <now> & wait' })
  expect(told).toMatchObject({ status: 200, value: { missing: ['workaround'] } })
  const update = await until('the update', async () => saidIn('C2', 'We roll back'))
  expect(textOf(update)).not.toContain('Workaround')
  expect(kinds(await story.show(id))).toContain('incident.updated')

  const draft = String(told.value['draft'])
  const facts = 'workaround=use the old form'
  expect(await desk.api(ada, 'POST', `/messages/${draft}/send`, { facts })).toMatchObject({
    status: 200,
    value: { state: 'sent', missing: [] },
  })
  await until('the whole update', async () =>
    textOf(update).includes('Workaround: use the old form') ? true : null,
  )
  expect((await desk.api(ada, 'POST', `/messages/${draft}/send`, { facts })).status).toBe(409)
  await desk.api(ada, 'POST', `/incidents/${id}/resolve`, { reason: 'rolled back' })
  await story.incidentIn(id, 'resolved')

  const resolved = await until('the resolution', async () => saidIn('C1', 'Resolution: rolled back'))
  expect(textOf(resolved)).not.toContain('Connection pool')
  const waiting = await until('what waits', async () => {
    const listed = (await desk.api(ada, 'GET', `/incidents/${id}/messages`)).value['messages'] as Row[]
    return listed.filter((one) => ['asked', 'held'].includes(String(one['state']))).length === 2
      ? listed
      : null
  })
  expect(messages(await story.show(id))).toContain('Nobody has said: root cause')
  const resolution = waiting.find((one) => one['kind'] === 'resolution')
  const summary = waiting.find((one) => one['kind'] === 'summary')
  expect(resolution).toMatchObject({ state: 'asked', missing: ['root_cause'] })
  expect(summary).toMatchObject({ state: 'held', missing: ['root_cause'] })
  expect(saidIn('C1', 'Incident report')).toBeUndefined()

  const words = 'Incident report, in my own words'
  await desk.api(ada, 'POST', `/messages/${String(summary?.['id'])}/send`, { text: words })
  await until('the summary', async () => saidIn('C1', words))
  const reason = 'everybody knows'
  expect(
    await desk.api(ada, 'POST', `/messages/${String(resolution?.['id'])}/discard`, { reason }),
  ).toMatchObject({ value: { state: 'discarded' } })
  expect(slack.refused).toEqual([])
})
