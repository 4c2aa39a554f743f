/**
 * How long output takes from the command that writes it to the screen of somebody who watches: the command prints the
 * time at which it wrote each line, Chromium says when a frame with that line was drawn. One clock, one machine.
 *
 *   node bench/live-output.ts [lines] [milliseconds between them]
 */
import { spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { chromium } from 'playwright-core'
import { quantile, round, startServer, temporaryFolder } from './support/measure.ts'

const LINES = Number(process.argv[2] ?? 300)
const GAP_MS = Number(process.argv[3] ?? 100)
const AIM_P95_MS = 250

const PAGE = `# Lines

## Lines {#lines}

**Alert:** Lines
**Severity:** P3

### Mitigation

**Option 1: Write lines**

\`\`\`bash
touch begun && for each in $(seq 1 ${LINES}); do echo "mark $each $(date +%s%3N)"; sleep ${GAP_MS / 1_000}; done
\`\`\`
`

/** Runs in the page before anything else does. */
const WATCH = `
  globalThis.marks = new Map()
  new MutationObserver(() => requestAnimationFrame(() => {
    for (const line of document.querySelectorAll('.output-line')) {
      const found = /mark (\\d+) (\\d+)/.exec(line.textContent)
      if (found !== null && !marks.has(found[1])) marks.set(found[1], Date.now() - Number(found[2]))
    }
  })).observe(document, { subtree: true, childList: true, characterData: true })`

spawnSync(process.execPath, ['scripts/build-web.mjs', '--if-stale'], { stdio: 'inherit' })
const { folder, remove } = temporaryFolder('live-output')
mkdirSync(path.join(folder, 'pages'))
writeFileSync(path.join(folder, 'pages', 'lines.md'), PAGE)
writeFileSync(path.join(folder, 'erlmcp.yaml'), JSON.stringify({ runbooks: [path.join(folder, 'pages')] }))
const server = await startServer(path.join(folder, 'data'), {
  ERLMCP_CONFIG: path.join(folder, 'erlmcp.yaml'),
})
const browser = await chromium.launch({
  executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--disable-dev-shm-usage'],
})

async function api(method: string, at: string, body?: unknown): Promise<Record<string, unknown>> {
  const answer = await fetch(`${server.url}/api/v1${at}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  return (await answer.json()) as Record<string, unknown>
}

async function fire(): Promise<void> {
  await fetch(`${server.url}/webhooks/alertmanager`, {
    method: 'POST',
    headers: { authorization: `Bearer ${server.webhookToken}`, 'content-type': 'application/json' },
    body: JSON.stringify({
      version: '4',
      status: 'firing',
      groupKey: 'lines',
      groupLabels: { alertname: 'Lines' },
      alerts: [
        {
          status: 'firing',
          labels: { alertname: 'Lines' },
          annotations: {},
          startsAt: new Date().toISOString(),
          fingerprint: 'lines',
        },
      ],
    }),
  })
}

async function waitingRun(): Promise<string> {
  for (;;) {
    const { runs } = (await api('GET', '/runs')) as { runs: { id: string; state: string }[] }
    const run = runs.find(({ state }) => state === 'awaiting-decision')
    if (run !== undefined) return run.id
    await delay(100)
  }
}

try {
  await fire()
  const run = await waitingRun()
  const context = await browser.newContext({
    viewport: { width: 1440, height: 900 },
    extraHTTPHeaders: { authorization: `Bearer ${server.token}` },
  })
  await context.route('**/api/v1/session', (route) => route.fulfill({ status: 404, json: {} }))
  await context.addInitScript(WATCH)
  const page = await context.newPage()
  await page.goto(`${server.url}/incidents/INC-1`)
  await page.getByRole('heading', { name: 'What can be done' }).waitFor()
  await api('POST', `/runs/${run}/approve`, { option: '1' })
  await page.locator('.output-line').first().waitFor({ timeout: 60_000 })
  await delay(LINES * (GAP_MS + 15) + 2_000)
  const seen = await page.evaluate<number[]>('[...globalThis.marks.values()]')
  const of = (share: number): number => round(quantile(seen, share), 0)
  console.log(`${seen.length} of ${LINES} lines seen, one each ${GAP_MS} ms`)
  console.log(
    `written to drawn: p50 ${of(0.5)} ms, p95 ${of(0.95)} ms, p99 ${of(0.99)} ms, worst ${of(1)} ms`,
  )
  console.log(`aim: p95 under ${AIM_P95_MS} ms: ${of(0.95) < AIM_P95_MS ? 'met' : 'missed'}`)
} finally {
  await browser.close()
  await server.stop()
  remove()
}
