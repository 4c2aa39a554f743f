import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { causeOf, diagnose, sectionFor } from '../diagnose/index.ts'
import { onCallAt, readOverrides } from '../oncall/index.ts'
import { itemsOf, takeSnapshot } from '../kubernetes/index.ts'
import type { InputOf } from './catalogue.ts'
import { clustersOf, workloadOf } from './cluster-desk.ts'
import type { OpenCluster } from '../rollout/index.ts'
import { podLine, serviceLine, workloadLine } from './cluster-lines.ts'
import type { HandlersOf, OperationDeps } from './deps.ts'

export const clusterHandlers: HandlersOf<'cluster.diagnose' | 'cluster.status'> = {
  'cluster.diagnose': diagnoseSymptom,
  'cluster.status': showStatus,
}

async function diagnoseSymptom(
  deps: OperationDeps,
  _actor: Actor,
  input: InputOf<'cluster.diagnose'>,
): Promise<unknown> {
  const { service, workload, namespace, kubectl } = openNamed(deps, input)
  const now = () => deps.clock.now()
  const [diagnosis, pages] = await Promise.all([
    diagnose({ kubectl, now }, { symptom: input.symptom, workload }),
    pagesOf(deps),
  ])
  return {
    ...diagnosis,
    service,
    namespace,
    findings: diagnosis.findings.map((each) => ({
      ...each,
      says: causeOf(each.cause).says,
      mend: sectionFor(each.cause, pages),
    })),
  }
}

/** With a Deployment: the one that was named, else that of the service. */
export function openNamed(
  deps: OperationDeps,
  input: { service?: string | undefined; target?: string | undefined; namespace?: string | undefined },
): OpenCluster & { workload: string } {
  const workload = input.target === undefined ? undefined : workloadOf(input.target)
  const opened = clustersOf(deps).open({ ...input, workload })
  if (opened.workload !== null) return { ...opened, workload: opened.workload }
  throw new AppError('input_invalid', 'it is not said which Deployment is meant', {
    action: 'Name it with --target deployment/NAME, or configure the service.',
  })
}

async function pagesOf(deps: OperationDeps) {
  const pages = await deps.pages.pages()
  return pages.map(({ path, runbook }) => ({ path, runbook }))
}

async function showStatus(
  deps: OperationDeps,
  _actor: Actor,
  input: InputOf<'cluster.status'>,
): Promise<unknown> {
  const { service, context, namespace, kubectl, signals } = clustersOf(deps).open(input)
  const names = ['deployments', 'statefulsets', 'pods', 'services', 'endpointslices', 'podmetrics'] as const
  const [snapshot, measured, incidents, onCall] = await Promise.all([
    takeSnapshot(kubectl, names),
    signals === null ? null : clustersOf(deps).measure(signals, 'error_rate'),
    openIncidents(deps),
    whoIsOnCall(deps),
  ])
  const at = deps.clock.now()
  const pods = itemsOf(snapshot.pods)
  return {
    at,
    service,
    context,
    namespace,
    workloads: [...itemsOf(snapshot.deployments), ...itemsOf(snapshot.statefulsets)].map(workloadLine),
    pods: pods.map((pod) => podLine(at, pod, itemsOf(snapshot.podmetrics))),
    services: itemsOf(snapshot.services).map((each) => serviceLine(each, itemsOf(snapshot.endpointslices))),
    signals:
      service === null || measured === null
        ? []
        : [{ service, signal: 'error_rate', value: measured.value, error: measured.error ?? null }],
    incidents,
    onCall,
    checks: names.map((name) => {
      const reading = snapshot[name]
      return { check: name, done: reading.read, reason: reading.read ? null : reading.reason }
    }),
  }
}

async function openIncidents(deps: OperationDeps) {
  const rows = await deps.database.kysely
    .selectFrom('incident')
    .select(['number', 'severity', 'state', 'service', 'title', 'opened_at'])
    .where('state', 'not in', ['resolved', 'closed'])
    .orderBy('severity')
    .orderBy('opened_at', 'desc')
    .limit(20)
    .execute()
  return rows.map(({ number, opened_at, ...row }) => ({
    incident: `INC-${number}`,
    ...row,
    openedAt: opened_at,
  }))
}

async function whoIsOnCall(deps: OperationDeps) {
  if (deps.oncall === undefined) return []
  const { roster } = await deps.oncall.state()
  const at = deps.clock.now()
  const overrides = await readOverrides(deps.database.kysely, at)
  return Object.keys(roster.rotations).map((rotation) => {
    const { person } = onCallAt(roster, rotation, at, overrides)
    return { rotation, name: person === null ? null : (roster.people[person]?.name ?? person) }
  })
}
