import { inject } from 'vitest'
import { newUuid } from '../../src/base/id.ts'
import { createDatabase } from '../../src/db/index.ts'
import type { Database } from '../../src/db/index.ts'
import { onServer, urlOf } from './server.ts'

export interface TestDatabase {
  url: string
  database: Database
  /** Closes the pool and removes the database, also while others are connected. */
  drop(): Promise<void>
}

/** A fresh database with every migration applied, cloned from the run's template in some 50 ms. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = inject('testServer')
  const name = `erlmcp_test_${newUuid().replaceAll('-', '').slice(0, 16)}`
  await onServer(server.url, `create database ${name} template ${server.template}`)
  const url = urlOf(server.url, name)
  const database = createDatabase({ url, name: 'test' })
  return {
    url,
    database,
    async drop() {
      await database.close()
      await onServer(server.url, `drop database if exists ${name} with (force)`)
    },
  }
}
