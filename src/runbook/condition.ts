/** "Error rate > 5% for 1 minute" to signal, comparison, threshold, unit and hold time. */
import type { Comparison, Condition, SourceRange } from './model.ts'
import { SIGNAL_TABLE, signalOf } from './signals.ts'

const COMPARE = String.raw`(>=|<=|==|!=|=>|=<|≥|≤|&gt;=?|&lt;=?|>|<|\b(?:(?:is|are|goes|rises|stays|remains|drops|falls|was)\s+)?(?:above|over|below|under|exceed(?:s|ing)?|greater than|higher than|more th[ae]n|less th[ae]n|lower than|fewer than|at least|at most|reach(?:es|ed)?)\b)`
const NUMBER = String.raw`\*{0,2}(\d{1,12}(?:[.,]\d{1,12})*)\s*(%|percent\b|per cent\b|ms\b|milliseconds?\b|s\b|secs?\b|seconds?\b|mins?\b|minutes?\b|h\b|hrs?\b|hours?\b|d\b|days?\b|[KMGT]i?B?\b|B\b|bytes\b)?`
const COMPARISON = new RegExp(`${COMPARE}\\s*(?:a\\s+|of\\s+)?${NUMBER}`, 'i')
const DURATION = /\b(\d{1,6}(?:\.\d+)?)\s*-?\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b/i
const HOLD =
  /\b(?:for|over|during|sustained for|within|in|across)\s+(?:at least\s+|more than\s+|the last\s+|the past\s+|>\s*)?(\d{1,6}(?:\.\d+)?)\s*-?\s*(s|secs?|seconds?|m|mins?|minutes?|h|hrs?|hours?|d|days?)\b/i

/** A condition as the page states it. What it does not state is `null`; nothing is guessed. */
export function parseCondition(
  text: string,
  position: SourceRange,
  stated: Condition['stated'] = 'label',
): Condition {
  const signal = signalOf(text)
  const measured = measure(text)
  return {
    signal,
    comparison: measured?.comparison ?? null,
    threshold: measured?.threshold ?? null,
    unit: measured === null ? null : (measured.unit ?? defaultUnit(signal)),
    forSeconds: holdSeconds(text),
    text,
    position,
    stated,
  }
}

const defaultUnit = (signal: Condition['signal']): Condition['unit'] =>
  signal === null || SIGNAL_TABLE[signal].unit === 'ratio' ? 'count' : SIGNAL_TABLE[signal].unit

interface Measured {
  comparison: Comparison
  threshold: number
  unit: Condition['unit']
  index: number
}

/** The first comparison with a number. */
export function measure(text: string): Measured | null {
  const match = COMPARISON.exec(text)
  const comparison = match === null ? null : comparisonOf(match[1] ?? '')
  if (match === null || comparison === null) return null
  const { value, unit } = scaled(
    Number((match[2] ?? '').replace(/,(?=\d{3}\b)/g, '').replace(',', '.')),
    match[3],
  )
  return Number.isFinite(value) ? { comparison, threshold: value, unit, index: match.index } : null
}

function comparisonOf(words: string): Comparison | null {
  const text = words.toLowerCase().replace('&gt;', '>').replace('&lt;', '<')
  if (text === '>=' || text === '=>' || text === '≥' || text.includes('at least') || text.includes('reach'))
    return '>='
  if (text === '<=' || text === '=<' || text === '≤' || text.includes('at most')) return '<='
  if (text === '==' || text === '!=' || text === '>' || text === '<') return text
  if (/above|over|exceed|greater|higher|more/.test(text)) return '>'
  return /below|under|less|lower|fewer/.test(text) ? '<' : null
}

const BYTES: Record<string, number> = {
  k: 1e3,
  m: 1e6,
  g: 1e9,
  t: 1e12,
  ki: 2 ** 10,
  mi: 2 ** 20,
  gi: 2 ** 30,
  ti: 2 ** 40,
}

function scaled(value: number, unitText: string | undefined): { value: number; unit: Condition['unit'] } {
  const unit = (unitText ?? '').toLowerCase()
  if (unit === '') return { value, unit: null }
  if (unit === '%' || unit.startsWith('per')) return { value: round(value / 100), unit: 'ratio' }
  if (unit.startsWith('ms') || unit.startsWith('milli'))
    return { value: round(value / 1000), unit: 'seconds' }
  if (unit.startsWith('s')) return { value, unit: 'seconds' }
  const time = unit.startsWith('min')
    ? 60
    : unit.startsWith('h')
      ? 3600
      : unit.startsWith('d')
        ? 86_400
        : null
  if (time !== null) return { value: value * time, unit: 'seconds' }
  const factor = BYTES[unit.replace(/b(?:ytes)?$/, '')] ?? 1
  return { value: value * factor, unit: 'bytes' }
}

const round = (value: number): number => Number(value.toPrecision(12))

/** "for 1 minute", "sustained for 5 min"; `null` when the text gives none. */
export function holdSeconds(text: string): number | null {
  const match = HOLD.exec(text)
  return match === null ? null : toSeconds(match[1], match[2])
}

/** Any duration in the text: "5 min observation". */
export function durationSeconds(text: string): number | null {
  const match = DURATION.exec(text)
  return match === null ? null : toSeconds(match[1], match[2])
}

function toSeconds(amount: string | undefined, unitText: string | undefined): number {
  const unit = (unitText ?? '').charAt(0).toLowerCase()
  const factor = unit === 's' ? 1 : unit === 'm' ? 60 : unit === 'h' ? 3600 : 86_400
  return Math.round(Number(amount) * factor)
}
