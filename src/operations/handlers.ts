import type { OperationName } from './catalogue.ts'
import type { HandlersOf } from './deps.ts'
import { accessHandlers } from './access.ts'
import { agentHandlers } from './agents.ts'
import { attachmentHandlers } from './attachments.ts'
import { backupHandlers } from './backups.ts'
import { checkAudit, listAudit } from './audit.ts'
import { clusterHandlers } from './cluster.ts'
import { changeHandlers } from './changes.ts'
import { declare } from './declare.ts'
import { listIncidents, showIncident } from './incidents.ts'
import { deploymentHandlers } from './deployments.ts'
import { inputHandlers } from './inputs.ts'
import { liveHandlers } from './live.ts'
import { maintenanceHandlers } from './maintenance.ts'
import { messageHandlers } from './messages.ts'
import { statusHandlers } from './status.ts'
import { oncallHandlers } from './oncall.ts'
import { diffPage, listPages, pageHistory, showPage } from './pages.ts'
import { readingHandlers } from './reading.ts'
import { reviewHandlers } from './reviews.ts'
import { listRuns, readOutput, showRun } from './runs.ts'
import { listRehearsals, recordRehearsals, rehearsalStatus, showRehearsal } from './rehearsals.ts'
import { replicaHandlers } from './replicas.ts'
import { listSources, refreshSource } from './sources.ts'
import { acknowledge, answer, approve, cancel, reject, resolve } from './decisions.ts'

export const HANDLERS: HandlersOf<OperationName> = {
  'incident.list': listIncidents,
  'incident.show': (deps, _actor, input) => showIncident(deps, input.id),
  'incident.declare': declare,
  'incident.acknowledge': acknowledge,
  'incident.resolve': resolve,
  'run.list': listRuns,
  'run.show': (deps, actor, input) => showRun(deps, actor, input.id),
  'run.output': (deps, _actor, input) => readOutput(deps, input),
  'run.approve': approve,
  'run.reject': reject,
  'run.answer': answer,
  'run.cancel': cancel,
  ...liveHandlers,
  ...reviewHandlers,
  ...readingHandlers,
  ...attachmentHandlers,
  ...deploymentHandlers,
  ...inputHandlers,
  'audit.verify': (deps, actor) => checkAudit(deps, actor),
  'audit.list': listAudit,
  ...accessHandlers,
  ...agentHandlers,
  ...oncallHandlers,
  ...messageHandlers,
  ...statusHandlers,
  ...clusterHandlers,
  ...backupHandlers,
  ...changeHandlers,
  ...maintenanceHandlers,
  'page.list': (deps, _actor, input) => listPages(deps, input),
  'page.show': (deps, _actor, input) => showPage(deps, input),
  'page.history': (deps, _actor, input) => pageHistory(deps, input),
  'page.diff': (deps, _actor, input) => diffPage(deps, input),
  'source.list': (deps) => listSources(deps),
  'source.refresh': refreshSource,
  ...replicaHandlers,
  'rehearsal.list': (deps, _actor, input) => listRehearsals(deps, input),
  'rehearsal.show': (deps, _actor, input) => showRehearsal(deps, input.id),
  'rehearsal.status': (deps) => rehearsalStatus(deps),
  'rehearsal.record': recordRehearsals,
}
