import type { Database, Transaction } from '../db/index.ts'

/** What people have written over the facts. Version 0: nobody has yet. */
export interface ReviewWords {
  version: number
  /** Markdown. */
  cause: string
  lessons: string
  owner: string | null
  /** `2026-12-01` */
  reviewOn: string | null
  completedAt: Date | null
  completedBy: string | null
  updatedAt: Date | null
  updatedBy: string | null
}

export interface ReviewAction {
  title: string
  owner: string | null
  dueOn: string | null
  state: string
}

const NOTHING: ReviewWords = {
  version: 0,
  cause: '',
  lessons: '',
  owner: null,
  reviewOn: null,
  completedAt: null,
  completedBy: null,
  updatedAt: null,
  updatedBy: null,
}

export async function readWords(
  kysely: Pick<Database['kysely'], 'selectFrom'>,
  incidentId: string,
): Promise<ReviewWords> {
  const row = await kysely
    .selectFrom('review_text')
    .selectAll()
    .where('incident_id', '=', incidentId)
    .executeTakeFirst()
  if (row === undefined) return NOTHING
  return {
    version: row.version,
    cause: row.cause,
    lessons: row.lessons,
    owner: row.owner,
    reviewOn: row.review_on,
    completedAt: row.completed_at,
    completedBy: row.completed_by,
    updatedAt: row.updated_at,
    updatedBy: row.updated_by,
  }
}

/** @returns the new version; `null` when `version` is no longer the newest, and nothing was written. */
export async function saveWords(
  trx: Transaction,
  at: Date,
  by: string,
  about: {
    incidentId: string
    version: number
    words: Partial<Pick<ReviewWords, 'cause' | 'lessons' | 'owner' | 'reviewOn' | 'completedAt'>>
  },
): Promise<number | null> {
  const { cause, lessons, owner, reviewOn, completedAt } = about.words
  const set = {
    ...(cause === undefined ? {} : { cause }),
    ...(lessons === undefined ? {} : { lessons }),
    ...(owner === undefined ? {} : { owner }),
    ...(reviewOn === undefined ? {} : { review_on: reviewOn }),
    ...(completedAt === undefined ? {} : { completed_at: completedAt, completed_by: by }),
    updated_at: at,
    updated_by: by,
  }
  if (about.version === 0) {
    const made = await trx
      .insertInto('review_text')
      .values({ owner: null, review_on: null, completed_by: null, ...set, incident_id: about.incidentId })
      .onConflict((conflict) => conflict.column('incident_id').doNothing())
      .returning('version')
      .executeTakeFirst()
    return made?.version ?? null
  }
  const changed = await trx
    .updateTable('review_text')
    .set({ ...set, version: about.version + 1 })
    .where('incident_id', '=', about.incidentId)
    .where('version', '=', about.version)
    .returning('version')
    .executeTakeFirst()
  return changed?.version ?? null
}
