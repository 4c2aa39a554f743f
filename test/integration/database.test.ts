import { sql } from 'kysely'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testDatabase } from '../support/database.ts'
import type { TestDatabase } from '../support/database.ts'

let db: TestDatabase

beforeAll(async () => {
  db = await testDatabase()
})
afterAll(() => db.drop())

describe('a database', () => {
  test('has every table of the schema', async () => {
    const { rows } = await sql<{ name: string }>`
      select table_name as name from information_schema.tables where table_schema = 'public'`.execute(
      db.database.kysely,
    )
    expect(rows.map((row) => row.name)).toEqual(
      expect.arrayContaining([
        'incident',
        'run',
        'approval',
        'step_attempt',
        'step_result',
        'executor',
        'audit_entry',
      ]),
    )
  })
})
