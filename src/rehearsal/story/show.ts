import { forTerminal } from '../../base/text.ts'
import { SIGNAL_TABLE } from '../../runbook/index.ts'
import type { Row } from './host.ts'
import { rows } from './host.ts'

/** An entry of the timeline as one line; `null` for what only repeats others. */
export function entryLine(entry: Row): string | null {
  if (forTerminal(entry['kind']).startsWith('message.')) return null
  return `  ${clockOf(entry['at'])}  ${oneLine(entry['message'])}\n`
}

/** What can be done: each option with its risk, why it fits, the exact commands and their inputs. */
export function optionsText(options: readonly Row[]): string {
  return `\n  WHAT CAN BE DONE\n${options.map((option, index) => optionText(index + 1, option)).join('')}`
}

function optionText(number: number, option: Row): string {
  const suggestion = option['suggestion'] === null ? '' : `\n       ${forTerminal(option['suggestion'])}`
  const commands = rows(option['commands'])
  const inputs = new Map(
    commands.flatMap((command) => rows(command['inputs']).map((input) => [input['name'], input['value']])),
  )
  return [
    `\n    ${number}. ${forTerminal(option['title'])}   [${forTerminal(option['risk'])}]${suggestion}\n`,
    ...commands.map(
      (command) => `       $ ${forTerminal(command['text']).replaceAll('\n', '\n         ')}\n`,
    ),
    ...[...inputs].map(
      ([name, value]) =>
        `         ${forTerminal(name)} = ${value === null ? 'MISSING' : forTerminal(value)}\n`,
    ),
  ].join('')
}

/** "error rate 0.00 %: below 1.00 % for 4 s of 10 s", from the samples of a verification that runs. `null` without one. */
export function countdownLine(verification: Row, speed: number): string | null {
  const condition = verification['condition'] as Row
  const samples = rows(verification['samples'])
  const last = samples.at(-1)
  if (last === undefined) return null
  const comparison = forTerminal(condition['comparison'])
  const threshold = Number(condition['threshold'])
  const wanted = Number(condition['forSeconds']) / speed
  const signal = forTerminal(condition['signal'])
  const name = signal.replaceAll('_', ' ')
  const limit = `${comparison} ${numberText(threshold, signal)}`
  const value = last['value'] === null ? 'not measurable' : numberText(Number(last['value']), signal)
  const since = samples.findLastIndex((sample) => !fits(sample['value'], comparison, threshold)) + 1
  const first = samples[since]
  const held =
    first === undefined
      ? 0
      : (Date.parse(forTerminal(last['at'])) - Date.parse(forTerminal(first['at']))) / 1_000
  const progress =
    first === undefined
      ? `not yet ${limit}`
      : `${limit} for ${Math.round(held)} s, ${Math.max(0, Math.ceil(wanted - held))} s to go`
  return `  ${clockOf(last['at'])}    ${name} ${value}: ${progress}\n`
}

/** A value of a signal in its unit. */
function numberText(value: number, signal: string): string {
  const unit = Object.entries(SIGNAL_TABLE).find(([name]) => name === signal)?.[1].unit
  if (unit === 'ratio') return `${(value * 100).toFixed(2)} %`
  return `${Number(value.toPrecision(3))}${unit === 'seconds' ? ' s' : ''}`
}

/** Whether a measured value satisfies a comparison. `null` never does. */
export function fits(value: unknown, comparison: string, threshold: number): boolean {
  if (typeof value !== 'number') return false
  switch (comparison) {
    case '>':
      return value > threshold
    case '>=':
      return value >= threshold
    case '<':
      return value < threshold
    case '<=':
      return value <= threshold
    default:
      return value === threshold
  }
}

export const clockOf = (at: unknown): string => forTerminal(at).slice(11, 19)
const MAX_LINE = 160
const oneLine = (value: unknown): string => forTerminal(value).replaceAll(/\s+/g, ' ').slice(0, MAX_LINE)
