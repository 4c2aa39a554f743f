import { z } from 'zod'
import { AppError } from '../../base/error.ts'
import { FAULT_KINDS } from '../cluster/world/fault.ts'
import type { Fault } from '../cluster/world/fault.ts'
import type { SandboxRecord } from './record.ts'

const request = z.discriminatedUnion('do', [
  z.strictObject({ do: z.literal('inject'), fault: z.looseObject({ kind: z.enum(FAULT_KINDS) }) }),
  z.strictObject({ do: z.literal('calm') }),
])

/** `inject` makes a fault; `calm` ends the load that a fault has added. */
export type SandboxRequest = { do: 'inject'; fault: Fault } | { do: 'calm' }

export const readRequest = (body: string): SandboxRequest => request.parse(JSON.parse(body)) as SandboxRequest

const CRASH_CAUSES = ['bad-config', 'missing-variable', 'memory-limit', 'full-disk'] as const

/** `bad-release`, or `crash-loop:missing-variable`. @throws AppError `input_invalid` naming what there is */
export function parseFault(text: string): Fault {
  const [kind, cause = 'missing-variable'] = text.split(':')
  const known = FAULT_KINDS.find((each) => each === kind)
  if (known === undefined) {
    throw new AppError('input_invalid', `there is no fault ${JSON.stringify(text)}`, {
      action: `Choose from: ${FAULT_KINDS.join(', ')}; crash-loop takes a cause: ${CRASH_CAUSES.map((each) => `crash-loop:${each}`).join(', ')}.`,
    })
  }
  if (known !== 'crash-loop') return { kind: known }
  const named = CRASH_CAUSES.find((each) => each === cause)
  if (named !== undefined) return { kind: known, cause: named }
  throw new AppError('input_invalid', `a crash loop has no cause ${JSON.stringify(cause)}`, {
    action: `Choose from: ${CRASH_CAUSES.join(', ')}.`,
  })
}

/** Asks the sandbox that runs. @throws AppError `unavailable` with its own words */
export async function askSandbox(record: SandboxRecord, asked: SandboxRequest): Promise<void> {
  const response = await fetch(record.control.url, {
    method: 'POST',
    headers: { authorization: `Bearer ${record.control.token}` },
    body: JSON.stringify(asked),
    signal: AbortSignal.timeout(60_000),
  })
  if (response.ok) return
  const { message } = (await response.json()) as { message?: string }
  throw new AppError('unavailable', `the sandbox could not do it: ${message ?? response.status}`, {
    action: 'Look at `erlmcp sandbox status`.',
  })
}
