import type { Service } from 'kubernetes-types/core/v1.js'
import { messageOf } from '../base/error.ts'
import type { Carrying } from './command.ts'
import { openPart, runOnce } from './command.ts'
import { failureOf } from '../kubernetes/index.ts'
import { readDeployment, waitForRollout } from '../rollout/index.ts'
import type { Arrival } from '../rollout/index.ts'
import { restoreCommand, scaleCommand, selectorState } from './plan.ts'
import type { WindowPart } from './plan.ts'

/** A cluster that does not answer for a while must not keep traffic away. */
const TRIES = 6
const PAUSE_MS = 5_000

/**
 * Back to the recorded counts, then traffic, once the pods are ready. Before each try it looks whether the one before took
 * effect, so nothing is done twice. @returns what did not work, in words.
 */
export async function restorePart(carrying: Carrying, part: WindowPart): Promise<string[]> {
  const problems: string[] = []
  if (part.keep !== null && part.keep < part.replicas) {
    const failed = await untilDone(carrying, `scale ${part.service} back`, () => scaleBack(carrying, part))
    if (failed !== null) problems.push(`${part.workload} is not back at ${part.replicas} pods: ${failed}`)
  }
  const arrival = await carrying.context.step(`ready ${part.service}`, (signal) =>
    becomesReady(carrying, part, signal),
  )
  // a Service sends traffic to ready pods alone: to hold it back longer would help nobody
  if (!arrival.complete) problems.push(`${part.workload} is not ready: ${arrival.says}`)
  for (const front of part.fronts) {
    const name = `open ${part.service} ${front.name}`
    const failed = await untilDone(carrying, name, async (attempt) => {
      const state = await carrying.context.step(`${name} look ${attempt}`, () =>
        selectorOf(carrying, part, front),
      )
      if (state === 'as-recorded') return null
      if (state === 'other') return { final: `its selector was changed by somebody else` }
      if (state !== 'drained') return { again: state.error }
      const done = await runOnce(carrying, `${name} ${attempt}`, part, restoreCommand(part, front))
      return done === null ? null : { again: done }
    })
    if (failed !== null) problems.push(`service ${front.name} is STILL DRAINED or not as before: ${failed}`)
  }
  return problems
}

async function becomesReady({ deps }: Carrying, part: WindowPart, signal: AbortSignal): Promise<Arrival> {
  try {
    const { kubectl } = openPart(deps, part)
    return await waitForRollout(deps, kubectl, part.workload, deps.settings.readyTimeoutMs, signal)
  } catch (error) {
    signal.throwIfAborted()
    return { complete: false, says: messageOf(error) }
  }
}

type Attempt = { final: string } | { again: string } | null

async function untilDone(
  { deps, context }: Carrying,
  name: string,
  tryIt: (attempt: number) => Promise<Attempt>,
): Promise<string | null> {
  let last = ''
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const result = await tryIt(attempt)
    if (result === null) return null
    if ('final' in result) return result.final
    last = result.again
    if (attempt < TRIES) await context.sleep(Math.min(PAUSE_MS, deps.pollMs * 5) * attempt)
  }
  return `${last} (${TRIES} tries of ${name})`
}

async function scaleBack(carrying: Carrying, part: WindowPart): Promise<Attempt> {
  const { context, deps } = carrying
  const now = await context.step(`replicas of ${part.service}`, async () => {
    try {
      const deployment = await readDeployment(openPart(deps, part).kubectl, part.workload)
      return { replicas: deployment.spec?.replicas ?? 1 }
    } catch (error) {
      return { error: messageOf(error) }
    }
  })
  if (now.replicas === undefined) return { again: now.error }
  // more than recorded is the choice of whoever did the work
  if (now.replicas >= part.replicas) return null
  const command = scaleCommand(part, part.workload, now.replicas, part.replicas)
  const failed = await runOnce(carrying, `scale back ${part.service}`, part, command)
  return failed === null ? null : { again: failed }
}

async function selectorOf(
  { deps }: Carrying,
  part: WindowPart,
  front: WindowPart['fronts'][number],
): Promise<'drained' | 'as-recorded' | 'other' | { error: string }> {
  try {
    const result = await openPart(deps, part).kubectl.read(['get', `service/${front.name}`, '-o', 'json'])
    if (result.code !== 0) return { error: failureOf(result) }
    const service = JSON.parse(result.out) as Service
    return selectorState(service.spec?.selector, front.selector)
  } catch (error) {
    return { error: messageOf(error) }
  }
}
