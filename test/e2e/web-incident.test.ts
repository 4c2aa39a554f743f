import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { newId } from '../../src/base/id.ts'
import { openBrowser, personIn, picture, violations, withoutServer } from '../support/browser.ts'
import type { Person } from '../support/browser.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { tellStory } from '../support/story.ts'
import type { Story } from '../support/story.ts'

let desk: Desk
let browser: Browser
let story: Story
let ada: Person

beforeAll(async () => {
  desk = await openDesk()
  browser = await openBrowser()
  ada = await personIn(browser, desk, 'ada', 'lead')
  story = tellStory(
    () => desk,
    () => ada.token,
  )
})
afterAll(async () => {
  await browser?.close()
  await desk?.stop()
})
beforeEach(async () => {
  const { writeFile } = await import('node:fs/promises')
  await writeFile(desk.file('release'), 'bad\n')
})

const nameOf = async (incident: string): Promise<string> => String((await story.show(incident))['name'])
const open = (person: Person, at: string): Promise<unknown> => person.page.goto(`${desk.app.address()}${at}`)

test('an incident is seen, decided and proved in the browser, and a second person sees it happen', async () => {
  const cleo = await personIn(browser, desk, 'cleo', 'viewer', { width: 390, height: 844, theme: 'dark' })
  const incident = await story.fire('DeskFailing')
  await story.runIn(incident, 'awaiting-decision')
  const name = await nameOf(incident)
  await open(ada, '/')
  await ada.page.getByRole('heading', { name: 'Waits for you' }).waitFor()
  expect(await violations(ada.page)).toEqual([])
  await picture(ada.page, 'home-desktop-light')
  await ada.page
    .getByRole('link', { name: new RegExp(name) })
    .first()
    .click()
  await ada.page.getByRole('heading', { name: 'What can be done' }).waitFor()
  await ada.page.getByRole('button', { name: /What does the log say/ }).waitFor()
  await open(cleo, `/incidents/${name}`)
  await cleo.page.getByRole('heading', { name: 'What can be done' }).waitFor()
  // the exact command stands there before it runs, and the first option is the suggested one
  const option = ada.page.getByRole('article', { name: 'Go back to the release before' })
  await option.getByText('cp $DESK/good $DESK/release').waitFor()
  expect(await ada.page.title()).toContain('Waits')
  expect(await violations(ada.page)).toEqual([])
  expect(await violations(cleo.page)).toEqual([])
  await picture(ada.page, 'decide-desktop-light')
  await picture(cleo.page, 'decide-phone-dark')
  const choose = option.getByRole('button', { name: /^Choose/ })
  if (await choose.isVisible()) await choose.click()
  await option.getByRole('button', { name: /^Approve/ }).click()
  await cleo.page.getByText('approved by ada').first().waitFor()
  await cleo.page.getByText('It worked.').waitFor()
  await ada.page.getByText('It worked.').waitFor()
  await ada.page.locator('.incident-head').getByText('resolved').waitFor()
  await cleo.page.locator('.incident-head').getByText('resolved').waitFor()
  expect(await violations(ada.page)).toEqual([])
  expect(await violations(cleo.page)).toEqual([])
  await picture(ada.page, 'resolved-desktop-light')
  await picture(cleo.page, 'resolved-phone-dark')
  // a phone shows all of it without moving sideways
  const wide = await cleo.page.evaluate('document.documentElement.scrollWidth')
  expect(wide).toBeLessThanOrEqual(390)
  expect([...ada.complaints, ...cleo.complaints]).toEqual([])
  await cleo.context.close()
})

test('a viewer has no button that decides, and a hand-made request is refused', async () => {
  const vera = await personIn(browser, desk, 'vera', 'viewer')
  const incident = await story.fire('DeskFailing')
  const run = await story.runIn(incident, 'awaiting-decision')
  await open(vera, `/incidents/${await nameOf(incident)}`)
  await vera.page.getByRole('heading', { name: 'What can be done' }).waitFor()
  await vera.page.getByText('You may not approve it').waitFor()
  expect(await vera.page.getByRole('button', { name: /^Approve/ }).count()).toBe(0)
  const status = await vera.page.evaluate(
    async (at) =>
      (
        await fetch(at, {
          method: 'POST',
          headers: { 'content-type': 'application/json' },
          body: JSON.stringify({ option: '1' }),
        })
      ).status,
    `/api/v1/runs/${String(run['id'])}/approve`,
  )
  expect(status).toBe(403)
  expect((await story.showRun(run['id']))['state']).toBe('awaiting-decision')
  await vera.context.close()
})

