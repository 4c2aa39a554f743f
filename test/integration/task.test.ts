import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { notification } from '../support/alertmanager.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { tellStory, until } from '../support/story.ts'

const PAGE = `# Move the desk

**Service:** desk

## Move {#desk-move}

1. Close the desk

   \`\`\`bash
   touch $DESK/closed
   \`\`\`

2. Open it elsewhere

   \`\`\`bash
   touch $DESK/opened
   \`\`\`
`

let desk: Desk
let ada: string
const { newGroup, alert, showRun, runIn, incidentIn, approve } = tellStory(
  () => desk,
  () => ada,
)

beforeAll(async () => {
  desk = await openDesk()
  await writeFile(path.join(path.dirname(desk.page), 'move.md'), PAGE)
  await desk.restart()
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
})
afterAll(() => desk.stop())

const asked = (run: Row): unknown[] => (run['decisions'] as Row[]).map((decision) => decision['kind'])

test('a task asks whether it worked once, after its last step, not after each', async () => {
  for (const name of ['closed', 'opened']) await rm(desk.file(name), { force: true })
  const group = newGroup()
  const annotations = { runbook_url: 'https://pages.example/move.md#desk-move' }
  const answer = await desk.webhook(notification('DeskMoves', group, [{ ...alert(group), annotations }]))
  const incident = String(answer.value['incident'])
  const first = await runIn(incident, 'awaiting-decision')
  const [close, open] = (first['options'] as Row[]).map((option) => String(option['id']))
  expect((await approve(ada, first, close ?? '')).status).toBe(200)

  const second = await until('the second step', async () => {
    const run = await showRun(first['id'])
    return asked(run).length === 2 && run['waitsFor'] !== null ? run : null
  })
  expect(existsSync(desk.file('closed'))).toBe(true)
  expect(existsSync(desk.file('opened'))).toBe(false)
  expect(second).toMatchObject({ state: 'awaiting-decision', verifications: [] })
  expect(asked(second)).toEqual(['choose', 'choose'])

  expect((await approve(ada, second, open ?? '')).status).toBe(200)
  const third = await runIn(incident, 'awaiting-person')
  expect(existsSync(desk.file('opened'))).toBe(true)
  expect(JSON.stringify(third['waitsFor'])).toContain('It cannot be measured whether the fix worked')
  const said = await desk.api(ada, 'POST', `/runs/${String(third['id'])}/answer`, {
    as: 'done',
    reason: 'the desk is open',
  })
  expect(said.status).toBe(200)
  await incidentIn(incident, 'resolved')
})
