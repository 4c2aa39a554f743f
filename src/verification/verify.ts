import { judge } from './judge.ts'
import { createMeter, type MeasureDeps } from './measure.ts'
import type { RecoveryCondition, Sample, SignalSource, Verdict } from './model.ts'

export interface VerifyRequest {
  condition: RecoveryCondition
  source: SignalSource
  /** Name of the signal: `error_rate`. */
  signal: string
  sampleEveryMs: number
  /** From the start; when the condition has not held for its time by then, it has failed. */
  giveUpAfterMs: number
  /** Over which time a rate is taken. Default: four samples, so that what was wrong before the fix drops out soon. */
  windowMs?: number
  /** Stored before the next one is taken. */
  onSample?(sample: Sample): Promise<void>
}

const GAP_SAMPLES = 2.5

/**
 * Measures until it is proved, refuted or out of time. Rejects only when `signal` aborts or `onSample` rejects;
 * a source that does not answer is a sample without a value, never an exception and never a pass.
 */
export async function verify(
  deps: MeasureDeps,
  request: VerifyRequest,
  signal: AbortSignal,
): Promise<Verdict> {
  const { condition, source, sampleEveryMs, giveUpAfterMs } = request
  const windowMs = request.windowMs ?? sampleEveryMs * 4
  const meter = createMeter(deps, source, { signal: request.signal, windowMs })
  const samples: Sample[] = []
  const limits = { giveUpAtMs: deps.now().getTime() + giveUpAfterMs, maxGapMs: sampleEveryMs * GAP_SAMPLES }
  if (source.kind === 'scrape') {
    // the first scrape only starts the window
    await meter.measure(signal)
    await deps.delay(sampleEveryMs, signal)
  }
  for (;;) {
    signal.throwIfAborted()
    const { value, error } = await meter.measure(signal)
    signal.throwIfAborted()
    const now = deps.now()
    const sample: Sample = { at: now.toISOString(), value, ...(error === undefined ? {} : { error }) }
    samples.push(sample)
    await request.onSample?.(sample)
    const judgement = judge(samples, condition, now.getTime(), limits)
    if (judgement.state === 'decided')
      return { verdict: judgement.verdict, reason: judgement.reason, samples }
    await deps.delay(sampleEveryMs, signal)
  }
}
