import { mayDo, NEEDS } from '../access/index.ts'
import type { Actor, Circumstances } from '../access/index.ts'
import { labelsOf } from '../run/index.ts'
import type { Plan, Question } from '../run/index.ts'
import { listCatalogue } from '../runbook/index.ts'
import type { OperationDeps } from './deps.ts'
import { presentIncident } from './incidents.ts'
import { dutiesNow } from './desk-duties.ts'
import { mayApproveOption } from './run-plan.ts'
import { incidentSeenBy } from './sight.ts'

const ACTIVE = ['open', 'acknowledged', 'mitigating', 'monitoring']
const RECENT_MS = 7 * 86_400_000

/** The first page: in the order in which somebody who was woken needs it. */
export async function showDesk(deps: OperationDeps, actor: Actor): Promise<unknown> {
  const now = deps.clock.now()
  const database = deps.database.kysely
  const [open, recent, waiting, pages, duties] = await Promise.all([
    database
      .selectFrom('incident')
      .selectAll()
      .where('state', 'in', ACTIVE)
      .where(incidentSeenBy(actor))
      .orderBy('severity')
      .orderBy('opened_at', 'desc')
      .limit(200)
      .execute(),
    database
      .selectFrom('incident')
      .selectAll()
      .where('state', 'in', ['resolved', 'closed'])
      .where(incidentSeenBy(actor))
      .where('opened_at', '>', new Date(now.getTime() - RECENT_MS))
      .orderBy('number', 'desc')
      .limit(20)
      .execute(),
    waitingFor(deps, actor),
    deps.pages.catalogue(),
    dutiesNow(deps, actor, now),
  ])
  const entries = listCatalogue(
    pages.flatMap(({ page }) => (page === null ? [] : [page])),
    now,
  )
  return {
    now,
    you: {
      id: actor.id,
      kind: actor.kind,
      role: actor.role,
      may: NEEDS.filter((need) => mayDo(actor, need).allowed),
    },
    waiting,
    open: open.map(presentIncident),
    recent: recent.map(presentIncident),
    ...duties,
    overdueReviews: entries
      .filter((entry) => entry.overdue)
      .map(({ path, title, owner, nextReview }) => ({ path, title, owner, nextReview })),
  }
}

/** Every open question, and whether this actor is one who may answer it. */
async function waitingFor(deps: OperationDeps, actor: Actor): Promise<unknown[]> {
  const rows = await deps.database.kysely
    .selectFrom('decision')
    .innerJoin('run', 'run.id', 'decision.run_id')
    .innerJoin('incident', 'incident.id', 'run.incident_id')
    .select([
      'decision.run_id as runId',
      'decision.kind as kind',
      'decision.question as question',
      'decision.asked_at as since',
      'decision.expires_at as expiresAt',
      'run.plan as plan',
      'incident.number as number',
      'incident.title as title',
      'incident.severity as severity',
      'incident.service as service',
      'incident.labels as labels',
      'decision.id as decisionId',
    ])
    .where('decision.state', '=', 'pending')
    .where('run.ended_at', 'is', null)
    .where(incidentSeenBy(actor))
    .orderBy('incident.severity')
    .orderBy('decision.asked_at')
    .limit(200)
    .execute()
  const requesters = await proposersOf(
    deps,
    rows.map((row) => row.decisionId),
  )
  return rows.map(({ plan, question, number, service, labels, decisionId, ...row }) => {
    const about = {
      at: deps.clock.now(),
      severity: row.severity,
      labels: labelsOf({ labels, service }),
      target: (plan as Plan).target,
      ...(deps.policy === undefined ? {} : { policy: deps.policy.policy }),
    }
    const requesterOf = (option: string): string | undefined => requesters.get(`${decisionId} ${option}`)
    const may = mayAnswer(actor, row.kind, plan as Plan, question as Question, about, requesterOf)
    return {
      ...row,
      incident: `INC-${number}`,
      text: (question as Question).text,
      mine: may.allowed,
      reason: may.reason,
    }
  })
}

/** Who proposed what, by decision and option. */
async function proposersOf(deps: OperationDeps, decisions: readonly string[]): Promise<Map<string, string>> {
  if (decisions.length === 0) return new Map()
  const rows = await deps.database.kysely
    .selectFrom('proposal')
    .select(['decision_id', 'alternative_id', 'proposed_by'])
    .where('decision_id', 'in', decisions)
    .execute()
  return new Map(rows.map((row) => [`${row.decision_id} ${row.alternative_id}`, row.proposed_by]))
}

/** Whoever may approve at least one of what is offered is waited for. */
function mayAnswer(
  actor: Actor,
  kind: string,
  plan: Plan,
  question: Question,
  about: Circumstances,
  requesterOf: (option: string) => string | undefined,
): { allowed: boolean; reason: string } {
  const respond = mayDo(actor, 'respond', about.labels)
  if (!respond.allowed || kind !== 'choose') return respond
  const offered = new Set(question.options.map((option) => option.id))
  const each = plan.alternatives
    .filter((alternative) => offered.has(alternative.id))
    .map((alternative) => mayApproveOption(actor, alternative, about, requesterOf(alternative.id)))
  return each.find((may) => may.allowed) ?? each[0] ?? respond
}
