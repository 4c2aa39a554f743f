import { AppError } from '../../base/error.ts'
import { newId } from '../../base/id.ts'
import type { Database, Transaction } from '../../db/index.ts'
import { CLOSING, componentStates, ENTRY_STATES } from './model.ts'
import type { ComponentState, EntryKind, EntryState, StatusEntry, StatusPage } from './model.ts'

export interface StatusSettings {
  title: string
  url: string | null
  components: readonly { name: string; description: string | null }[]
  /** How long closed entries stay. */
  keptDays: number
}

const MAX_ENTRIES = 200

export async function readStatusPage(
  kysely: Transaction | Database['kysely'],
  at: Date,
  settings: StatusSettings,
): Promise<StatusPage> {
  const since = new Date(at.getTime() - settings.keptDays * 86_400_000)
  const entries = await kysely
    .selectFrom('status_entry')
    .selectAll()
    .where((expression) =>
      expression.or([expression('closed_at', 'is', null), expression('closed_at', '>', since)]),
    )
    .orderBy('opened_at', 'desc')
    .orderBy('id')
    .limit(MAX_ENTRIES)
    .execute()
  const posts =
    entries.length === 0
      ? []
      : await kysely
          .selectFrom('status_post')
          .select(['id', 'entry_id', 'state', 'text', 'components', 'at'])
          .where(
            'entry_id',
            'in',
            entries.map((entry) => entry.id),
          ) // prettier-ignore
          .orderBy('id', 'desc')
          .limit(MAX_ENTRIES * 20)
          .execute()
  const byEntry = Map.groupBy(posts, (post) => post.entry_id)
  const shown = entries.map((entry): StatusEntry => ({
    id: entry.id,
    kind: entry.kind as EntryKind,
    title: entry.title,
    from: entry.from_at,
    to: entry.to_at,
    openedAt: entry.opened_at,
    closedAt: entry.closed_at,
    posts: (byEntry.get(entry.id) ?? []).map((post) => ({
      id: post.id,
      state: post.state as EntryState,
      text: post.text,
      components: post.components as Record<string, ComponentState>,
      at: post.at,
    })),
  }))
  const states = componentStates(shown)
  return {
    title: settings.title,
    url: settings.url,
    components: settings.components.map((one) => ({ ...one, state: states.get(one.name) ?? 'operational' })),
    entries: shown,
    changedAt: posts.reduce<Date | null>(
      (last, { at: one }) => (last === null || one > last ? one : last),
      null,
    ),
  }
}

export interface Release {
  kind: EntryKind
  /** The entry that it continues. */
  entryId: string | null
  /** The incident that it is about: its open entry is continued. */
  incidentId: string | null
  title: string | null
  from: Date | null
  to: Date | null
  state: EntryState
  text: string
  components: Readonly<Record<string, ComponentState>>
  by: string
}

/**
 * Puts a text on the public page, in the transaction of its audit row.
 * @throws AppError `not_found`, `conflict` for an entry that is closed, `input_invalid`
 */
export async function releaseStatus(
  trx: Transaction,
  at: Date,
  release: Release,
): Promise<{ entryId: string; postId: string; closed: boolean }> {
  const entry = (await openEntry(trx, release)) ?? (await newEntry(trx, at, release))
  const states: readonly string[] = ENTRY_STATES[entry.kind as EntryKind]
  if (!states.includes(release.state)) {
    throw invalid(`${release.state} is no state of a ${entry.kind}`, `Use one of ${states.join(', ')}.`)
  }
  const post = await trx
    .insertInto('status_post')
    .values({
      entry_id: entry.id,
      state: release.state,
      text: release.text,
      components: JSON.stringify(release.components),
      at,
      by: release.by,
    })
    .returning('id')
    .executeTakeFirstOrThrow()
  const closed = CLOSING.includes(release.state)
  const changed = {
    ...(closed ? { closed_at: at } : {}),
    ...(release.title === null ? {} : { title: release.title }),
    ...(release.from === null ? {} : { from_at: release.from }),
    ...(release.to === null ? {} : { to_at: release.to }),
  }
  if (Object.keys(changed).length > 0)
    await trx.updateTable('status_entry').set(changed).where('id', '=', entry.id).execute()
  return { entryId: entry.id, postId: post.id, closed }
}

async function openEntry(trx: Transaction, { entryId, incidentId }: Release) {
  if (entryId === null && incidentId === null) return null
  const query = trx.selectFrom('status_entry').selectAll().forUpdate()
  const found = await (
    entryId === null
      ? query.where('incident_id', '=', incidentId).where('closed_at', 'is', null)
      : query.where('id', '=', entryId)
  ).executeTakeFirst()
  if (entryId === null) return found ?? null
  if (found === undefined) {
    throw new AppError('not_found', `the status page has no entry ${entryId}`, {
      action: 'List them with `erlmcp status-page show`.',
    })
  }
  if (found.closed_at === null) return found
  throw new AppError('conflict', `${found.title} is closed on the status page`, {
    action: 'Open a new entry: give a title instead.',
  })
}

async function newEntry(trx: Transaction, at: Date, release: Release) {
  const { title, kind, from, to, incidentId } = release
  if (title === null) throw invalid('a new entry needs a title', 'Give `--title`; it is public.')
  if (kind === 'maintenance' && (from === null || to === null || to <= from))
    throw invalid('a maintenance needs a beginning and an end after it', 'Give `--from` and `--to`.')
  return trx
    .insertInto('status_entry')
    .values({
      id: newId('status'),
      kind,
      title,
      incident_id: incidentId,
      from_at: from,
      to_at: to,
      opened_at: at,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

const invalid = (message: string, action: string): AppError =>
  new AppError('input_invalid', message, { action })
