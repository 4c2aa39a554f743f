import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import { listCatalogue, renderCatalogue } from './catalogue.ts'
import { coverage, renderCoverage } from './coverage.ts'
import { addMonths, parseDate, reviewMonths } from './dates.ts'
import type { MatchPage } from './match.ts'
import { readRunbook } from './read.ts'

beforeAll(loadCommandGrammars)

const page = (path: string, text: string): MatchPage => ({ path, runbook: readRunbook(text, { path }) })
const FERRY = `# Ferry

**Owner:** Harbour team
**Last Updated:** January 27, 2026
**Review Cycle:** Quarterly (every 3 months)

## Queue {#queue}

**Alert:** QueueFull
**Alert Trigger:** Error rate > 5% for 1 minute
**Severity:** P2

1. Look

## Engine {#engine}

**Alert Trigger:** Database connection pool exhaustion
**Severity:** P1

1. Look
`

describe('dates', () => {
  test.each([
    ['January 27, 2026', '2026-01-27'],
    ['27 Jan 2026', '2026-01-27'],
    ['Sept 3rd, 2025', '2025-09-03'],
    ['2026-01-27', '2026-01-27'],
    ['on 2026/1/7, by hand', '2026-01-07'],
    ['February 30, 2026', null],
    ['next week', null],
    ['13 of 2026', null],
  ])('%s', (text, expected) => {
    expect(parseDate(text)).toBe(expected)
  })

  test('review cycles in words and numbers', () => {
    expect(
      ['Quarterly (every 3 months)', 'yearly', '6 months', 'every 2 weeks', 'often'].map(reviewMonths),
    ).toEqual([3, 12, 6, 0.5, null])
  })

  test('a month added to the 31st ends with the month', () => {
    expect(addMonths('2026-01-31', 1)).toBe('2026-02-28')
    expect(addMonths('2026-11-15', 3)).toBe('2027-02-15')
  })
})

describe('the catalogue', () => {
  const entry = (now: string) => listCatalogue([page('ferry.md', FERRY)], new Date(now))[0]

  test('knows owner, last review, and the next from the cycle', () => {
    expect(entry('2026-03-01')).toMatchObject({
      owner: 'Harbour team', lastReviewed: '2026-01-27', nextReview: '2026-04-27', overdue: false,
    }) // prettier-ignore
  })

  test('a page is overdue the day after its date, not on it', () => {
    expect(entry('2026-04-27')?.overdue).toBe(false)
    expect(entry('2026-04-28')?.overdue).toBe(true)
  })

  test('says which triggers can be measured', () => {
    expect(
      entry('2026-03-01')?.procedures.map(({ id, measurable, alertNames }) => [id, measurable, alertNames]),
    ).toEqual([
      ['queue', true, ['QueueFull']],
      ['engine', false, []],
    ])
  })

  test('fits a terminal', () => {
    const text = renderCatalogue(listCatalogue([page('ferry.md', FERRY)], new Date('2026-05-01')))
    expect(text).toContain('OVERDUE')
    expect(text).toContain('1 pages, 2 procedures, 1 bound to alerts by name, 1 overdue')
    expect(text.split('\n').filter((line) => line.length > 100)).toEqual([])
  })
})

describe('coverage', () => {
  const RULES = `groups:
  - name: a
    rules:
      - record: x
        expr: y
      - alert: QueueFull
        expr: up == 0
      - alert: EngineHot
        expr: up == 0
        annotations:
          runbook_url: https://git/ferry.md#engin
      - alert: Lost
        expr: up == 0
        labels: {severity: page}
        annotations:
          runbook_url: 'https://git/{{ $labels.team }}.md'
`
  const ferry = () => [page('ferry.md', FERRY)]

  test('finds alerts without a page, dead anchors, templates, and procedures without an alert', () => {
    const found = coverage(RULES, ferry())
    expect(found.alerts.map((alert) => [alert.alert, alert.line])).toEqual([['QueueFull', 6], ['EngineHot', 8], ['Lost', 12]]) // prettier-ignore
    expect(found.withoutPage.map((alert) => alert.alert)).toEqual(['EngineHot', 'Lost'])
    expect(found.deadLinks.map((alert) => alert.alert)).toEqual(['EngineHot'])
    expect(found.templates.map((alert) => alert.alert)).toEqual(['Lost'])
    expect(found.withoutAlert.map((each) => each.procedureId)).toEqual(['engine'])
    expect(found.errors).toEqual([])
    expect(renderCoverage(found)).toContain('1 of 3 alerts have a page')
  })

  test('reads PrometheusRule objects, in lists and in several documents', () => {
    const rule = (name: string): string =>
      `{spec: {groups: [{name: g, rules: [{alert: ${name}, expr: up}]}]}}`
    const text = `kind: List\nitems:\n- ${rule('QueueFull')}\n---\n${rule('Other')}\n`
    expect(coverage(text, ferry()).alerts.map((alert) => alert.alert)).toEqual(['QueueFull', 'Other'])
  })

  test.each([
    ['a Helm template', 'groups:\n{{- if .Values.on }}\n- name: a\n{{- end }}\n', /Helm template/],
    ['no rules', 'a: 1\n', /no alerting rules/],
    ['nothing', '', /no alerting rules/],
    ['a list of scalars', '- 1\n- 2\n', /no alerting rules/],
    ['aliases to themselves', 'a: &a [*a]\n', /no alerting rules|not valid/],
  ])('%s is said to be so, not thrown', (_name, text, message) => {
    expect(coverage(text, ferry()).errors[0]?.message).toMatch(message)
  })
})
