import { request } from 'node:http'
import type { Container, Pod } from 'kubernetes-types/core/v1.js'
import { assertNever } from '../../../base/error.ts'
import { AppError } from '../../../base/error.ts'
import type { ApiContext } from '../api/context.ts'
import { isReady } from '../controllers/deps.ts'
import { collector } from '../kubelet/kubelet.ts'
import type { Kubelet } from '../kubelet/kubelet.ts'
import { annotationsOf, labelsOf, nameOf } from '../object.ts'
import { quantity } from '../quantity.ts'
import type { Fault } from './fault.ts'
import type { Ports } from '../network/ports.ts'
import type { Load } from './load.ts'

export interface FaultDeps {
  context: ApiContext
  kubelet: Kubelet
  load: Load
  ports: Ports
  /** The Node and the script that run SQL inside the database pod. */
  sql: readonly string[]
}

const NAMESPACE = 'erlmcp'
const DEPLOYMENT = 'erlmcp-tcps'
const CLIENTS = 420
const TOO_MANY_FOR_A_LOW_LIMIT = 120
const LEAK_SHARE = 0.92

/** Puts the cause of a fault in place, by the same means by which it happens: a change, traffic, or the program itself. */
export async function injectFault(deps: FaultDeps, fault: Fault): Promise<void> {
  switch (fault.kind) {
    case 'bad-release':
      return release(deps, '1.2.3')
    case 'image-missing':
      return release(deps, '1.2.9')
    case 'stuck-process':
      return tell(deps, onePod(deps), 'stuck', 0.5)
    case 'overload':
      return deps.load.setConnections(CLIENTS)
    case 'memory-leak':
      return leak(deps, fault.megabytesPerSecond ?? 20, fault.fatal === true)
    case 'oom-kill':
      return setVariable(deps, 'ERLMCP_CACHE_MEGABYTES', '260')
    case 'busy-loop': {
      const pod = onePod(deps)
      return tell(deps, pod, 'busy', 0.9 * limitOf(pod, 'cpu', 0.5))
    }
    case 'pool-exhausted':
      return everyPod(deps, (pod) => tell(deps, pod, 'pool', poolSize(pod)))
    case 'connection-limit':
      setVariable(deps, 'ERLMCP_MAX_CONNECTIONS', '10')
      return deps.load.setConnections(TOO_MANY_FOR_A_LOW_LIMIT)
    case 'long-query':
      return startSql(deps, 'reporting', "BEGIN; LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE; SELECT pg_sleep(3600) /* slow report */")
    case 'slow-database':
      return startSql(deps, 'reporting', `DO $$ BEGIN LOOP LOCK TABLE sessions IN ACCESS EXCLUSIVE MODE; PERFORM pg_sleep(0.9) /* slow report */; COMMIT; PERFORM pg_sleep(0.05); END LOOP; END $$`)
    case 'database-dead':
      return killDatabase(deps)
    case 'crash-loop':
      return crash(deps, fault.cause)
    case 'quota-exhausted':
      return quota(deps)
    case 'node-full':
      return change(deps, (container) => {
        container.resources = { ...container.resources, requests: { ...container.resources?.requests, cpu: '3900m' }, limits: { ...container.resources?.limits, cpu: '3900m' } }
      })
    case 'service-drained':
      return changeService(deps, (service) => ({ ...service, selector: { ...service.selector, maintenance: 'true' } }))
    case 'port-refused':
      return changeService(deps, (service) => ({ ...service, ports: (service.ports ?? []).map((port) => ({ ...port, targetPort: 8081 })) }))
    case 'network-denied':
      deps.context.store.update('networkpolicies.networking.k8s.io' as string, NAMESPACE, 'erlmcp-allow', (draft) => {
        draft['spec'] = { ...(draft['spec'] as object), ingress: [{ ports: [{ port: 9090, protocol: 'TCP' }] }] }
      })
      return
    default:
      return assertNever(fault)
  }
} // prettier-ignore

function release(deps: FaultDeps, version: string): void {
  deps.context.store.update('deployments.apps', NAMESPACE, DEPLOYMENT, (draft) => {
    draft.metadata = { ...draft.metadata, annotations: { ...annotationsOf(draft), 'kubernetes.io/change-cause': `release ${version}` } } // prettier-ignore
  })
  change(deps, (container) => {
    container.image = (container.image ?? '').replace(/:[^/]*$/, `:${version}`)
  })
}

/** Changes the container in the deployment's template, which starts a rollout. */
function change(deps: FaultDeps, mutate: (container: Container) => void): void {
  deps.context.store.update('deployments.apps', NAMESPACE, DEPLOYMENT, (draft) => {
    const [container] = draft.spec?.template.spec?.containers ?? []
    if (container !== undefined) mutate(container)
  })
}

function setVariable(deps: FaultDeps, name: string, value: string | null): void {
  change(deps, (container) => {
    const rest = (container.env ?? []).filter((variable) => variable.name !== name)
    container.env = value === null ? rest : [...rest, { name, value }]
  })
}

/** What `kubectl rollout restart` does. */
function restart(deps: FaultDeps): void {
  deps.context.store.update('deployments.apps', NAMESPACE, DEPLOYMENT, (draft) => {
    const template = draft.spec?.template
    if (template === undefined) return
    const stamp = { 'kubectl.kubernetes.io/restartedAt': deps.context.now().toISOString() }
    template.metadata = { ...template.metadata, annotations: { ...template.metadata?.annotations, ...stamp } }
  })
}

type ServiceSpec = NonNullable<ReturnType<ApiContext['store']['get']>['spec']> & {
  selector?: Record<string, string>
  ports?: { port: number; targetPort?: number | string }[]
}

