export { manifestKey } from './create.ts'
export { toolsDumper } from './dump-tools.ts'
export { ownDumper } from './dump-own.ts'
export { ownRecipient, readIdentities, writeKey } from './key.ts'
export { manifestSchema } from './manifest.ts'
export type { Manifest } from './manifest.ts'
export {
  audit as auditBackup,
  BACKUP_WORKFLOW,
  pruneTarget,
  requestBackup,
  runBackup,
  storedBackup,
  targetNamed,
} from './record.ts'
export type { BackupJob } from './record.ts'
export { podTools } from './pod.ts'
export { recoverOwn } from './recover.ts'
export {
  factsOf,
  namesFor,
  RESTORE_STATES,
  RESTORE_WORKFLOW,
  REVERT_WORKFLOW,
  runRestore,
  runRevert,
} from './restore.ts'
export type { RestoreJob } from './restore.ts'
export { scheduleDuty } from './schedule.ts'
export { databaseIn } from './session.ts'
export { folderStore } from './stores/folder.ts'
export { gcsStore } from './stores/gcs.ts'
export { s3Store } from './stores/s3.ts'
export type { BackupStore } from './store.ts'
export { dropOld } from './swap.ts'
export type { BackupDeps, BackupTarget } from './target.ts'
export { localTools } from './tools.ts'
export { deploymentWorkload } from './workload.ts'
