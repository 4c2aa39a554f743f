import { readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import { lintPage } from './page.ts'
import { renderRules } from './reference.ts'
import { LINT_RULES } from './registry.ts'

const now = new Date('2026-11-24T00:00:00Z')
const rulesIn = (text: string, id: string): string[] => {
  const source = id === 'invalid-utf8' ? Buffer.from(text.replace('\uFFFD', '\xE9'), 'latin1') : text
  return [...new Set(lintPage(source, { path: 'example.md', now }).map((finding) => finding.rule))]
}

describe.each(LINT_RULES.map((rule) => [rule.id, rule] as const))('%s', (id, rule) => {
  test('its bad example has this problem and no other', () => {
    expect(rulesIn(rule.bad, id)).toEqual([id])
  })

  test('its good example has no problem', () => {
    expect(rulesIn(rule.good, 'good')).toEqual([])
  })
})

test('every rule has its own name in small letters and one line that says what it finds', () => {
  const ids = LINT_RULES.map((rule) => rule.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const { id, summary } of LINT_RULES) {
    expect(id).toMatch(/^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/)
    expect(summary).toMatch(/^[^\n]{10,140}[^.\n]$/)
  }
})

test('the reference of the rules is what the rules say', () => {
  const file = path.resolve(import.meta.dirname, '../../../docs/reference/lint-rules.md')
  expect(readFileSync(file, 'utf8')).toBe(renderRules())
})
