import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { afterAll, expect, test } from 'vitest'
import { Keeper } from '../../bench/chaos/keeper.ts'
import { notification } from '../support/alertmanager.ts'

const KILLS = 4
/** Longer than all starts of the server together, on a slow machine: Alertmanager does not give up either. */
const GIVE_UP_AFTER_MS = 240_000
const STARTED = new Date().toISOString()
const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-ingest-kill-'))
chmodSync(folder, 0o711)
const configFile = path.join(folder, 'erlmcp.yaml')
writeFileSync(
  configFile,
  JSON.stringify({ listen: { host: '127.0.0.1', port: 0 }, logLevel: 'error', services: {} }),
)
const keeper = new Keeper(folder, configFile)
afterAll(async () => {
  await keeper.kill('SIGKILL')
  rmSync(folder, { recursive: true, force: true })
})

/** Sends one group again and again until it is accepted, as Alertmanager does; some of them at the same time. */
async function send(number: number, accepted: Set<number>): Promise<void> {
  const group = `kill-${number}`
  const body = JSON.stringify(
    notification('IngestKilled', group, [
      { fingerprint: group, status: 'firing', startsAt: STARTED, labels: { service: `s${number}` } },
    ]),
  )
  const until = Date.now() + GIVE_UP_AFTER_MS
  while (Date.now() < until) {
    const { address } = keeper
    try {
      if (address !== null) {
        const answer = await fetch(`${address.url}/webhooks/alertmanager`, {
          method: 'POST',
          headers: { 'content-type': 'application/json', authorization: `Bearer ${address.webhookToken}` },
          body,
          signal: AbortSignal.timeout(20_000),
        })
        await answer.text()
        if (answer.status === 200) {
          accepted.add(number)
          return
        }
      }
    } catch {
      // the server died: that is the point
    }
    await delay(100)
  }
}

async function incidentTitles(): Promise<Map<string, number>> {
  const { address } = keeper
  if (address === null) throw new Error('the server does not run')
  const titles = new Map<string, number>()
  let before = ''
  for (;;) {
    const answer = await fetch(`${address.url}/api/v1/incidents?limit=200${before}`, {
      headers: { authorization: `Bearer ${address.token}` },
    })
    const page = (await answer.json()) as { incidents: Record<string, unknown>[]; next?: string | null }
    for (const { title } of page.incidents) titles.set(String(title), (titles.get(String(title)) ?? 0) + 1)
    const last = page.incidents.at(-1)
    if (page.incidents.length < 200 || last === undefined) return titles
    before = `&before=${String(page.next ?? last['id'])}`
  }
}

test('a delivery that was answered 200 is never lost by kill -9, and never makes a second incident', async () => {
  const accepted = new Set<number>()
  expect(await keeper.start().ready).toBe(true)
  const sending: Promise<void>[] = []
  let number = 0
  for (let kill = 0; kill < KILLS; kill += 1) {
    // the kill falls between what is sent, stored, committed and answered
    for (let index = 0; index < 12; index += 1) {
      number += 1
      sending.push(send(number, accepted))
    }
    await delay(30 + 60 * kill)
    await keeper.kill('SIGKILL')
    expect(await keeper.start().ready).toBe(true)
  }
  await Promise.all(sending)
  expect(accepted.size).toBe(number)
  const titles = await incidentTitles()
  for (let each = 1; each <= number; each += 1) expect(titles.get(`kill-${each}`), `kill-${each}`).toBe(1)
})
