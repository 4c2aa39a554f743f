import { assertNever } from '../base/error.ts'
import type { Comparison } from '../runbook/index.ts'
import type { RecoveryCondition, Sample, Verdict } from './model.ts'

export interface JudgeLimits {
  /** When the time is up without a proof. */
  giveUpAtMs: number
  /** Two samples further apart leave a gap in which nobody looked. */
  maxGapMs: number
}

export type Judgement =
  | { state: 'pending'; heldMs: number }
  | ({ state: 'decided' } & Omit<Verdict, 'samples'>)

export function satisfies(value: number, comparison: Comparison, threshold: number): boolean {
  switch (comparison) {
    case '<':
      return value < threshold
    case '<=':
      return value <= threshold
    case '>':
      return value > threshold
    case '>=':
      return value >= threshold
    case '==':
      return value === threshold
    case '!=':
      return value !== threshold
    default:
      return assertNever(comparison)
  }
}

/**
 * What the samples so far prove. `passed` only when the condition held at every sample over the whole hold time without
 * a gap; a sample that could not be measured is a gap. When the time is up: `failed` when the value was
 * off at last, or good but not for long enough; `unknown` when what stood in the way was that it could not be measured.
 */
export function judge(
  samples: readonly Sample[],
  condition: RecoveryCondition,
  nowMs: number,
  limits: JudgeLimits,
): Judgement {
  const holdMs = condition.forSeconds * 1_000
  const { heldMs, brokenBy } = currentHold(samples, condition, limits.maxGapMs)
  if (heldMs !== null && heldMs >= holdMs) {
    return {
      state: 'decided',
      verdict: 'passed',
      reason: `${words(condition)} held for ${seconds(heldMs)} s`,
    }
  }
  if (nowMs < limits.giveUpAtMs) return { state: 'pending', heldMs: heldMs ?? 0 }

  const measured = samples.findLast((sample) => sample.value !== null)
  const last = samples.at(-1)
  if (measured === undefined || last === undefined) {
    return decided('unknown', `it could not be measured: ${last?.error ?? 'no sample was taken'}`)
  }
  const value = measured.value ?? Number.NaN
  if (!satisfies(value, condition.comparison, condition.threshold)) {
    const agoMs = nowMs - Date.parse(measured.at)
    // an old value says nothing of now: the change may have worked since
    if (measured !== last && agoMs > limits.maxGapMs) {
      const error = lastError(samples) ?? 'samples are missing'
      return decided(
        'unknown',
        `it was ${value} ${seconds(agoMs)} s ago and could not be measured since: ${error}`,
      )
    }
    return decided('failed', `the last value measured was ${value}; ${words(condition)} was expected`)
  }
  if (heldMs === null || brokenBy === 'gap') {
    return decided(
      'unknown',
      `it could not be measured without a gap: ${lastError(samples) ?? 'samples are missing'}`,
    )
  }
  return decided(
    'failed',
    `${words(condition)} held for only ${seconds(heldMs)} s of ${condition.forSeconds} s when the time was up`,
  )
}

/** How long the condition has held up to the last sample, and what ended the search backwards. */
function currentHold(
  samples: readonly Sample[],
  { comparison, threshold }: RecoveryCondition,
  maxGapMs: number,
): { heldMs: number | null; brokenBy: 'start' | 'gap' | 'value' } {
  const last = samples.at(-1)
  if (last === undefined || last.value === null) return { heldMs: null, brokenBy: 'gap' }
  if (!satisfies(last.value, comparison, threshold)) return { heldMs: null, brokenBy: 'value' }
  const end = Date.parse(last.at)
  let start = end
  for (const sample of samples.slice(0, -1).reverse()) {
    const at = Date.parse(sample.at)
    if (sample.value === null || start - at > maxGapMs || at > start)
      return { heldMs: end - start, brokenBy: 'gap' }
    if (!satisfies(sample.value, comparison, threshold)) return { heldMs: end - start, brokenBy: 'value' }
    start = at
  }
  return { heldMs: end - start, brokenBy: 'start' }
}

const decided = (verdict: Verdict['verdict'], reason: string): Judgement => ({
  state: 'decided',
  verdict,
  reason,
})
const words = ({ comparison, threshold }: RecoveryCondition): string => `${comparison} ${threshold}`
const seconds = (ms: number): number => Math.round(ms / 100) / 10
const lastError = (samples: readonly Sample[]): string | undefined =>
  samples.findLast((sample) => sample.value === null)?.error
