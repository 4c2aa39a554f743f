import { beforeAll, describe, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from './analyse.ts'
import opponent from './data/opponent.json' with { type: 'json' }
import plainReads from './data/plain-reads.json' with { type: 'json' }
import { RISKS } from './model.ts'
import type { Risk } from './model.ts'

/** Written before the classifier was read: commands that try to pass for a read, and what people really ask. */
const ATTACKS = opponent.flatMap(({ why, change, destructive }) => [
  ...change.map((command) => ({ why, least: 'change' as const, command })),
  ...destructive.map((command) => ({ why, least: 'destructive' as const, command })),
])
/** Reads that are not recognised, and why that is left so. */
const NOT_RECOGNISED = new Map([
  ["clickhouse-client -q 'select count() from system.parts'", 'ClickHouse has table functions that write'],
])

const riskOf = (command: string): Risk => analyseCommand(command, { language: 'bash' }).risk

beforeAll(loadCommandGrammars)

describe('commands written by an opponent', () => {
  test('there are enough to mean something', () => {
    expect(ATTACKS.length).toBeGreaterThan(900)
    expect(plainReads.length).toBeGreaterThan(650)
  })

  test.each(RISKS.filter((risk) => risk !== 'read'))('what is at least %s is called no less', (label) => {
    const missed = ATTACKS.filter(({ least }) => least === label).filter(
      ({ command }) => RISKS.indexOf(riskOf(command)) < RISKS.indexOf(label),
    )
    expect(missed).toEqual([])
  })

  test('what people really ask is a read', () => {
    const reads = plainReads.filter((command) => !NOT_RECOGNISED.has(command))
    expect(reads.filter((command) => riskOf(command) !== 'read')).toEqual([])
  })

  test('what is not recognised counts as the worst, and stays under three of a hundred', () => {
    for (const command of NOT_RECOGNISED.keys()) expect(riskOf(command)).toBe('destructive')
    expect(NOT_RECOGNISED.size / plainReads.length).toBeLessThan(0.03)
  })
})
