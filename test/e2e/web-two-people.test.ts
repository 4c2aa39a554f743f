import { existsSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, personIn, picture, violations } from '../support/browser.ts'
import type { Person } from '../support/browser.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { addFullDesk } from '../support/scenes.ts'
import { tellStory } from '../support/story.ts'
import type { Story } from '../support/story.ts'

let desk: Desk
let browser: Browser
let story: Story
let ada: Person
let rita: Person

beforeAll(async () => {
  desk = await openDesk()
  browser = await openBrowser()
  ada = await personIn(browser, desk, 'ada', 'lead')
  rita = await personIn(browser, desk, 'rita', 'responder', { width: 390, height: 844, theme: 'dark' })
  story = tellStory(
    () => desk,
    () => ada.token,
  )
  await addFullDesk(desk, ada.token)
})
afterAll(async () => {
  await browser?.close()
  await desk?.stop()
})

async function fullDesk(): Promise<{ incident: string; run: Row; name: string }> {
  await mkdir(desk.file('drawer-a'), { recursive: true })
  await mkdir(desk.file('archive'), { recursive: true })
  const incident = await story.fire('DeskFull')
  const run = await story.runIn(incident, 'awaiting-decision')
  return { incident, run, name: String((await story.show(incident))['name']) }
}
const open = (person: Person, name: string): Promise<unknown> =>
  person.page.goto(`${desk.app.address()}/incidents/${name}`)

test('a responder proposes what is destructive, a lead sees who and why, and only her approval runs it', async () => {
  const { run, name } = await fullDesk()
  await open(rita, name)
  await open(ada, name)
  const hers = rita.page.getByRole('article', { name: 'Throw everything away' })
  await hers.getByRole('button', { name: /^Choose/ }).click()
  await hers.getByText('You may not approve it').waitFor()
  expect(await hers.getByRole('button', { name: /^Approve/ }).count()).toBe(0)
  // by hand, past the page
  const refused = await desk.api(rita.token, 'POST', `/runs/${String(run['id'])}/approve`, { option: '2' })
  expect(refused.status).toBe(403)
  await hers.getByRole('button', { name: /^Propose/ }).click()
  await rita.page.getByLabel('Reason').fill('nobody has asked for it in years')
  await rita.page.getByRole('dialog').getByRole('button', { name: 'Propose' }).click()
  const theirs = ada.page.getByRole('article', { name: 'Throw everything away' })
  await theirs.getByText('Proposed by rita: nobody has asked for it in years').waitFor()
  expect(existsSync(desk.file('archive'))).toBe(true)
  await theirs.getByRole('button', { name: /^Choose/ }).click()
  await theirs.getByRole('button', { name: /^Approve/ }).click()
  const dialog = ada.page.getByRole('dialog')
  await dialog.getByText('rm -rf $DESK/archive', { exact: true }).waitFor()
  expect(await violations(ada.page)).toEqual([])
  await picture(ada.page, 'destructive-desktop-light')
  await picture(rita.page, 'proposed-phone-dark')
  await dialog.getByRole('textbox').fill('destroy')
  await dialog.getByRole('button', { name: 'Approve destructive change' }).click()
  await rita.page.getByText('approved by ada').first().waitFor()
  await expect.poll(() => existsSync(desk.file('archive')), { timeout: 30_000 }).toBe(false)
  const shown = (await story.showRun(run['id']))['approvals'] as Row[]
  expect(shown).toMatchObject([{ requestedBy: 'person:rita', decidedBy: 'person:ada' }])
})

test('an option waits for the value that it needs; a value in another shape of the same command is approved anew', async () => {
  const { run, name } = await fullDesk()
  await open(ada, name)
  const option = ada.page.getByRole('article', { name: 'Throw a drawer away' })
  await option.getByText('It needs DRAWER').waitFor()
  expect(await violations(ada.page)).toEqual([])
  await picture(ada.page, 'input-desktop-light')
  const before = (await story.showRun(run['id']))['options'] as Row[]
  await option.locator('.input-row input').fill('a')
  await option.getByRole('button', { name: 'Set DRAWER' }).click()
  await option.getByText('from person:ada').waitFor()
  const after = (await story.showRun(run['id']))['options'] as Row[]
  expect(after[0]?.['hashes']).not.toEqual(before[0]?.['hashes'])
  const stale = { option: '1', hashes: before[0]?.['hashes'] }
  expect((await desk.api(ada.token, 'POST', `/runs/${String(run['id'])}/approve`, stale)).status).toBe(409)
  await option.getByRole('button', { name: /^Approve/ }).click()
  await ada.page.getByRole('dialog').getByRole('textbox').fill('destroy')
  await ada.page.getByRole('dialog').getByRole('button', { name: 'Approve destructive change' }).click()
  await expect.poll(() => existsSync(desk.file('drawer-a')), { timeout: 30_000 }).toBe(false)
})

