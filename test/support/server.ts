import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { Client } from 'pg'
import type { TestProject } from 'vitest/node'
import { newUuid } from '../../src/base/id.ts'
import { startEmbedded } from '../../src/db/index.ts'
import { migrateAll } from '../../src/workflow/index.ts'
import { silentLog } from './log.ts'

/** Where the tests of this run find PostgreSQL, and the migrated database that each file clones. */
export interface TestServer {
  url: string
  template: string
}

declare module 'vitest' {
  export interface ProvidedContext {
    testServer: TestServer
  }
}

interface Shared {
  users: number
  ready: Promise<{ server: TestServer; stop: () => Promise<void> }>
}

const key = Symbol.for('erlmcp.test.server')
const store = globalThis as { [key]?: Shared }

/**
 * Vitest's global setup: one server for all projects of a run, by `TEST_DATABASE_URL` or embedded in a temporary folder.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const shared = (store[key] ??= { users: 0, ready: startServer() })
  shared.users += 1
  const { server, stop } = await shared.ready
  project.provide('testServer', server)
  return async () => {
    shared.users -= 1
    if (shared.users > 0) return
    delete store[key]
    await stop()
  }
}

async function startServer(): Promise<{ server: TestServer; stop: () => Promise<void> }> {
  const external = process.env['TEST_DATABASE_URL']
  const embedded = external === undefined || external === '' ? await startTemporary() : null
  const url = embedded?.url ?? external ?? ''
  const template = `erlmcp_template_${newUuid().slice(0, 8)}`
  try {
    await onServer(url, `create database ${template}`)
    await migrateAll(urlOf(url, template))
  } catch (error) {
    await embedded?.stop()
    throw error
  }
  return {
    server: { url, template },
    async stop() {
      if (embedded === null) await onServer(url, `drop database if exists ${template} with (force)`)
      else await embedded.stop()
    },
  }
}

async function startTemporary(): Promise<{ url: string; stop(): Promise<void> }> {
  const dataDir = await mkdtemp(path.join(tmpdir(), 'erlmcp-test-'))
  const embedded = await startEmbedded({ dataDir, log: silentLog })
  return {
    url: embedded.url,
    async stop() {
      await embedded.stop()
      await rm(dataDir, { recursive: true, force: true })
    },
  }
}

/** Runs one statement outside a transaction, on the server's own database. */
export async function onServer(url: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 10_000 })
  client.on('error', () => undefined)
  await client.connect()
  try {
    await client.query(statement)
  } finally {
    await client.end()
  }
}

export function urlOf(server: string, name: string): string {
  const url = new URL(server)
  url.pathname = `/${name}`
  return url.toString()
}
