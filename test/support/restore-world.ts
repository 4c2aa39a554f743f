import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { BackupDeps, BackupTarget } from '../../src/backup/index.ts'
import { folderStore, localTools, ownRecipient, readIdentities, toolsDumper } from '../../src/backup/index.ts'
import type { Database } from '../../src/db/index.ts'
import { silentLog } from './log.ts'

/** An application beside a database, as far as a restore sees it: a number of replicas in a file, and what was done to it. */
export interface World {
  folder: string
  url: string
}

export const replicasFile = (folder: string): string => path.join(folder, 'replicas')
export const notesFile = (folder: string): string => path.join(folder, 'notes')
export const notesOf = (folder: string): string[] =>
  existsSync(notesFile(folder)) ? readFileSync(notesFile(folder), 'utf8').trim().split('\n') : []

/** What is backed up and restored in tests: one target `orders`, in a folder that a killed process leaves to the next. */
export function backupWorld(database: Database, { folder, url }: World): BackupDeps {
  mkdirSync(folder, { recursive: true })
  if (!existsSync(replicasFile(folder))) writeFileSync(replicasFile(folder), '3')
  const keyFile = path.join(folder, 'key.txt')
  const replicas = async (): Promise<number> => Number(readFileSync(replicasFile(folder), 'utf8'))
  const target: BackupTarget = {
    name: 'orders',
    dumper: toolsDumper(localTools([])),
    url: async () => url,
    store: folderStore(path.join(folder, 'store')),
    storeName: 'default',
    recipients: async () => [await ownRecipient(keyFile)],
    identities: () => readIdentities(keyFile),
    checks: [],
    keep: { last: 1, hourly: 0, daily: 0, weekly: 0, monthly: 0 },
    schedule: null,
    workload: {
      name: 'application',
      place: { context: 'test', namespace: 'test' },
      replicas,
      async scale(count) {
        if ((await replicas()) === count) return
        appendFileSync(notesFile(folder), `scaled to ${count}\n`)
        writeFileSync(replicasFile(folder), String(count))
      },
      settled: async () => undefined,
    },
    sessionsEndMs: 1_500,
  }
  return {
    database,
    clock: { now: () => new Date() },
    log: silentLog,
    spool: path.join(folder, 'spool'),
    targets: new Map([['orders', target]]),
  }
}
