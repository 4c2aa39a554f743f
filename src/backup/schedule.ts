import type { Logger } from '../base/log.ts'
import { newId } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import { BACKUP_WORKFLOW, insertBackup } from './record.ts'
import type { BackupJob } from './record.ts'
import type { BackupDeps, BackupTarget } from './target.ts'

const LOOK_EVERY_MS = 15_000
/** A time that was missed for longer than this is not made up for: the next one comes. */
const LATE_MS = 24 * 3_600_000

/** The latest time of a schedule up to `now`, or `null` where none has come within a day. @throws for a bad expression */
export async function latestDue(cron: string, zone: string, now: Date): Promise<Date | null> {
  const { Cron } = await import('croner')
  const times = new Cron(cron, { timezone: zone, mode: '5-part' })
  let due: Date | null = null
  let next = times.nextRun(new Date(now.getTime() - LATE_MS))
  while (next !== null && next <= now) {
    due = next
    next = times.nextRun(next)
  }
  return due
}

/** Starts what is due, once for each time whichever replica sees it first; each is made, verified, and pruned after. */
export async function startDue(
  deps: BackupDeps,
  engine: Pick<WorkflowEngine, 'start'>,
  target: BackupTarget,
): Promise<string | null> {
  if (target.schedule === null) return null
  const now = deps.clock.now()
  const due = await latestDue(target.schedule.cron, target.schedule.zone, now)
  if (due === null) return null
  return withTransaction(deps.database, async (trx) => {
    const id = newId('bak')
    const newer = await trx
      .selectFrom('backup_due')
      .select('due_at')
      .where('target', '=', target.name)
      .where('due_at', '>=', due)
      .executeTakeFirst()
    if (newer !== undefined) return null
    const won = await trx
      .insertInto('backup_due')
      .values({ target: target.name, due_at: due, backup_id: id })
      .onConflict((conflict) => conflict.doNothing())
      .returning('backup_id')
      .executeTakeFirst()
    if (won === undefined) return null
    await insertBackup(trx, now, id, target, 'schedule', 'system:erlmcp')
    const job: BackupJob = { backupId: id, target: target.name, make: true, verify: true, prune: true }
    await engine.start(trx, BACKUP_WORKFLOW, id, job)
    return id
  })
}

/** Looks again and again; a look that fails is logged and made again. */
export function scheduleDuty(
  deps: BackupDeps,
  engine: Pick<WorkflowEngine, 'start'>,
  log: Logger,
): { name: string; start(): void; stop(): Promise<void> } {
  let timer: NodeJS.Timeout | null = null
  let looking: Promise<void> = Promise.resolve()
  const scheduled = [...deps.targets.values()].filter(({ schedule }) => schedule !== null)
  const look = async (): Promise<void> => {
    for (const target of scheduled)
      await startDue(deps, engine, target).catch((error: unknown) =>
        log.warn({ err: error, target: target.name }, 'the schedule of a backup could not be looked at'),
      )
  }
  return {
    name: 'backups',
    start() {
      if (scheduled.length === 0) return
      const again = (): void => {
        looking = looking.then(look)
      }
      again()
      timer = setInterval(again, LOOK_EVERY_MS)
    },
    async stop() {
      if (timer !== null) clearInterval(timer)
      await looking
    },
  }
}
