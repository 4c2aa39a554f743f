import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import { explainMatch, matchProcedure } from './match.ts'
import type { MatchPage } from './match.ts'
import { readRunbook } from './read.ts'

beforeAll(loadCommandGrammars)

const page = (path: string, ...lines: string[]): MatchPage => ({
  path,
  runbook: readRunbook(lines.join('\n'), { path }),
})
const PAGES = (): MatchPage[] => [
  page('docs/ferry.md', '## Queue Full {#full}', '', '**Severity:** P2', '', '### Look closer', '', '1. a', '', '## Engine Hot', '', '**Alert:** EngineHot', '', '1. b'),
  page('docs/pier/PierDown.md', '# PierDown', '', '## Diagnosis', '', '- a', '', '## Mitigation', '', '- b'),
  page('other/README.md', '# Other', '', '## Diagnosis', '', '- a', '', '## Mitigation', '', '- b'),
] // prettier-ignore

const alert = (alertname: string, runbook?: string, key = 'runbook_url') => ({
  labels: { alertname },
  annotations: runbook === undefined ? {} : { [key]: runbook },
})
const found = (name: string, runbook?: string, key?: string): string | null => {
  const match = matchProcedure(PAGES(), alert(name, runbook, key))
  return match === null ? null : `${match.path}#${match.procedureId} by ${match.how}`
}

describe('an alert is bound', () => {
  test.each([
    ['https://git.example.org/ops/blob/main/docs/ferry.md#full', 'docs/ferry.md#full by anchor'],
    ['https://git.example.org/ops/blob/main/docs/ferry.md#FULL', 'docs/ferry.md#full by anchor'],
    ['https://pages.example.org/docs/ferry/#user-content-engine-hot', 'docs/ferry.md#EngineHot by anchor'],
    ['https://pages.example.org/docs/ferry.html?x=1#enginehot', 'docs/ferry.md#EngineHot by anchor'],
    ['ferry.md#look-closer', 'docs/ferry.md#full by anchor'],
    ['https://pages.example.org/pier/PierDown', 'docs/pier/PierDown.md#PierDown by page'],
    ['https://pages.example.org/other/', 'other/README.md#other by page'],
    ['https://erlmcp.example.org/runbooks/full', 'docs/ferry.md#full by anchor'],
  ])('by the link %s', (link, expected) => {
    expect(found('Any', link)).toBe(expected)
  })

  test('by the annotation "runbook" as well', () => {
    expect(found('Any', 'docs/ferry.md#full', 'runbook')).toBe('docs/ferry.md#full by anchor')
  })

  test('by the name that a page states, whatever its case', () => {
    expect(found('EngineHot')).toBe('docs/ferry.md#EngineHot by alert-name')
    expect(found('enginehot')).toBe('docs/ferry.md#EngineHot by alert-name')
    expect(found('PierDown')).toBe('docs/pier/PierDown.md#PierDown by alert-name')
  })

  test('by a heading that says the same words', () => {
    expect(found('QueueFull')).toBe('docs/ferry.md#full by heading')
  })

  test('by the name on the page that a link without anchor leads to', () => {
    expect(found('EngineHot', 'https://x/docs/ferry.md')).toBe('docs/ferry.md#EngineHot by page')
  })
})

describe('an alert is not bound', () => {
  test('by a likeness', () => {
    expect(found('QueueFuller')).toBeNull()
    expect(found('Queue')).toBeNull()
    expect(found('')).toBeNull()
  })

  test('by a template; it is reported, and the name decides', () => {
    const result = explainMatch(PAGES(), alert('EngineHot', 'docs/{{ $labels.type }}/README.md#x'))
    expect(result.match?.how).toBe('alert-name')
    expect(result.problems).toMatchObject([{ problem: 'template', annotation: 'runbook_url' }])
  })

  test('by an anchor that the page does not have', () => {
    const result = explainMatch(PAGES(), alert('Unknown', 'https://x/docs/ferry.md#gone'))
    expect(result.match).toBeNull()
    expect(result.problems.map((each) => each.problem)).toEqual(['dead-anchor', 'no-page'])
  })

  test('by a link to nowhere', () => {
    const result = explainMatch(PAGES(), alert('Unknown', 'https://x/wiki/nothing'))
    expect(result.problems.map((each) => each.problem)).toEqual(['page-not-found', 'no-page'])
  })
})

test('two pages for one alert are reported, and the first is taken', () => {
  const pages = [page('a/Twice.md', '# TwiceOver', '', '1. a'), page('b/Twice.md', '# TwiceOver', '', '1. a')]
  const result = explainMatch(pages, alert('TwiceOver'))
  expect(result.match?.path).toBe('a/Twice.md')
  expect(result.problems).toMatchObject([{ problem: 'ambiguous' }])
})

test('a page with the same name elsewhere loses against the longer common path', () => {
  const pages = [
    page('a/README.md', '# Over Here', '', '1. a'),
    page('b/README.md', '# Over There', '', '1. a'),
  ]
  expect(matchProcedure(pages, alert('X', 'https://h/b/README.md'))?.path).toBe('b/README.md')
})
