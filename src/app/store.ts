import { mkdir } from 'node:fs/promises'
import { hostname } from 'node:os'
import type { BackupDeps } from '../backup/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { newUuid } from '../base/id.ts'
import type { Logger } from '../base/log.ts'
import { createDatabase, limitAppRole, startEmbedded } from '../db/index.ts'
import type { Database, EmbeddedPostgres } from '../db/index.ts'
import type { Channel } from '../communication/index.ts'
import { createLinter } from '../operations/index.ts'
import type { OncallService, OperationDeps } from '../operations/index.ts'
import { createPageService, folderSources } from '../runbook/sources/index.ts'
import type { PageService } from '../runbook/sources/index.ts'
import { createEngine, migrateAll } from '../workflow/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import { openChannels } from './channels.ts'
import { buildBackups } from './backup.ts'
import { buildClusters } from './cluster.ts'
import { messageSettings } from './messages.ts'
import { statusSettings } from './status-page.ts'
import { buildOncall } from './oncall.ts'
import { openPermissions } from './access.ts'
import type { Permissions } from './access.ts'
import type { AppOptions } from './options.ts'
import { leadChannels } from './reviews.ts'
import { targetOf } from './respond.ts'

export interface Store {
  embedded: EmbeddedPostgres | null
  url: string
  /** Of this process, among those that share the database. */
  executorId: string
  database: Database
  pages: PageService
  permissions: Permissions
  oncall: OncallService
  channels: readonly Channel[]
  backups: BackupDeps
}

export async function openStore(
  config: Config,
  log: Logger,
  clock: Clock,
  write: (text: string) => void = () => undefined,
): Promise<Store> {
  const embedded = config.databaseUrl === null ? await startEmbedded({ dataDir: config.dataDir, log }) : null
  const url = embedded?.url ?? config.databaseUrl ?? ''
  try {
    await mkdir(config.dataDir, { recursive: true })
    await migrateAll(url)
    const role = await limitAppRole(url)
    if (role === null)
      log.info({}, 'the database user makes no roles; triggers alone keep the audit as it is')
    const database = createDatabase({
      url,
      name: 'app',
      poolSize: config.limits.databasePoolSize,
      ...(role === null ? {} : { role }),
    })
    const permissions = await openPermissions(config, database, clock)
    const pages = pagesOf(config, log, clock, database)
    const channels = await openChannels({ config, write }, clock)
    const executorId = embedded?.executorId ?? newUuid()
    return {
      embedded,
      url,
      executorId,
      database,
      pages,
      permissions,
      oncall: buildOncall(config, log, pages, database),
      channels,
      backups: buildBackups(config, clock, log, { database, url }),
    }
  } catch (error) {
    await embedded?.stop()
    throw error
  }
}

const pagesOf = (config: Config, log: Logger, clock: Clock, database: Database): PageService => {
  const names = config.sources.map((source) => source.name)
  const sources = [...folderSources(config.runbooks, names), ...config.sources]
  return createPageService({ database, clock, log, sources, dataDir: config.dataDir })
}

export const engineFor = (options: Pick<AppOptions, 'log' | 'reach'>, store: Store): WorkflowEngine =>
  createEngine({
    url: store.url,
    database: store.database,
    executorId: store.executorId,
    host: hostname(),
    log: options.log,
    ...(options.reach === undefined ? {} : { reach: options.reach }),
  })

const clustersIn = (config: Config): Pick<OperationDeps, 'clusters'> => {
  const clusters = buildClusters(config)
  return clusters === undefined ? {} : { clusters }
}

export const operationDeps = (
  config: Config,
  clock: Clock,
  { database, pages, oncall, channels, permissions, backups }: Store,
  engine: Pick<WorkflowEngine, 'send' | 'start'>,
): OperationDeps => ({
  database,
  engine,
  clock,
  approvalTtlMs: config.response.approvalTtlSeconds * 1_000,
  pages,
  oncall,
  channels,
  backups,
  ...messageSettings(config),
  statusPage: statusSettings(config),
  policy: permissions.policy,
  lint: createLinter(),
  leadChannels: leadChannels(config),
  signer: permissions.signer,
  address: () => permissions.address,
  targetOf: (service) => targetOf(config, service),
  ...clustersIn(config),
  maintenance: config.maintenance,
})
