import type { Actor } from '../access/index.ts'
import { verifyAudit } from '../access/index.ts'
import type { Clock } from '../base/clock.ts'
import type { Database } from '../db/index.ts'
import type { PageService } from '../runbook/sources/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { InputOf, OperationName } from './catalogue.ts'
import { listAudit } from './audit.ts'
import { listIncidents, showIncident, showReview } from './incidents.ts'
import { diffPage, listPages, pageHistory, showPage } from './pages.ts'
import { listRuns, readOutput, showRun } from './runs.ts'
import { listSources, refreshSource } from './sources.ts'
import { acknowledge, answer, approve, cancel, reject, resolve } from './decisions.ts'

export interface OperationDeps {
  database: Database
  engine: Pick<WorkflowEngine, 'send'>
  clock: Clock
  /** How long an approval may wait for its use. */
  approvalTtlMs: number
  pages: PageService
}

type Handlers = {
  [Name in OperationName]: (deps: OperationDeps, actor: Actor, input: InputOf<Name>) => Promise<unknown>
}

export const HANDLERS: Handlers = {
  'incident.list': (deps, _actor, input) => listIncidents(deps, input),
  'incident.show': (deps, _actor, input) => showIncident(deps, input.id),
  'incident.acknowledge': acknowledge,
  'incident.resolve': resolve,
  'run.list': (deps, _actor, input) => listRuns(deps, input),
  'run.show': (deps, _actor, input) => showRun(deps, input.id),
  'run.output': (deps, _actor, input) => readOutput(deps, input),
  'run.approve': approve,
  'run.reject': reject,
  'run.answer': answer,
  'run.cancel': cancel,
  'review.show': (deps, _actor, input) => showReview(deps, input.id),
  'audit.verify': (deps) => verifyAudit(deps.database),
  'audit.list': (deps, _actor, input) => listAudit(deps, input),
  'page.list': (deps, _actor, input) => listPages(deps, input),
  'page.show': (deps, _actor, input) => showPage(deps, input),
  'page.history': (deps, _actor, input) => pageHistory(deps, input),
  'page.diff': (deps, _actor, input) => diffPage(deps, input),
  'source.list': (deps) => listSources(deps),
  'source.refresh': refreshSource,
}
