import { sql } from 'kysely'
import { messageOf } from '../base/error.ts'
import { AFTER, BEFORE, further } from '../maintenance/index.ts'
import type { Fact, WindowRow } from '../maintenance/index.ts'
import type { OperationDeps } from './deps.ts'

const HOUR_MS = 3_600_000
const PLAIN = { before: [], after: [], backupWithinHours: 24 }

/** The checklist before a window: what erlmcp can find out itself, and what people tick. */
export async function factsBefore(deps: OperationDeps, window: WindowRow): Promise<Fact[]> {
  const settings = deps.maintenance ?? PLAIN
  return [
    { id: 'rollback-plan', text: 'The way back is written down', checked: wayBack(window) },
    await backupFact(deps, settings.backupWithinHours),
    ...BEFORE.map((item) => ({ ...item, checked: item.id === 'status-page' ? onPage(window) : null })),
    ...further(settings.before, 'before'),
  ]
}

export const itemsAfter = (deps: OperationDeps): Fact[] => [
  ...AFTER.map((item) => ({ ...item, checked: null })),
  ...further((deps.maintenance ?? PLAIN).after, 'after'),
]

/** Where erlmcp tells the public itself, nobody has to tick that. */
const onPage = ({ announcement, status_entry: entry }: WindowRow): Fact['checked'] =>
  announcement === null || entry === null ? null : { done: true, says: `told there as ${entry}` }

const wayBack = ({ rollback_plan: text }: WindowRow): { done: boolean; says: string } =>
  text === ''
    ? { done: false, says: 'plan the window with --rollback-plan' }
    : { done: true, says: text.slice(0, 200) }

/** Where no backup is taken by erlmcp, a person has to look. */
async function backupFact(deps: OperationDeps, withinHours: number): Promise<Fact> {
  const fact = { id: 'backup', text: `A verified backup of the last ${withinHours} h exists` }
  try {
    const { rows } = await sql<{ count: string; newest: Date | null }>`
      select count(*) as count, max(verified_at) as newest from backup where verify_failure is null and pruned_at is null`.execute(deps.database.kysely) // prettier-ignore
    const [row] = rows
    if (row === undefined || Number(row.count) === 0) return { ...fact, checked: null }
    const newest = row.newest
    if (newest === null) return { ...fact, checked: { done: false, says: 'none was ever verified' } }
    const age = deps.clock.now().getTime() - newest.getTime()
    return {
      ...fact,
      checked: { done: age <= withinHours * HOUR_MS, says: `verified at ${newest.toISOString()}` },
    }
  } catch (error) {
    return {
      ...fact,
      text: `${fact.text} (not checked: ${messageOf(error).slice(0, 100)})`,
      checked: null,
    }
  }
}