function changeService(deps: FaultDeps, mutate: (spec: ServiceSpec) => ServiceSpec): void {
  deps.context.store.update('services' as string, NAMESPACE, 'erlmcp', (draft) => {
    draft['spec'] = mutate(draft['spec'] as ServiceSpec)
  })
}

function podsOf(deps: FaultDeps): Pod[] {
  return deps.context.store
    .list('pods', NAMESPACE)
    .filter(
      (pod) =>
        labelsOf(pod)['app'] === 'erlmcp' && isReady(pod) && pod.metadata?.deletionTimestamp === undefined,
    )
}

function onePod(deps: FaultDeps): Pod {
  const [pod] = podsOf(deps)
  if (pod !== undefined) return pod
  throw new AppError('unavailable', 'no pod of the workload is ready', {
    action: 'Wait until the sandbox is ready.',
  })
}

async function everyPod(deps: FaultDeps, work: (pod: Pod) => Promise<void>): Promise<void> {
  await Promise.all(podsOf(deps).map(work))
}

/** Asks the program itself to misbehave. */
function tell(deps: FaultDeps, pod: Pod, kind: string, value: number, upTo = 0): Promise<void> {
  return new Promise((resolve, reject) => {
    const url = `http://${pod.status?.podIP ?? ''}:${deps.ports.actual(8080)}/debug/fault?kind=${kind}&value=${value}&upTo=${upTo}`
    const call = request(url, { method: 'POST', timeout: 5_000 }, (response) => {
      response.resume()
      response.on('end', () => resolve())
    })
    call.on('timeout', () => call.destroy(new Error('timeout')))
    call.on('error', reject)
    call.end()
  })
}

function leak(deps: FaultDeps, megabytesPerSecond: number, fatal: boolean): Promise<void> {
  return everyPod(deps, (pod) =>
    tell(
      deps,
      pod,
      'leak',
      megabytesPerSecond,
      fatal ? 0 : limitOf(pod, 'memory', 256 * 2 ** 20) * LEAK_SHARE,
    ),
  )
}

const limitOf = (pod: Pod, name: string, otherwise: number): number =>
  quantity(pod.spec?.containers[0]?.resources?.limits?.[name] ?? String(otherwise))

const poolSize = (pod: Pod): number =>
  Number(
    pod.spec?.containers[0]?.env?.find((variable) => variable.name === 'ERLMCP_DB_POOL_SIZE')?.value ?? 5,
  )

function database(deps: FaultDeps): Pod {
  return deps.context.store.get('pods', NAMESPACE, 'postgres-pod')
}

/** Begins a session in the database pod and leaves it running. */
async function startSql(deps: FaultDeps, name: string, sql: string): Promise<void> {
  const out = collector()
  deps.kubelet.exec(database(deps), {
    command: [...deps.sql, name, sql],
    container: 'postgres',
    tty: false,
    stdin: null,
    stdout: out.stream,
    stderr: out.stream,
  })
  await new Promise((resolve) => setTimeout(resolve, 1_000))
}

function killDatabase(deps: FaultDeps): void {
  const pod = database(deps)
  deps.kubelet.kill(pod)
  deps.context.store.remove('pods', NAMESPACE, nameOf(pod))
}

async function crash(deps: FaultDeps, cause: Extract<Fault, { kind: 'crash-loop' }>['cause']): Promise<void> {
  switch (cause) {
    case 'bad-config':
      deps.context.store.update('configmaps', NAMESPACE, 'erlmcp-config', (draft) => {
        const text = draft.data?.['erlmcp.json'] ?? ''
        draft.data = { ...draft.data, 'erlmcp.json': text.replace('"port": 8080', '"port": "8080') }
      })
      return restart(deps)
    case 'missing-variable':
      return setVariable(deps, 'ERLMCP_DB_POOL_SIZE', null)
    case 'memory-limit':
      return change(deps, (container) => {
        container.resources = { ...container.resources, requests: { ...container.resources?.requests, memory: '16Mi' }, limits: { ...container.resources?.limits, memory: '16Mi' } } // prettier-ignore
      })
    case 'full-disk':
      return fillDisk(deps)
    default:
      return assertNever(cause)
  }
}

/** Old logs fill the volume of one pod, and its program is restarted: it cannot write its log any more. */
async function fillDisk(deps: FaultDeps): Promise<void> {
  const pod = onePod(deps)
  const out = collector()
  const script = `dd if=/dev/zero of=/var/log/erlmcp/erlmcp.log.old bs=64k 2>/dev/null; touch -d '10 days ago' /var/log/erlmcp/erlmcp.log.old; : > /var/log/erlmcp/erlmcp.log; dd if=/dev/zero of=/var/log/erlmcp/erlmcp.log.older bs=1k 2>/dev/null; touch -d '20 days ago' /var/log/erlmcp/erlmcp.log.older; kill 1` // prettier-ignore
  const session = deps.kubelet.exec(pod, {
    command: ['sh', '-c', script],
    container: 'erlmcp',
    tty: false,
    stdin: null,
    stdout: out.stream,
    stderr: out.stream,
  })
  await session.ended
}

function quota(deps: FaultDeps): void {
  const pods = deps.context.store.list('pods', NAMESPACE).length
  deps.context.store.create('resourcequotas', {
    metadata: { name: 'erlmcp-quota', namespace: NAMESPACE },
    spec: { hard: { pods: String(pods) } },
    status: { hard: { pods: String(pods) }, used: { pods: String(pods) } },
  })
  restart(deps)
}
