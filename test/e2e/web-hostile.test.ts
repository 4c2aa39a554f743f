import { appendFile } from 'node:fs/promises'
import type { Browser } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { notification } from '../support/alertmanager.ts'
import { openBrowser, personIn } from '../support/browser.ts'
import type { Person } from '../support/browser.ts'
import { openDesk } from '../support/desk.ts'
import type { Desk } from '../support/desk.ts'
import { tellStory, until } from '../support/story.ts'

/** Each would set `pwned`, ask another server, or leave the page's own elements if it were more than text. */
const PAYLOADS = [
  '<script>globalThis.pwned = 1</script>',
  '<img src=x onerror="globalThis.pwned = 1">',
  '<svg onload="globalThis.pwned = 1"></svg>',
  '<iframe srcdoc="<script>parent.pwned = 1</script>"></iframe>',
  '<details open ontoggle="globalThis.pwned = 1">',
  '<a href="javascript:globalThis.pwned = 1">press</a>',
  '[press](javascript:globalThis.pwned=1)',
  '[press](JaVaScRiPt:globalThis.pwned=1)',
  '[press](data:text/html;base64,PHNjcmlwdD5wYXJlbnQucHduZWQ9MTwvc2NyaXB0Pg==)',
  '[press](vbscript:x)',
  '[press](//evil.example/x)',
  '![look](https://evil.example/pixel.png)',
  '![look](http://evil.example/pixel.svg "t")',
  '<https://evil.example/auto>',
  '<style>body{background:url(https://evil.example/css)}</style>',
  '<link rel=stylesheet href=https://evil.example/x.css>',
  '<meta http-equiv=refresh content="0;url=https://evil.example/">',
  '<base href="https://evil.example/">',
  '<form action=https://evil.example><button>go</button></form>',
  '<math><mtext><script>globalThis.pwned=1</script></mtext></math>',
  '"><script>globalThis.pwned=1</script>',
  "'-globalThis.pwned--'",
  '{{constructor.constructor("globalThis.pwned=1")()}}',
  '\u202edesrever si siht',
  '`<img src=x onerror=globalThis.pwned=1>`',
  '**<img src=x onerror=globalThis.pwned=1>**',
] as const
/** Terminal sequences that move, retitle, link and hide. */
const OUTPUT =
  '\u001b]0;pwned\u0007\u001b[2J\u001b[1;1H\u001b]8;;javascript:globalThis.pwned=1\u0007link\u001b]8;;\u0007\u001b[38;2;1;2;3mcolour\u001b[0m\u0000\u0008'

let desk: Desk
let browser: Browser
let ada: Person

beforeAll(async () => {
  desk = await openDesk()
  browser = await openBrowser()
  ada = await personIn(browser, desk, 'ada', 'lead')
})
afterAll(async () => {
  await browser?.close()
  await desk?.stop()
})

test('whatever alert, page and output say, it is shown as text and asks no other server', async () => {
  const story = tellStory(
    () => desk,
    () => ada.token,
  )
  await appendFile(desk.page, `\n## Notes\n\n${PAYLOADS.map((payload) => `${payload}\n`).join('\n')}\n`)
  await appendFile(desk.file('desk.log'), `${PAYLOADS.join('\n')}\n${OUTPUT}\n`)
  await until('the page is read anew', async () => {
    const shown = await desk.api(ada.token, 'GET', '/pages/show?path=desk.md')
    return JSON.stringify(shown.value).includes('evil.example') ? true : null
  })
  const all = PAYLOADS.join(' ')
  const sent = notification('DeskFailing', 'hostile', [
    {
      ...story.alert('hostile'),
      annotations: { summary: PAYLOADS[1], description: all.slice(0, 1_000) },
    },
  ])
  const answer = await desk.webhook(sent)
  expect(answer.status).toBe(200)
  const incident = String(answer.value['incident'])
  await story.runIn(incident, 'awaiting-decision')
  const name = String((await story.show(incident))['name'])
  const { page } = ada
  await page.goto(`${desk.app.address()}/incidents/${name}`)
  await page.getByRole('heading', { name: 'What can be done' }).waitFor()
  await page.getByRole('heading', { level: 1, name: '<img src=x' }).waitFor()
  await page.getByRole('button', { name: /What does the log say/ }).click()
  await page.locator('.output-line', { hasText: '<script>globalThis.pwned = 1</script>' }).waitFor()
  await page.locator('.output-line', { hasText: 'linkcolour' }).waitFor()
  await desk.api(ada.token, 'POST', `/incidents/${name}/notes`, { text: all.slice(0, 3_000) })
  await page.locator('.entry-note').waitFor()
  await page.keyboard.press('r')
  await page.getByRole('dialog').getByText('Notes').waitFor()
  // every link that is left leads where it says, in a page of its own
  const links = await page.evaluate<{ href: string; rel: string }[]>(
    "[...document.querySelectorAll('.document a')].map(({ href, rel }) => ({ href, rel }))",
  )
  for (const { href, rel } of links) {
    expect(href).toMatch(/^(?:https?|mailto):/)
    expect(rel).toContain('noopener')
  }
  for (const tag of ['script', 'iframe', 'img', 'style', 'link', 'meta', 'base', 'form', 'math', 'object'])
    expect(await page.locator(`#root ${tag}`).count(), tag).toBe(0)
  expect(await page.evaluate(() => (globalThis as { pwned?: unknown }).pwned)).toBeUndefined()
  expect(await page.getByText('⟨U+202E⟩').count()).toBeGreaterThan(0)
  expect(ada.strangers).toEqual([])
  expect(ada.complaints).toEqual([])
})

test('the page is served under a policy that runs nothing from elsewhere or inline', async () => {
  const response = await fetch(`${desk.app.address()}/incidents/INC-1`, {
    headers: { 'accept-encoding': 'br' },
  })
  const policy = response.headers.get('content-security-policy') ?? ''
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain("require-trusted-types-for 'script'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(response.headers.get('content-encoding')).toBe('br')
  const html = await response.text()
  expect(html).not.toMatch(/<script(?![^>]*\bsrc=)/)
  const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1] ?? ''
  const asset = await fetch(`${desk.app.address()}${script}`)
  expect(asset.headers.get('cache-control')).toContain('immutable')
  expect((await fetch(`${desk.app.address()}/assets/..%2f..%2fpackage.json`)).status).toBe(404)
  expect((await fetch(`${desk.app.address()}/api/v1/nothing`)).status).toBe(404)
})
