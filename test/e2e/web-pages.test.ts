import { readFile, writeFile } from 'node:fs/promises'
import type { Browser, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, personIn, picture, violations, withoutServer } from '../support/browser.ts'
import type { Person } from '../support/browser.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { someProofs } from '../support/scenes.ts'
import { tellStory } from '../support/story.ts'
import type { Story } from '../support/story.ts'

let desk: Desk
let browser: Browser
let story: Story
let ada: Person
let name = ''

/** An incident that was resolved, a rehearsal that failed, a deployment: something on every page. */
beforeAll(async () => {
  desk = await openDesk()
  browser = await openBrowser()
  ada = await personIn(browser, desk, 'ada', 'admin')
  story = tellStory(
    () => desk,
    () => ada.token,
  )
  const incident = await story.fire('DeskFailing')
  const run = await story.runIn(incident, 'awaiting-decision')
  await story.approve(ada.token, run, '2')
  await story.incidentIn(incident, 'resolved')
  name = String((await story.show(incident))['name'])
  const [page] = (await desk.api(ada.token, 'GET', '/pages')).value['pages'] as Row[]
  const proofs = someProofs(String(page?.['contentHash']))
  expect((await desk.api(ada.token, 'POST', '/rehearsals', { proofs })).value).toMatchObject({ recorded: 4 })
  const deployed = { service: 'desk', version: '1.2.3', note: 'faster drawers' }
  expect((await desk.api(ada.token, 'POST', '/deployments', deployed)).status).toBe(200)
  await until200(`/incidents/${name}/review`)
})
afterAll(async () => {
  await browser?.close()
  await desk?.stop()
})

