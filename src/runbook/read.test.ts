import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import type { Procedure, Runbook } from './model.ts'
import { readRunbook } from './read.ts'

const SEED = path.resolve('../shared/seed/OPERATIONAL_RUNBOOKS.md')

beforeAll(loadCommandGrammars)

describe.skipIf(!existsSync(SEED))('the seed', () => {
  let book: Runbook
  beforeAll(() => {
    book = readRunbook(readFileSync(SEED), { path: 'OPERATIONAL_RUNBOOKS.md' })
  })
  const procedure = (id: string): Procedure => {
    const found = book.procedures.find((each) => each.id === id)
    if (found === undefined) throw new Error(`no procedure ${id}`)
    return found
  }

  test('has its procedures under their own ids, and the quick reference', () => {
    expect(book.procedures.map((each) => each.id)).toEqual([
      'incident-response', 'high-error-rate', 'high-memory', 'high-cpu', 'database-failures', 'pod-crashloop',
      'scaling', 'backup-recovery', 'maintenance', 'troubleshooting', 'rollback', 'communication', 'quick-reference',
    ]) // prettier-ignore
  })

  test('states its triggers as numbers where the page gives numbers', () => {
    const triggers = Object.fromEntries(
      book.procedures.flatMap(({ id, trigger }) => {
        if (trigger === null) return []
        const { signal, comparison, threshold, unit, forSeconds } = trigger
        return [[id, [signal, comparison, threshold, unit, forSeconds]]]
      }),
    )
    expect(triggers).toEqual({
      'high-error-rate': ['error_rate', '>', 0.05, 'ratio', 60],
      'high-memory': ['memory_usage', '>', 0.85, 'ratio', 180],
      'high-cpu': ['cpu_usage', '>', 0.8, 'ratio', 300],
      'database-failures': ['db_pool_exhausted', null, null, null, null],
      'pod-crashloop': ['crash_looping', null, null, null, null],
    })
  })

  test('has severities, ranges and response times', () => {
    expect(procedure('high-error-rate')).toMatchObject({
      severity: 'P2',
      severityRange: null,
      responseTimeMinutes: 15,
    })
    expect(procedure('high-cpu')).toMatchObject({
      severity: 'P2',
      severityRange: ['P2', 'P3'],
      responseTimeMinutes: 15,
    })
    expect(procedure('pod-crashloop')).toMatchObject({ severity: 'P1', responseTimeMinutes: 5 })
    expect(book.severityPolicy.map((rule) => [rule.severity, rule.label, rule.responseTimeMinutes])).toEqual([
      ['P1', 'Critical', 5], ['P2', 'High', 15], ['P3', 'Medium', 30], ['P4', 'Low', null],
    ]) // prettier-ignore
    expect(book.severityPolicy[0]?.escalation).toEqual(['On-call', 'Manager', 'Director'])
  })

  test('proves a recovery by an error rate below 1 % for five minutes', () => {
    expect(procedure('high-error-rate').recovery).toMatchObject({
      signal: 'error_rate', comparison: '<', threshold: 0.01, unit: 'ratio', forSeconds: 300,
    }) // prettier-ignore
  })

  test('has phases with their time windows', () => {
    const phases = procedure('high-error-rate').phases
    expect(
      phases.map(({ name, kind, startMinute, endMinute }) => [name, kind, startMinute, endMinute]),
    ).toEqual([
      ['Immediate Actions', 'diagnose', 0, 2],
      ['Investigation', 'diagnose', 2, 5],
      ['Mitigation', 'mitigate', 5, 10],
      ['Resolution', 'verify', 10, 15],
      ['Post-Incident Review', 'follow-up', null, null],
    ])
    expect(phases[4]?.window).toBe('Next business day')
  })

  test('offers options and causes as alternatives, with their conditions', () => {
    const options = procedure('high-error-rate').phases[2]?.steps[0]?.alternatives ?? []
    expect(options.map(({ id, title, condition }) => [id, title, condition])).toEqual([
      ['mitigation/option-1', 'Scale Up', 'if resource constrained'],
      ['mitigation/option-2', 'Restart Pods', 'if stuck processes'],
      ['mitigation/option-3', 'Rollback', 'if recent deployment'],
    ])
    const causes = procedure('pod-crashloop').phases[1]?.steps[0]?.alternatives ?? []
    expect(causes.map((each) => [each.kind, each.title])).toEqual([
      ['cause', 'Configuration Error'],
      ['cause', 'Missing Environment Variables'],
      ['cause', 'Memory Limit Exceeded'],
      ['cause', 'Disk Space'],
    ])
  })

  test('reads numbered comments of a block as steps', () => {
    const restore = procedure('backup-recovery').phases[1]?.steps ?? []
    expect(restore.map((step) => step.title)).toEqual([
      'Stop application', 'Drop current database (CAREFUL!)', 'Create fresh database', 'Restore from backup',
      'Restart application', 'Verify',
    ]) // prettier-ignore
  })

  test('knows where each command stands', () => {
    const lines = book.procedures.flatMap((each) => each.phases).flatMap((phase) => phase.steps)
    const restore = lines
      .flatMap((step) => step.commands)
      .find((command) => command.text.includes('psql -U erlmcp -d erlmcp <'))
    expect(restore).toMatchObject({ line: 567, position: { line: 567, column: 1, endLine: 568 } })
  })

  test('reports and repairs the twelve lines whose UTF-8 was read as Windows-1252', () => {
    expect(book.notes.filter((note) => note.kind === 'mojibake').map((note) => note.line)).toEqual([
      32, 33, 34, 41, 43, 45, 47, 49, 208, 761, 771, 782,
    ])
    expect(book.templates[0]?.body).toContain('🚨')
  })

  test('has templates, contacts, links and the review cycle', () => {
    expect(book.templates.map((each) => [each.title, each.channel])).toEqual([
      ['Initial Alert Acknowledgment', '#incidents (Slack)'],
      ['Status Update (Ongoing Issue)', null],
      ['Resolution Notification', null],
      ['Post-Incident Summary Template', null],
    ])
    expect(book.contacts.map((each) => each.name)).toEqual([
      'On-Call Engineer',
      'Team Lead',
      'DevOps Team',
      'Database Team',
    ])
    expect(book.links.map((each) => each.url)).toContain('https://grafana.example.com/erlmcp')
    expect(book.metadata).toMatchObject({
      version: '1.0',
      nextReview: 'April 27, 2026',
      reviewCycle: 'Quarterly (every 3 months)',
    })
  })
})
