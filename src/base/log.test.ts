import { expect, test } from 'vitest'
import { createLogger, type LogLevel } from './log.ts'

function logging(level: LogLevel) {
  const lines: string[] = []
  const log = createLogger({ level, destination: { write: (line) => lines.push(line) } })
  return {
    log,
    lines,
    last: (): Record<string, unknown> => JSON.parse(lines.at(-1) ?? 'null') as Record<string, unknown>,
  }
}

test('a line is one JSON object with time, level, details and message', () => {
  const { log, last } = logging('info')
  log.info({ incidentId: 'inc_1' }, 'incident declared')
  expect(last()).toMatchObject({ level: 'info', incidentId: 'inc_1', msg: 'incident declared' })
  expect(Date.parse(String(last()['time']))).not.toBeNaN()
})

test('secrets in details, messages, errors and bindings do not reach the log', () => {
  const { log, lines, last } = logging('info')
  const error = Object.assign(new Error('connect postgres://app:hunter2@db failed'), { code: 'ECONNREFUSED' })
  log
    .child({ token: 'hunter2', runId: 'run_1' })
    .error({ err: error, environment: { PGPASSWORD: 'hunter2' } }, 'password=hunter2')
  expect(lines.join()).not.toContain('hunter2')
  expect(last()).toMatchObject({ runId: 'run_1', err: { code: 'ECONNREFUSED' } })
})

test('the level can change while the logger and its children are used', () => {
  const { log, lines } = logging('warn')
  const child = log.child({ runId: 'run_1' })
  child.debug({}, 'quiet')
  log.setLevel('debug')
  child.debug({}, 'loud')
  expect(log.level()).toBe('debug')
  log.setLevel('silent')
  child.error({}, 'quiet')
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(['loud'])
})

test('lines below the level are not written', () => {
  const { log, lines } = logging('warn')
  log.info({}, 'quiet')
  log.debug({}, 'quiet')
  log.warn({}, 'loud')
  expect(lines).toHaveLength(1)
})
