import { z } from 'zod'
import { AppError } from '../../base/error.ts'

/** In one delivery; 10,000 in one group of Alertmanager are 4 MB. */
export const MAX_ALERTS = 20_000

export const labels = z.record(z.string().max(1_024), z.string().max(65_536))
export const time = z.iso.datetime({ offset: true })

/** Alertmanager and Prometheus write year 1 for "no time". */
export function timeOf(value: string | null | undefined): Date | null {
  if (value === null || value === undefined || value === '') return null
  const date = new Date(value)
  return Number.isNaN(date.getTime()) || date.getUTCFullYear() <= 1 ? null : date
}

/** @throws AppError `input_invalid` that names the place. */
export function parseBody<T>(schema: z.ZodType<T>, body: unknown, what: string, action: string): T {
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const issue = parsed.error.issues[0]
  throw new AppError(
    'input_invalid',
    `the body does not fit ${what}: ${issue?.path.join('.') || 'body'}: ${issue?.message ?? 'not an object'}`,
    { action },
  )
}
