import { afterAll, beforeAll, expect, test } from 'vitest'
import { faultsOf, runEscalationTrials } from '../../bench/escalation/trials.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

let store: TestDatabase
beforeAll(async () => {
  store = await testDatabase()
})
afterAll(() => store.drop())

test('replicas that are killed while they page page nobody twice for one level, and lose no page', async () => {
  const report = await runEscalationTrials({
    url: store.url,
    database: store.database,
    kills: 15,
    seed: 20_261_124,
    speed: 100,
    settleMs: 60_000,
  })
  expect(faultsOf(report)).toEqual([])
  expect(report.arrived).toBeGreaterThanOrEqual(15)
})