test('a connection that is lost in the middle of output is told, and nothing is missing or twice afterwards', async () => {
  const incident = await story.fire('DeskFailing')
  const run = await story.runIn(incident, 'awaiting-decision')
  const executionId = newId('exe')
  const { kysely } = desk.store.database
  await kysely
    .insertInto('execution')
    .values({
      id: executionId,
      run_id: String(run['id']),
      step_id: 'long',
      attempt: 1,
      command_index: 0,
      command: 'make-lines',
      command_hash: '0'.repeat(64),
      risk: 'change',
      identity: 'operator',
      state: 'running',
      approval_id: null,
      host: null,
      process_id: null,
      process_started: null,
      started_at: new Date(),
      exit_code: null,
      signal: null,
      reason: null,
      summary: null,
    })
    .execute()
  let sequence = 0
  const write = async (text: string): Promise<void> => {
    await kysely
      .insertInto('output_chunk')
      .values({
        execution_id: executionId,
        sequence,
        stream: 'stdout',
        at: new Date(),
        content: Buffer.from(text),
      })
      .execute()
    sequence += 1
  }
  const { page } = ada
  await open(ada, `/incidents/${await nameOf(incident)}`)
  await page.getByText('make-lines').first().waitFor()
  await write('\u001b[32mline 1\u001b[0m\n')
  await page.locator('.output-line', { hasText: 'line 1' }).waitFor()
  expect(await page.locator('.output-line .fg-2').count()).toBe(1)
  await withoutServer(ada, async () => {
    await page.getByText('What is shown may be old').waitFor({ timeout: 45_000 })
    await picture(page, 'offline-desktop-light')
    expect(await page.getByRole('button', { name: /^Approve/ }).isDisabled()).toBe(true)
    for (const line of [2, 3, 4]) await write(`line ${line}\n`)
  })
  await page.locator('.output-line', { hasText: 'line 4' }).waitFor({ timeout: 45_000 })
  await write('line 5\n')
  await page.locator('.output-line', { hasText: 'line 5' }).waitFor()
  const shown = (await page.locator('.output-line').allInnerTexts()).map((line) => line.trim())
  expect(shown).toEqual(['line 1', 'line 2', 'line 3', 'line 4', 'line 5'])
  await page.getByText('What is shown may be old').waitFor({ state: 'detached' })
})

test('keys, palette, help and the runbook are reached without a mouse, and axe finds nothing in them', async () => {
  const incident = await story.fire('DeskFailing')
  await story.runIn(incident, 'awaiting-decision')
  const { page } = ada
  await open(ada, `/incidents/${await nameOf(incident)}`)
  await page.getByRole('heading', { name: 'What can be done' }).waitFor()
  await page.keyboard.press('?')
  await page.getByRole('dialog', { name: 'Keys' }).waitFor()
  expect(await violations(page)).toEqual([])
  await page.keyboard.press('Escape')
  await page.keyboard.press('Control+k')
  await page.getByRole('combobox', { name: 'Command or incident' }).fill('runbook')
  expect(await violations(page)).toEqual([])
  await page.keyboard.press('Enter')
  await page.getByRole('dialog').getByText('Option 2: Go back').waitFor()
  expect(await page.locator('.is-here').count()).toBeGreaterThan(0)
  expect(await violations(page)).toEqual([])
  await picture(page, 'runbook-desktop-light')
  await page.keyboard.press('Escape')
  await page.keyboard.press('n')
  await page.getByRole('textbox').fill('the desk was moved yesterday')
  await page.keyboard.press('Control+Enter')
  await page.locator('.entry-note', { hasText: 'the desk was moved yesterday' }).waitFor()
  await page.keyboard.press('a')
  await page.locator('.incident-head').getByText('acknowledged').waitFor()
})
