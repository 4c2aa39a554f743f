import { appendAudit } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { newId, sha256 } from '../base/id.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline, contentType } from '../incident/index.ts'
import { MAX_ATTACHMENT_BYTES } from './catalogue/attachments.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'
import { present } from './present.ts'

/** Of one incident. */
const MAX_EACH = 100

export const attachmentHandlers: HandlersOf<`attachment.${'list' | 'show' | 'add'}`> = {
  'attachment.list': (deps, _actor, input) => list(deps, input),
  'attachment.show': (deps, _actor, input) => show(deps, input),
  'attachment.add': add,
}

const columns = ['id', 'name', 'type', 'bytes', 'added_at', 'added_by'] as const

async function list(deps: OperationDeps, input: InputOf<'attachment.list'>): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const rows = await deps.database.kysely
    .selectFrom('attachment')
    .select(columns)
    .where('incident_id', '=', incident.id)
    .orderBy('added_at')
    .orderBy('id')
    .execute()
  return { attachments: rows.map((row) => ({ incident: `INC-${incident.number}`, ...present(row) })) }
}

async function show(deps: OperationDeps, input: InputOf<'attachment.show'>): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const row = await deps.database.kysely
    .selectFrom('attachment')
    .select([...columns, 'content'])
    .where('incident_id', '=', incident.id)
    .where('id', '=', input.attachment)
    .executeTakeFirst()
  if (row === undefined) {
    throw new AppError('not_found', `INC-${incident.number} has no attachment ${input.attachment}`, {
      action: 'List them with `erlmcp attachment list`.',
    })
  }
  const { content, ...rest } = row
  return { incident: `INC-${incident.number}`, ...present(rest), content: content.toString('base64') }
}

async function add(deps: OperationDeps, actor: Actor, input: InputOf<'attachment.add'>): Promise<unknown> {
  const incident = await findIncident(deps, input.id)
  const content = Buffer.from(input.content, 'base64')
  const type = contentType(content)
  if (content.length > MAX_ATTACHMENT_BYTES) {
    throw new AppError(
      'too_large',
      `${input.name} has ${content.length} bytes, more than ${MAX_ATTACHMENT_BYTES}`,
      {
        action: 'Attach a smaller picture, or the part of the text that matters.',
      },
    )
  }
  if (type === null) {
    throw new AppError('unsupported', `${input.name} is neither a whole picture nor text`, {
      action: 'Attach PNG, JPEG, GIF, WebP or text in UTF-8.',
    })
  }
  const at = deps.clock.now()
  const hash = sha256(content)
  const attachmentId = newId('att')
  return withTransaction(deps.database, async (trx) => {
    const given = {
      id: attachmentId,
      name: input.name,
      type,
      bytes: content.length,
      added_at: at,
      added_by: actor.id,
    }
    const { count } = await trx
      .selectFrom('attachment')
      .select((all) => all.fn.countAll<string>().as('count'))
      .where('incident_id', '=', incident.id)
      .executeTakeFirstOrThrow()
    if (Number(count) >= MAX_EACH) {
      throw new AppError('conflict', `INC-${incident.number} has ${MAX_EACH} attachments already`, {
        action: 'Link what else there is in a note.',
      })
    }
    const made = await trx
      .insertInto('attachment')
      .values({ ...given, incident_id: incident.id, content, content_hash: hash })
      .onConflict((conflict) => conflict.columns(['incident_id', 'content_hash']).doNothing())
      .returning('id')
      .executeTakeFirst()
    if (made === undefined) {
      throw new AppError('conflict', `INC-${incident.number} has exactly this attached already`, {
        action: 'Nothing is left to do.',
      })
    }
    await addTimeline(trx, at, {
      incidentId: incident.id,
      kind: 'attachment.added',
      actor: actor.id,
      message: `Attached ${input.name}`,
      data: { attachmentId, type, bytes: content.length },
    })
    await appendAudit(trx, at, {
      actor,
      operation: 'attachment.add',
      subject: incident.id,
      outcome: 'done',
      data: { attachment: attachmentId, name: input.name, type, bytes: content.length, hash },
    })
    return { incident: `INC-${incident.number}`, ...present(given) }
  })
}
