import type { BackupDeps } from '../backup/index.ts'
import { AppError } from '../base/error.ts'
import type { OperationDeps } from './deps.ts'

/** @throws AppError `not_found` in a process that backs nothing up. */
export function backupsOf(deps: OperationDeps): BackupDeps {
  if (deps.backups !== undefined) return deps.backups
  throw new AppError('not_found', 'nothing is backed up by this erlmcp', { action: 'Set `backup.targets`.' })
}
