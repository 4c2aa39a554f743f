import { afterAll, beforeAll, expect, test } from 'vitest'
import { withTransaction } from '../../src/db/index.ts'
import { declareIncident } from '../../src/incident/index.ts'
import { remindOfOwedReviews, saveWords } from '../../src/review/index.ts'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

let store: TestDatabase
const NOW = new Date('2026-11-20T10:00:00Z')
const later = (hours: number): Date => new Date(NOW.getTime() + hours * 3_600_000)
const LEADS = [{ channel: 'slack', target: '#leads' }]

beforeAll(async () => {
  store = await testDatabase()
})
afterAll(() => store.drop())

async function owedReview(groupKey: string): Promise<string> {
  return withTransaction(store.database, async (trx) => {
    const { incidentId } = await declareIncident(trx, NOW, {
      source: 'person',
      groupKey,
      title: 'The desk burns',
      severity: 'P2',
      service: 'desk',
      alertName: null,
      labels: {},
      annotations: {},
    })
    await trx
      .insertInto('review_demand')
      .values({
        incident_id: incidentId,
        reason: 'BREAK-GLASS',
        demanded_by: 'person:rita',
        demanded_at: NOW,
      })
      .execute()
    return incidentId
  })
}

const remind = (hours: number): Promise<number> => remindOfOwedReviews(store.database, later(hours), LEADS)

test('the leads are told of a review that is owed a day after, once a day, until it is completed', async () => {
  const incidentId = await owedReview('one')
  expect(await remind(23)).toBe(0)
  expect(await remind(25)).toBe(1)
  expect(await remind(26)).toBe(0)
  expect(await remind(50)).toBe(1)
  const told = await store.database.kysely
    .selectFrom('message')
    .select(['channel', 'target', 'body'])
    .where('kind', '=', 'review-owed')
    .execute()
  expect(told).toHaveLength(2)
  expect(told[0]).toMatchObject({
    channel: 'slack',
    target: '#leads',
    body: expect.stringContaining('BREAK-GLASS'),
  })
  await withTransaction(store.database, (trx) =>
    saveWords(trx, later(51), 'person:ada', { incidentId, version: 0, words: { completedAt: later(51) } }),
  )
  expect(await remind(80)).toBe(0)
})

test('of two people who write over the same version of a review, one is told', async () => {
  const incidentId = await owedReview('two')
  const save = (by: string, version: number): Promise<number | null> =>
    withTransaction(store.database, (trx) =>
      saveWords(trx, NOW, by, { incidentId, version, words: { cause: by } }),
    )
  const first = await Promise.all([save('person:ada', 0), save('person:ben', 0)])
  expect(new Set(first)).toEqual(new Set([1, null]))
  const second = await Promise.all([save('person:ada', 1), save('person:ben', 1)])
  expect(new Set(second)).toEqual(new Set([2, null]))
})
