import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, violations } from '../support/browser.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { tellStory } from '../support/story.ts'

let desk: Desk
let browser: Browser

beforeAll(async () => {
  desk = await openDesk()
  browser = await openBrowser()
})
afterAll(async () => {
  await browser?.close()
  await desk?.stop()
})

test('somebody who is invited opens the link, chooses a password, approves, signs out and in again', async () => {
  const admin = await desk.app.issueToken({ id: 'person:root', kind: 'person', role: 'admin' })
  const invited = await desk.api(admin, 'POST', '/people', { login: 'dora', name: 'Dora', role: 'lead' })
  expect(invited.status).toBe(200)
  const story = tellStory(
    () => desk,
    () => admin,
  )
  const incident = await story.fire('DeskFailing')
  const run = await story.runIn(incident, 'awaiting-decision')
  const name = String((await story.show(incident))['name'])
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' })
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  const link = new URL(String(invited.value['link']))
  await page.goto(`${desk.app.address()}${link.pathname}${link.hash}`)
  await page.getByRole('heading', { name: 'You are invited' }).waitFor()
  expect(page.url()).not.toContain('#')
  expect(await violations(page)).toEqual([])
  await page.getByLabel(/^Password/).fill('a long enough password')
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByRole('heading', { name: 'Waits for you' }).waitFor()
  await page
    .getByRole('link', { name: new RegExp(name) })
    .first()
    .click()
  await page.getByRole('button', { name: /^Approve/ }).click()
  await page.getByText('approved by dora').first().waitFor()
  const approvals = (await story.showRun(run['id']))['approvals'] as { decidedBy: string }[]
  expect(approvals.map((approval) => approval.decidedBy)).toContain('person:dora')
  await page.getByRole('button', { name: 'Pages and more' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to erlmcp' }).waitFor()
  expect(await violations(page)).toEqual([])
  await page.getByLabel('Login').fill('dora')
  await page.getByLabel('Password').fill('not the password at all')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('alert').first().waitFor()
  await page.getByLabel('Password').fill('a long enough password')
  await page.getByRole('button', { name: 'Sign in', exact: true }).click()
  await page.getByRole('heading', { name: 'Open' }).waitFor()
  await context.close()
})
