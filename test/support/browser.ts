import { spawnSync } from 'node:child_process'
import { mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import path from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { expect } from 'vitest'
import type { Role } from '../../src/access/index.ts'
import type { Desk } from './desk.ts'

const ROOT = path.resolve(import.meta.dirname, '..', '..')
/** Pictures of the main states; looked at, never compared. */
const PICTURES = path.join(ROOT, '.data', 'pictures')
const axeSource = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

/** Debian's Chromium, and the page built from its sources as they are. */
export async function openBrowser(): Promise<Browser> {
  const built = spawnSync(process.execPath, [path.join(ROOT, 'scripts', 'build-web.mjs'), '--if-stale'], {
    stdio: 'inherit',
  })
  expect(built.status, 'the page is built').toBe(0)
  mkdirSync(PICTURES, { recursive: true })
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
  })
}

export interface Person {
  context: BrowserContext
  page: Page
  token: string
  /** What the browser complained about: policy violations, faults of the page. */
  complaints: string[]
  /** Addresses other than the server's own that the page asked for. */
  strangers: string[]
}

/** Somebody in a browser of their own. The token stands for what signs them in, so that these tests are of the page. */
export async function personIn(
  browser: Browser,
  desk: Desk,
  name: string,
  role: Role,
  look: { width: number; height: number; theme?: 'light' | 'dark' } = { width: 1440, height: 900 },
): Promise<Person> {
  const id = `person:${name}`
  const token = await desk.app.issueToken({ id, kind: 'person', role })
  const context = await browser.newContext({
    viewport: { width: look.width, height: look.height },
    colorScheme: look.theme ?? 'light',
    reducedMotion: 'reduce',
    extraHTTPHeaders: { authorization: `Bearer ${token}` },
  })
  context.setDefaultTimeout(30_000)
  await context.route('**/api/v1/session', (route) =>
    route.fulfill({
      json: {
        signedIn: true,
        ownerMissing: false,
        methods: { password: true, passkey: false, oidc: null },
        person: { id, login: name, name, hasPassword: true, passkeys: 0 },
        role,
        roles: [{ role, scope: {} }],
        csrfToken: null,
        expiresAt: null,
      },
    }),
  )
  // those belong to a session, and a token has none
  await context.route('**/api/v1/passkeys', (route) => route.fulfill({ json: { passkeys: [] } }))
  const page = await context.newPage()
  const complaints: string[] = []
  const strangers: string[] = []
  page.on('pageerror', (error) => complaints.push(error.message))
  page.on('console', (message) => {
    if (/Content Security Policy|TrustedHTML|TrustedScript/i.test(message.text()))
      complaints.push(message.text())
  })
  page.on('dialog', (dialog) => {
    complaints.push(`a dialog: ${dialog.message()}`)
    void dialog.dismiss()
  })
  page.on('request', (request) => {
    const url = new URL(request.url())
    if (url.origin !== desk.app.address() && !/^(?:data|blob):/.test(url.protocol))
      strangers.push(request.url())
  })
  return { context, page, token, complaints, strangers }
}

export async function picture(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: path.join(PICTURES, `${name}.png`) })
}

/** What axe finds on the page as it is now: rule and place. WCAG 2.2 A and AA. */
export async function violations(page: Page): Promise<string[]> {
  // evaluated by the test's own protocol, which the page's policy does not bind
  await page.evaluate(axeSource)
  const found = await page.evaluate<{ id: string; nodes: { target: string[]; failureSummary: string }[] }[]>(
    "axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }).then((found) => found.violations)",
  )
  return found.flatMap(({ id, nodes }) =>
    nodes.map((node) => `${id}: ${node.target.join(' ')}: ${node.failureSummary}`),
  )
}

const API = '**/api/**'

/**
 * Does `act` while the server cannot be reached from the page. Not by the browser's own "offline": on a machine
 * without a network it is offline all along, and then cuts nothing.
 */
export async function withoutServer({ page, context }: Person, act: () => Promise<void>): Promise<void> {
  await context.route(API, (route) => route.abort('internetdisconnected'))
  try {
    // ends the stream that is open
    await page.evaluate(`dispatchEvent(new Event('offline'))`)
    await act()
  } finally {
    await context.unroute(API)
  }
}
