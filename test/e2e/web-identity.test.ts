import type { Browser, BrowserContext, Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openBrowser, violations } from '../support/browser.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { OIDC_CLIENT, oidcServer } from '../support/oidc-server.ts'
import type { OidcServer } from '../support/oidc-server.ts'

let desk: Desk
let browser: Browser
let provider: OidcServer
let admin = ''
const GROUPS: Record<string, string[]> = { lena: ['desk-leads'], mona: ['desk-leads'], otto: ['accounting'] }

beforeAll(async () => {
  provider = await oidcServer((login) => GROUPS[login] ?? [])
  desk = await openDesk({
    more: {
      access: {
        oidc: {
          name: 'Desk ID',
          issuer: provider.issuer,
          clientId: OIDC_CLIENT,
          roles: [{ group: 'desk-leads', role: 'lead' }],
        },
      },
    },
  })
  provider.serve(desk.app.address())
  browser = await openBrowser()
  admin = await desk.app.issueToken({ id: 'person:root', kind: 'person', role: 'admin' })
  await desk.api(admin, 'POST', '/people', { login: 'first', name: 'First', role: 'admin' })
})
afterAll(async () => {
  await browser?.close()
  await desk?.stop()
  await provider?.stop()
})

async function visit(origin: string, at: string): Promise<{ context: BrowserContext; page: Page }> {
  const context = await browser.newContext({ viewport: { width: 390, height: 844 }, reducedMotion: 'reduce' })
  context.setDefaultTimeout(30_000)
  const page = await context.newPage()
  await page.goto(`${origin}${at}`)
  return { context, page }
}

async function throughProvider(page: Page, login: string): Promise<void> {
  await page.getByRole('link', { name: /Desk ID/ }).click()
  await page.locator('input[name=login]').fill(login)
  await page.locator('input[name=password]').fill('anything')
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: /continue/i }).click()
}

test('whose group at the provider has a role signs in with it, and the role goes with the group', async () => {
  const { context, page } = await visit(desk.app.address(), '/login')
  await throughProvider(page, 'lena')
  await page.getByRole('heading', { name: 'Recently resolved' }).waitFor()
  const people = (await desk.api(admin, 'GET', '/people')).value['people'] as Record<string, unknown>[]
  expect(people).toContainEqual(
    expect.objectContaining({
      login: 'lena',
      signsInWith: ['oidc'],
      roles: [{ role: 'lead', scope: {}, source: 'oidc' }],
    }),
  )
  await context.close()
})

test('whose groups give no role stays outside, and is told so', async () => {
  const { context, page } = await visit(desk.app.address(), '/login')
  await throughProvider(page, 'otto')
  await page.getByText(/names no group that has a role here/).waitFor()
  expect(new URL(page.url()).pathname).toBe('/login')
  await context.close()
})

test('an answer of the provider is good for who asked, as they asked, once', async () => {
  const { context, page } = await visit(desk.app.address(), '/login/oidc/callback?code=stolen&state=x')
  await page.getByText(/what was asked is over/).waitFor()
  await page.getByRole('link', { name: /Desk ID/ }).click()
  const begun = await fetch(`${desk.app.address()}/login/oidc`, { redirect: 'manual' })
  const question = new URL(String(begun.headers.get('location'))).searchParams
  expect(Object.fromEntries(question)).toMatchObject({ response_type: 'code', code_challenge_method: 'S256' })
  for (const name of ['code_challenge', 'state', 'nonce'])
    expect(question.get(name)?.length, name).toBeGreaterThanOrEqual(20)
  // the answer is held back on its way, and given with another state, then as it was
  await page.locator('input[name=login]').fill('lena')
  await page.locator('input[name=password]').fill('anything')
  await page.locator('button[type=submit]').click()
  await page.getByRole('button', { name: /continue/i }).waitFor()
  const agreed = await page.request.post(page.url(), { form: { prompt: 'consent' }, maxRedirects: 0 })
  const resumed = await page.request.get(String(agreed.headers()['location']), { maxRedirects: 0 })
  const answer = String(resumed.headers()['location'])
  expect(answer).toContain(`${desk.app.address()}/login/oidc/callback?`)
  await page.goto(answer.replace(/state=[^&]+/, 'state=another'))
  await page.getByText(/signing in with the provider did not work/).waitFor()
  await page.goto(answer)
  await page.getByText(/what was asked is over/).waitFor()
  expect(new URL(page.url()).pathname).toBe('/login')
  await context.close()
})

test('a person who is taken off the list is out at once, in the browser she has open, and stays out', async () => {
  const { context, page } = await visit(desk.app.address(), '/login')
  await throughProvider(page, 'mona')
  await page.getByRole('heading', { name: 'Recently resolved' }).waitFor()
  const people = (await desk.api(admin, 'GET', '/people')).value['people'] as Record<string, unknown>[]
  const mona = people.find(({ login }) => login === 'mona')
  expect(
    await desk.api(admin, 'POST', `/people/${String(mona?.['id'])}/disable`, { reason: 'left' }),
  ).toMatchObject({ status: 200 })
  await page.reload()
  await page.getByRole('heading', { name: 'Sign in to erlmcp' }).waitFor()
  // the provider still knows her, and asks nothing
  await page.getByRole('link', { name: /Desk ID/ }).click()
  await page.getByText(/this person is disabled/).waitFor()
  await context.close()
})

test('a passkey that was made in the settings signs its person in, and no more once it is removed', async () => {
  const invited = await desk.api(admin, 'POST', '/people', { login: 'pia', name: 'Pia', role: 'responder' })
  const link = new URL(String(invited.value['link']))
  // passkeys belong to a name, never to an address
  const origin = desk.app.address().replace('127.0.0.1', 'localhost')
  const { context, page } = await visit(origin, `${link.pathname}${link.hash}`)
  const devtools = await context.newCDPSession(page)
  await devtools.send('WebAuthn.enable')
  await devtools.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  await page.getByLabel(/^Password/).fill('a long enough password')
  await page.getByRole('button', { name: 'Start' }).click()
  await page.getByRole('heading', { name: 'Recently resolved' }).waitFor()
  await page.goto(`${origin}/settings`)
  await page.getByLabel('Name of the device').fill('the test')
  await page.getByRole('button', { name: 'Make a passkey' }).click()
  await page.getByText('not used yet').waitFor()
  expect(await violations(page)).toEqual([])
  await signOut(page)
  await page.getByRole('button', { name: /passkey/i }).click()
  await page.getByRole('heading', { name: 'Recently resolved' }).waitFor()
  await page.goto(`${origin}/settings`)
  await page.getByText(/used now|used \d+ s ago/).waitFor()
  await page.getByRole('button', { name: 'Remove the test' }).click()
  await page.getByText('not used yet').waitFor({ state: 'detached' })
  await page.getByRole('button', { name: 'Remove the test' }).waitFor({ state: 'detached' })
  await signOut(page)
  await page.getByRole('button', { name: /passkey/i }).click()
  await page.locator('.notice-red').waitFor()
  expect(await page.getByRole('heading', { name: 'Sign in to erlmcp' }).count()).toBe(1)
  await context.close()
})

async function signOut(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Pages and more' }).click()
  await page.getByRole('dialog').getByRole('button', { name: 'Sign out' }).click()
  await page.getByRole('heading', { name: 'Sign in to erlmcp' }).waitFor()
}
