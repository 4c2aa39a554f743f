import type { Actor } from '../access/index.ts'
import { appendAudit } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { createRedactor } from '../base/redact.ts'
import { COMPONENT_STATES, readStatusPage, releaseStatus, statusFiles } from '../communication/index.ts'
import type { ComponentState, StatusSettings } from '../communication/index.ts'
import { withTransaction } from '../db/index.ts'
import { addTimeline } from '../incident/index.ts'
import type { InputOf } from './catalogue.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'
import { findIncident } from './incidents.ts'

const redactor = createRedactor()
const PLAIN: StatusSettings = { title: 'Status', url: null, components: [], keptDays: 30 }

export const statusHandlers: HandlersOf<'status-page.show' | 'status-page.post' | 'status-page.files'> = {
  'status-page.show': (deps) => show(deps),
  'status-page.post': post,
  'status-page.files': async (deps) => ({ files: statusFiles(await pageOf(deps)) }),
}

const pageOf = (deps: OperationDeps) =>
  readStatusPage(deps.database.kysely, deps.clock.now(), deps.statusPage ?? PLAIN)

async function show(deps: OperationDeps): Promise<unknown> {
  const page = await pageOf(deps)
  const released = await deps.database.kysely
    .selectFrom('status_post')
    .select(['id', 'by'])
    .orderBy('id', 'desc')
    .limit(5_000)
    .execute()
  const by = new Map(released.map((row) => [row.id, row.by]))
  return {
    ...page,
    entries: page.entries.map((entry) => ({
      ...entry,
      posts: entry.posts.map((one) => ({ ...one, by: by.get(one.id) ?? null })),
    })),
  }
}

async function post(deps: OperationDeps, actor: Actor, input: InputOf<'status-page.post'>): Promise<unknown> {
  const incident = input.incident === undefined ? null : await findIncident(deps, input.incident)
  const at = deps.clock.now()
  const components = componentsOf(input.components, deps.statusPage ?? PLAIN)
  const release = {
    kind: input.kind,
    entryId: input.entry ?? null,
    incidentId: incident?.id ?? null,
    title: input.title === undefined ? null : redactor.text(input.title),
    from: input.from === undefined ? null : new Date(input.from),
    to: input.to === undefined ? null : new Date(input.to),
    state: input.state,
    text: redactor.text(input.text),
    components,
    by: actor.id,
  }
  const released = await withTransaction(deps.database, async (trx) => {
    const done = await releaseStatus(trx, at, release)
    if (incident !== null) {
      await addTimeline(trx, at, {
        incidentId: incident.id,
        kind: 'status.posted',
        actor: actor.id,
        message: `On the status page, ${release.state}: ${release.text}`,
        data: { entryId: done.entryId, components },
      })
    }
    await appendAudit(trx, at, {
      actor,
      operation: 'status-page.post',
      subject: done.entryId,
      outcome: 'done',
      data: {
        incident: incident?.id ?? null,
        state: release.state,
        title: release.title,
        text: release.text,
        components,
      },
    })
    return done
  })
  return { entry: released.entryId, post: released.postId, closed: released.closed }
}

/** An object, or lines `Checkout=degraded`. @throws AppError `input_invalid` */
function componentsOf(
  given: Readonly<Record<string, string>> | string | undefined,
  settings: StatusSettings,
): Record<string, ComponentState> {
  const pairs =
    typeof given === 'string'
      ? given
          .split('\n')
          .filter((line) => line.trim() !== '')
          .map((line): [string, string] => {
            const end = line.lastIndexOf('=')
            return [line.slice(0, Math.max(0, end)).trim(), line.slice(end + 1).trim()]
          })
      : Object.entries(given ?? {})
  return Object.fromEntries(
    pairs.map(([name, state]) => {
      const known = settings.components.find((one) => one.name.toLowerCase() === name.toLowerCase())
      const good = COMPONENT_STATES.find((one) => one === state)
      if (known !== undefined && good !== undefined) return [known.name, good]
      throw new AppError(
        'input_invalid',
        known === undefined
          ? `${JSON.stringify(name)} is no component of the status page`
          : `${JSON.stringify(state)} is no state of a component`,
        {
          action:
            known === undefined
              ? `Components stand under statusPage.components: ${settings.components.map((one) => one.name).join(', ') || 'none'}.`
              : `Use one of ${COMPONENT_STATES.join(', ')}.`,
        },
      )
    }),
  )
}