async function until200(at: string): Promise<void> {
  for (let tries = 0; (await desk.api(ada.token, 'GET', at)).status !== 200; tries += 1) {
    if (tries > 150) throw new Error(`${at} did not come`)
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Each page, and what stands on it once it is read. */
const PAGES = (): [string, string, string][] => [
  ['home', '/', 'Rolled out lately'],
  ['runbooks', '/runbooks', 'Failing requests'],
  ['runbook', '/runbooks/show?path=desk.md', 'What does the log say'],
  ['rehearsals', '/rehearsals', 'bad release'],
  ['reviews', '/reviews', 'MTTA'],
  ['review', `/incidents/${name}/review`, 'Mitigated after'],
  ['audit', '/audit', 'Verified.'],
  ['settings', '/settings', 'This device'],
  ['people', '/settings?tab=people', 'An administrator'],
  ['tokens', '/settings?tab=tokens', 'Signed-in browsers'],
  ['policy', '/settings?tab=policy', 'The defaults hold'],
  ['integrations', '/settings?tab=integrations', 'console'],
]

test('every page opens on a wide screen and on a phone, in both themes, without a violation', async () => {
  const cleo = await personIn(browser, desk, 'cleo', 'responder', {
    width: 360,
    height: 780,
    theme: 'dark',
  })
  const amy = await personIn(browser, desk, 'amy', 'responder')
  for (const [page, at, words] of PAGES()) {
    for (const [person, look, other] of [
      [amy, 'wide', 'dark'],
      [cleo, 'phone', 'light'],
    ] as const) {
      await person.page.emulateMedia({ colorScheme: look === 'wide' ? 'light' : 'dark' })
      await person.page.goto(`${desk.app.address()}${at}`)
      await person.page.getByText(words).first().waitFor()
      expect(await violations(person.page), `${page}, ${look}`).toEqual([])
      await picture(person.page, `${page}-${look}`)
      await person.page.emulateMedia({ colorScheme: other })
      await person.page.locator(`html[data-theme=${other}]`).waitFor({ state: 'attached' })
      expect(await violations(person.page), `${page}, ${look}, ${other}`).toEqual([])
      await picture(person.page, `${page}-${look}-${other}`)
    }
    const wide = await cleo.page.evaluate('document.documentElement.scrollWidth')
    expect(wide, `${page} moves sideways on a phone`).toBeLessThanOrEqual(360)
  }
  expect([...amy.complaints, ...cleo.complaints, ...amy.strangers, ...cleo.strangers]).toEqual([])
  await amy.context.close()
  await cleo.context.close()
})

const open = (page: Page, at: string): Promise<unknown> => page.goto(`${desk.app.address()}${at}`)

test('a runbook is found, read at its line with what lint says, and run without an alert', async () => {
  const { page } = ada
  await open(page, '/runbooks')
  await page.getByLabel('Find').fill('DeskSlow')
  await page.getByRole('table', { name: 'Procedures' }).getByRole('link', { name: 'Slow desk' }).click()
  await page.getByRole('heading', { name: 'Slow desk' }).waitFor()
  await page.getByRole('heading', { name: 'Lint' }).waitFor()
  const linted = (await desk.api(ada.token, 'GET', '/pages/read?path=desk.md')).value['findings'] as Row[]
  expect(await page.locator('.finding').count()).toBe(linted.length)
  await page.getByRole('button', { name: 'Run Slow desk' }).click()
  const dialog = page.getByRole('dialog')
  await dialog.getByRole('button', { name: 'Show what would run' }).click()
  await dialog.getByText('sleep 2 && touch $DESK/first').waitFor()
  await dialog.getByText('waits for an approval').first().waitFor()
  expect(await violations(page)).toEqual([])
  await picture(page, 'run-dialog')
  await dialog.getByLabel('Reason').fill('trying the way out')
  await dialog.getByRole('button', { name: 'Start run' }).click()
  await page.getByRole('heading', { name: 'What can be done' }).waitFor()
  expect(page.url()).toMatch(/\/incidents\//)
})

test('a review is written by people over facts that stay, and whoever was slower is told before they overwrite', async () => {
  const ben = await personIn(browser, desk, 'ben', 'lead')
  const at = `/incidents/${name}/review`
  await open(ada.page, at)
  await open(ben.page, at)
  const facts = JSON.stringify((await desk.api(ada.token, 'GET', at)).value['facts'])
  await ben.page.getByLabel('Cause').fill('the wrong file was copied')
  await ada.page.getByLabel('Cause').fill('The release had a bad word in it.\n\n# Not a heading')
  await ada.page.getByLabel('Owner').fill('ada')
  await ada.page.getByRole('button', { name: 'Save review' }).click()
  await ada.page.locator('.review-document').getByText('The release had a bad word in it.').waitFor()
  expect(
    await ada.page.locator('.review-document').getByRole('heading', { name: 'Not a heading' }).count(),
  ).toBe(0)
  await ben.page.getByText('ada saved another text meanwhile').waitFor()
  expect(await violations(ben.page)).toEqual([])
  await ben.page.getByRole('button', { name: 'Discard' }).click()
  const first = await desk.api(ada.token, 'POST', `${at}/complete`, { version: 0 })
  expect(first.status).toBe(412)
  await ada.page.getByLabel('What is to be done').fill('check the word before it is copied')
  await ada.page.getByLabel('By', { exact: true }).fill('ada')
  await ada.page.getByLabel('Due').fill('2026-01-05')
  await ada.page.getByRole('button', { name: 'Add action item' }).click()
  await ben.page.getByText('was due 2026-01-05').waitFor()
  await ada.page.getByRole('checkbox', { name: /check the word/ }).click()
  await ben.page.getByRole('checkbox', { name: /check the word/, checked: true }).waitFor()
  await ben.page.getByRole('button', { name: 'Complete review' }).click()
  await ben.page.getByText('Completed by ben').waitFor()
  await picture(ben.page, 'review-complete')
  const after = (await desk.api(ada.token, 'GET', at)).value
  expect(JSON.stringify(after['facts'])).toBe(facts)
  expect(after['markdown']).toContain('- [x] check the word before it is copied (ada, due 2026-01-05)')
  await ben.context.close()
})

test('the audit is searched, and what is exported is what an offline check reads', async () => {
  const { page } = ada
  await open(page, '/audit')
  await page.getByText('Verified.').waitFor()
  await page.getByLabel('What', { exact: true }).fill('run.*')
  await page.getByRole('button', { name: 'Search' }).click()
  await page.locator('.audit-what', { hasText: 'run.approve' }).first().click()
  await page.getByText('"option"').first().waitFor()
  expect(await page.locator('.audit-what', { hasText: /^audit\./ }).count()).toBe(0)
  expect(await violations(page)).toEqual([])
  const [download] = await Promise.all([
    page.waitForEvent('download'),
    page.getByRole('button', { name: 'Export all rows' }).click(),
  ])
  const lines = (await readFile(await download.path(), 'utf8')).trim().split('\n')
  expect(JSON.parse(lines[0] ?? '')).toMatchObject({ seq: 1 })
  expect(JSON.parse(lines.at(-1) ?? '')).toHaveProperty('checkpoint')
})

test('an administrator invites, makes a token that is shown once, and asks what the policy says', async () => {
  const { page } = ada
  await open(page, '/settings?tab=people')
  await page.getByRole('button', { name: 'Invite a person' }).click()
  await page.getByLabel('Login').fill('nina')
  await page.getByLabel('Name').fill('Nina')
  await page.getByRole('button', { name: 'Make a link' }).click()
  await page.getByText(/\/welcome#/).waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByRole('button', { name: 'I have it' }).click()
  await page.getByRole('table', { name: 'People' }).getByText('Nina').waitFor()
  await page.getByRole('button', { name: 'Tokens', exact: true }).click()
  await page.getByRole('button', { name: 'Make a token' }).click()
  await page.getByLabel('What it is for').fill('deploys')
  await page.getByRole('button', { name: 'Make token' }).click()
  await page.getByRole('dialog').getByText('shown only once').waitFor()
  await page.getByRole('button', { name: 'I have it' }).click()
  await page.getByRole('button', { name: 'End deploys' }).click()
  await page.getByRole('button', { name: 'End deploys' }).waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Policy', exact: true }).click()
  await page.getByRole('textbox', { name: 'Command' }).fill('kubectl delete namespace erlmcp')
  await page.getByLabel('Severity').selectOption('P1')
  await page.getByRole('button', { name: 'Explain' }).click()
  await page.getByText('person:ada may approve it').waitFor()
  await page.getByRole('button', { name: 'Integrations', exact: true }).click()
  await page.getByRole('button', { name: 'Test console' }).click()
  await page.locator('.tested .tone-green').first().waitFor()
})

test('without the server a page says so, keeps what it shows, and goes on when the server is back', async () => {
  const { page } = ada
  await open(page, '/reviews')
  await page.getByRole('table', { name: 'Reviews' }).waitFor()
  const said = page.getByText(/^(This device is offline|No connection to the server) for /)
  await withoutServer(ada, async () => {
    await said.waitFor({ timeout: 60_000 })
    await page.getByRole('table', { name: 'Reviews' }).waitFor()
  })
  await said.waitFor({ state: 'detached', timeout: 60_000 })
  await writeFile(desk.file('release'), 'good\n')
})
