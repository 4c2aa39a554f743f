import { setTimeout as delay } from 'node:timers/promises'
import type { Address } from './keeper.ts'
import { ledgerAlert } from './ledger-service.ts'
import type { Random } from './random.ts'

type Row = Record<string, unknown>

export interface World {
  address(): Address | null
  random: Random
  signal: AbortSignal
  /** Tickets whose alert was answered with 200, with the start of the alert. */
  accepted: Map<string, string>
}

/** One request; `null` when there was no answer. */
export async function call(
  address: Address,
  token: string,
  method: 'GET' | 'POST',
  at: string,
  body?: unknown,
): Promise<{ status: number; value: Row } | null> {
  try {
    const authorization = `Bearer ${token}`
    const signal = AbortSignal.timeout(15_000)
    for (;;) {
      const response = await fetch(
        `${address.url}${at}`,
        method === 'GET'
          ? { headers: { authorization }, signal }
          : {
              method,
              headers: { authorization, 'content-type': 'application/json' },
              body: JSON.stringify(body),
              signal,
            },
      )
      const value = (await response.json()) as Row
      if (response.status !== 429) return { status: response.status, value }
      // hundreds of incidents are asked for one by one when all is counted: the server lets so many in a second
      await delay(1_000)
    }
  } catch {
    return null
  }
}

const SENDERS = 3

/** Alertmanagers: each sends a new alert every now and then, repeats it until it is accepted, and some also later. */
export async function sendAlerts(world: World, everyMs: number, limit: number): Promise<void> {
  let number = 0
  const sender = async (): Promise<void> => {
    while (number < limit && !world.signal.aborted) {
      number += 1
      const ticket = `T-${String(number).padStart(4, '0')}`
      const startsAt = new Date().toISOString()
      await deliver(world, ticket, startsAt, 'firing')
      if (world.random.chance(0.2)) await deliver(world, ticket, startsAt, 'firing')
      if (world.random.chance(0.1)) await deliver(world, ticket, startsAt, 'resolved')
      await pause(world, everyMs * (0.5 + world.random.next()))
    }
  }
  await Promise.all(Array.from({ length: SENDERS }, sender))
}

async function deliver(
  world: World,
  ticket: string,
  startsAt: string,
  status: 'firing' | 'resolved',
): Promise<void> {
  while (!world.signal.aborted) {
    if (await send(world, ticket, startsAt, status)) {
      world.accepted.set(ticket, startsAt)
      return
    }
    await pause(world, 100)
  }
}

async function send(
  world: World,
  ticket: string,
  startsAt: string,
  status: 'firing' | 'resolved',
): Promise<boolean> {
  const address = world.address()
  if (address === null) return false
  const body = ledgerAlert(ticket, startsAt, status)
  const answer = await call(address, address.webhookToken, 'POST', '/webhooks/alertmanager', body)
  return answer?.status === 200
}

/**
 * A person: approves what is offered, answers what is unknown, and ends at the source what nobody can mend. What is
 * mended ends there too, as an Alertmanager would say it: else it fires still, and its incident is opened again.
 */
export async function answerQuestions(world: World): Promise<void> {
  const ended = new Set<string>()
  while (!world.signal.aborted) {
    const address = world.address()
    if (address === null) {
      await pause(world, 150)
      continue
    }
    for await (const run of listRuns(address)) {
      if (world.signal.aborted) break
      const ticket = String(run['title'])
      if (run['state'] !== 'succeeded') await answer(world, address, run)
      else if (!ended.has(ticket) && (await end(world, ticket))) ended.add(ticket)
    }
    await pause(world, 150)
  }
}

/** Every run, page by page, as far as the server answers. */
async function* listRuns(address: Address): AsyncGenerator<Row> {
  for (let from = ''; ;) {
    const listed = await call(address, address.token, 'GET', `/api/v1/runs?limit=200${from}`)
    if (listed?.status !== 200) return
    yield* listed.value['runs'] as Row[]
    const { next } = listed.value
    if (typeof next !== 'string') return
    from = `&before=${next}`
  }
}

async function end(world: World, ticket: string): Promise<boolean> {
  const startsAt = world.accepted.get(ticket)
  return startsAt !== undefined && (await send(world, ticket, startsAt, 'resolved'))
}

async function answer(world: World, address: Address, run: Row): Promise<void> {
  const at = `/api/v1/runs/${String(run['id'])}`
  switch (run['state']) {
    case 'awaiting-decision':
      await call(address, address.token, 'POST', `${at}/approve`, { option: '1', reason: 'seen' })
      break
    case 'awaiting-person':
      await call(address, address.token, 'POST', `${at}/answer`, {
        as: world.random.chance(0.5) ? 'done' : 'not-done',
        reason: 'looked at the ledger',
      })
      break
    case 'failed':
      await end(world, String(run['title']))
      break
    default:
  }
}

const pause = (world: World, ms: number): Promise<void> =>
  delay(ms, undefined, { signal: world.signal }).catch(() => undefined)
