import { readFile } from 'node:fs/promises'
import path from 'node:path'
import type { BackupDeps, BackupStore, BackupTarget } from '../backup/index.ts'
import {
  BACKUP_WORKFLOW,
  deploymentWorkload,
  folderStore,
  gcsStore,
  localTools,
  ownDumper,
  ownRecipient,
  podTools,
  readIdentities,
  RESTORE_WORKFLOW,
  REVERT_WORKFLOW,
  runBackup,
  runRestore,
  runRevert,
  s3Store,
  scheduleDuty,
  toolsDumper,
} from '../backup/index.ts'
import type { BackupJob, RestoreJob } from '../backup/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { AppError, assertNever, messageOf } from '../base/error.ts'
import type { Logger } from '../base/log.ts'
import type { Database } from '../db/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { Duty } from './options.ts'

type TargetConfig = Config['backup']['targets'][string]
type StoreConfig = Config['backup']['stores'][string]

const OWN: TargetConfig = {
  kind: 'own',
  store: 'default',
  keep: { last: 3, hourly: 0, daily: 7, weekly: 4, monthly: 6 },
  schedule: null,
}

/** What can be backed up, from the configuration; `own`, erlmcp itself, always. */
export function buildBackups(
  config: Config,
  clock: Clock,
  log: Logger,
  store: { database: Database; url: string },
): BackupDeps {
  const { backup, dataDir } = config
  const keyFile = path.join(dataDir, 'backup-key.txt')
  const stores = new Map<string, BackupStore>([['default', folderStore(path.join(dataDir, 'backups'))]])
  for (const [name, each] of Object.entries(backup.stores)) stores.set(name, openStore(each))
  const identityFile = backup.identityFile ?? keyFile
  const targets = { own: OWN, ...backup.targets }
  const built = Object.entries(targets).map(([name, each]): [string, BackupTarget] => {
    const kept = stores.get(each.store)
    if (kept === undefined) throw new Error(`no store ${each.store}`)
    return [
      name,
      {
        name,
        store: kept,
        storeName: each.store,
        recipients: async () =>
          backup.recipients.length > 0 ? backup.recipients : [await ownRecipient(keyFile)],
        identities: () => readIdentities(identityFile),
        keep: each.keep,
        schedule: each.schedule,
        ...sourceOf(config, each, store.url),
      },
    ]
  })
  const spool = path.join(dataDir, 'backup-spool')
  return { database: store.database, clock, log, spool, targets: new Map(built) }
}

type Source = Pick<BackupTarget, 'dumper' | 'url' | 'checks' | 'workload' | 'sessionsEndMs'>

function sourceOf(config: Config, target: TargetConfig, ownUrl: string): Source {
  if (target.kind === 'own')
    return { dumper: ownDumper, url: async () => ownUrl, checks: [], workload: null, sessionsEndMs: 60_000 }
  const { workload, pod } = target
  return {
    dumper: toolsDumper(
      pod === null
        ? localTools(config.backup.toolsFolders)
        : podTools({ ...pod, kubeconfig: pod.kubeconfigFile }),
    ),
    url: () => readUrl(target.urlFile),
    checks: target.checks,
    workload:
      workload === null
        ? null
        : deploymentWorkload({
            kubeconfig: workload.kubeconfigFile,
            context: workload.context,
            namespace: workload.namespace,
            deployment: workload.deployment,
            settleMs: workload.settleSeconds * 1_000,
          }),
    sessionsEndMs: target.sessionsEndSeconds * 1_000,
  }
}

function openStore(store: StoreConfig): BackupStore {
  switch (store.kind) {
    case 'folder':
      return folderStore(store.path)
    case 's3':
      return s3Store(store)
    case 'gcs':
      return gcsStore(store)
    default:
      return assertNever(store)
  }
}

/** @throws AppError `not_found`, `input_invalid` */
async function readUrl(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError('not_found', `the address of the database cannot be read: ${messageOf(error)}`, {
      action: 'Put it into the file that `urlFile` names.',
    })
  })
  const url = text.trim()
  if (/^postgres(ql)?:\/\//.test(url) && URL.canParse(url) && new URL(url).pathname.length > 1) return url
  throw new AppError('input_invalid', `${file} holds no address of a PostgreSQL database`, {
    action: 'Write postgres://user:password@host:5432/database into it, and nothing else.',
  })
}

/** Before the launch of the engine. */
export function defineBackups(engine: WorkflowEngine, deps: BackupDeps): void {
  engine.define<BackupJob>(BACKUP_WORKFLOW, (context, job) => runBackup(deps, context, job))
  engine.define<RestoreJob>(RESTORE_WORKFLOW, (context, job) => runRestore(deps, context, job))
  engine.define<RestoreJob>(REVERT_WORKFLOW, (context, job) => runRevert(deps, context, job))
}

export const backupDuty = (deps: BackupDeps, engine: WorkflowEngine, log: Logger): Duty =>
  scheduleDuty(deps, engine, log)