test('break-glass asks for a reason, is told to everybody, and leaves a review that another lead has to complete', async () => {
  const { run, incident, name } = await fullDesk()
  await open(rita, name)
  const hers = rita.page.getByRole('article', { name: 'Throw everything away' })
  await hers.getByRole('button', { name: /^Choose/ }).click()
  await hers.getByRole('button', { name: 'Break the glass' }).click()
  const dialog = rita.page.getByRole('dialog')
  await dialog.getByLabel(/Reason/).fill('too short')
  expect(await dialog.getByRole('button', { name: 'Break the glass' }).isDisabled()).toBe(true)
  await dialog.getByLabel(/Reason/).fill('the disk is full and no lead answers the phone')
  expect(await violations(rita.page)).toEqual([])
  await picture(rita.page, 'break-glass-phone-dark')
  await dialog.getByRole('button', { name: 'Break the glass' }).click()
  await rita.page
    .getByText(/BREAK-GLASS by person:rita/)
    .first()
    .waitFor()
  await rita.page.locator('.incident-head').getByText('review owed').waitFor()
  await expect.poll(() => existsSync(desk.file('archive')), { timeout: 30_000 }).toBe(false)
  await desk.api(ada.token, 'POST', `/incidents/${name}/resolve`, { reason: 'it is empty again' })
  await story.incidentIn(incident, 'resolved')
  const at = `/incidents/${name}/review`
  await expect.poll(async () => (await desk.api(ada.token, 'GET', at)).status, { timeout: 30_000 }).toBe(200)
  const words = { version: 0, cause: 'nobody threw anything away', owner: 'rita' }
  const saved = await put(rita.token, at, words)
  expect(saved).toMatchObject({ status: 200, etag: '"1"' })
  expect((await put(rita.token, at, { ...words, version: undefined }, '"0"')).status).toBe(412)
  const own = await desk.api(rita.token, 'POST', `${at}/complete`, { version: 1 })
  expect(own).toMatchObject({
    status: 403,
    value: { detail: expect.stringContaining('other than person:rita') },
  })
  await ada.page.goto(`${desk.app.address()}${at}`)
  await ada.page.getByText('This review is owed.').waitFor()
  await picture(ada.page, 'review-owed')
  await ada.page.getByRole('button', { name: 'Complete review' }).click()
  await ada.page.getByText('Completed by ada').waitFor()
  expect((await story.showRun(run['id']))['approvals']).toMatchObject([{ breakGlass: true }])
})

async function put(
  token: string,
  at: string,
  body: Row,
  ifMatch?: string,
): Promise<{ status: number; etag: string | null }> {
  const response = await fetch(`${desk.app.address()}/api/v1${at}`, {
    method: 'PUT',
    headers: {
      authorization: `Bearer ${token}`,
      'content-type': 'application/json',
      ...(ifMatch === undefined ? {} : { 'if-match': ifMatch }),
    },
    body: JSON.stringify(body),
  })
  await response.body?.cancel()
  return { status: response.status, etag: response.headers.get('etag') }
}

test('a picture is attached, shown to others, and what is neither picture nor text is refused', async () => {
  const { name } = await fullDesk()
  await open(ada, name)
  await open(rita, name)
  const png = await ada.page.screenshot({ clip: { x: 0, y: 0, width: 40, height: 40 } })
  await ada.page
    .locator('input[type=file]')
    .setInputFiles({ name: 'chart.png', mimeType: 'image/png', buffer: png })
  await rita.page.getByRole('button', { name: 'chart.png' }).click()
  const shown = rita.page.getByRole('img', { name: 'chart.png' })
  await shown.waitFor()
  expect(await shown.evaluate((image) => (image as unknown as { naturalWidth: number }).naturalWidth)).toBe(
    40,
  )
  expect(await violations(rita.page)).toEqual([])
  await ada.page
    .locator('input[type=file]')
    .setInputFiles({ name: 'tool.png', mimeType: 'image/png', buffer: Buffer.from('\u007fELF\u0002\u0001') })
  await ada.page.getByText('neither a whole picture nor text').waitFor()
  expect([...ada.complaints, ...rita.complaints]).toEqual([])
})
