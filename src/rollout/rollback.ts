import type { Deployment } from 'kubernetes-types/apps/v1.js'
import { AppError } from '../base/error.ts'
import { annotationOf, CHANGE_CAUSE, nameOf, REVISION } from '../kubernetes/index.ts'
import type { Revision } from './history.ts'
import { templateDiff } from './history.ts'
import { annotate, commonNotes, LAST_CHANGE, patchCommand, pointer } from './plan.ts'
import type { ChangePlan, Note } from './plan.ts'

export interface RollbackRequest {
  deployment: Deployment
  /** Newest first. */
  revisions: readonly Revision[]
  /** `null`: the one before the current. */
  to: number | null
  target: { context: string | null; namespace: string }
  changeId: string
}

/**
 * A return to an earlier revision. Undoing a rollback would bring back what was rolled back, so that has to be asked for by
 * number.
 * @throws AppError `not_found` (no such revision), `conflict` (the last change was a rollback; nothing to return to).
 */
export function planRollback(request: RollbackRequest): ChangePlan {
  const { deployment, target } = request
  const current = request.revisions.find((each) => each.current)
  if (current === undefined)
    throw refusal('the Deployment has no revision that is current; its first rollout has not begun')
  const to = chooseRevision(request, current)
  const diff = templateDiff(current, to)
  if (diff === '') throw refusal(`revision ${to.revision} has the same pods as revision ${current.revision}`)
  const cause = to.cause ?? `revision ${to.revision}`
  const apply = patchCommand(target, `deployment.apps/${nameOf(deployment)}`, [
    { op: 'test', path: `/metadata/annotations/${pointer(REVISION)}`, value: String(current.revision) },
    { op: 'replace', path: '/spec/template', value: to.template },
    ...annotate(deployment, CHANGE_CAUSE, cause),
    ...annotate(deployment, LAST_CHANGE, request.changeId),
  ])
  return {
    kind: 'rollback',
    title: `Roll ${nameOf(deployment)} back from revision ${current.revision} (${what(current)}) to ${to.revision} (${what(to)})`,
    apply,
    // undoing an undo brings back what was wrong: that is for a person to decide
    revert: null,
    diff,
    notes: [...commonNotes(deployment), ...rollbackNotes(request, current, to)],
    replicas: deployment.spec?.replicas ?? 1,
  }
}

const what = ({ cause, images }: Revision): string => cause ?? images.join(', ')

function chooseRevision({ revisions, to }: RollbackRequest, current: Revision): Revision {
  if (to !== null) {
    const found = revisions.find((each) => each.revision === to)
    if (found === undefined) {
      throw new AppError('not_found', `there is no revision ${to}`, {
        action: `There are: ${revisions.map((each) => each.revision).join(', ')}.`,
      })
    }
    if (found.current) throw refusal(`revision ${to} is the current one`)
    return found
  }
  if (current.earlier.length > 0) {
    throw refusal(
      `revision ${current.revision} is itself a return to revision ${current.earlier.at(-1) ?? '?'}: undoing it would bring back what was rolled back`,
      `Name the revision with --to-revision if that is meant; there are: ${revisions.map((each) => each.revision).join(', ')}.`,
    )
  }
  const before = revisions.find((each) => each.revision < current.revision)
  if (before !== undefined) return before
  throw refusal(`there is no revision before ${current.revision}`, 'Roll forward instead.')
}

const refusal = (
  message: string,
  action = '`erlmcp rollout history` shows what there is to return to.',
): AppError => new AppError('conflict', `nothing is rolled back: ${message}`, { action })

function rollbackNotes({ deployment, revisions }: RollbackRequest, current: Revision, to: Revision): Note[] {
  const between = revisions.filter((each) => each.revision > to.revision)
  const said = between.flatMap(({ revision, irreversible }) =>
    irreversible === null ? [] : [{ revision, irreversible }],
  )
  const own = annotationOf(deployment, 'erlmcp.io/irreversible-migration')
  const migrations =
    own === null || said.length > 0 ? said : [{ revision: current.revision, irreversible: own }]
  const autoscaled = { level: 'info' as const, text: 'the number of pods stays as it is' }
  return [
    ...migrations.map(({ revision, irreversible }) => ({
      level: 'warn' as const,
      text: `revision ${revision} changed data irreversibly (${irreversible}): older code may not be able to read it`,
    })),
    ...(between.length > 1
      ? [
          {
            level: 'info' as const,
            text: `${between.length} revisions are taken back: ${between.map((each) => each.revision).join(', ')}`,
          },
        ]
      : []),
    {
      level: 'info',
      text: 'ConfigMaps, Secrets and the database are no part of a revision; they stay as they are',
    },
    autoscaled,
  ]
}
