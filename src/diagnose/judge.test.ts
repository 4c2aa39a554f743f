import { existsSync, readFileSync } from 'node:fs'
import path from 'node:path'
import type { ContainerState, Event, Pod } from 'kubernetes-types/core/v1.js'
import { describe, expect, test } from 'vitest'
import { asSnapshot } from '../kubernetes/index.ts'
import type { Objects, ResourceName } from '../kubernetes/index.ts'
import { CAUSES } from './causes.ts'
import type { CauseName } from './causes.ts'
import { judgeSymptom } from './judge.ts'
import { factsOf } from './look.ts'
import type { LogLines } from './model.ts'
import { SYMPTOMS } from './schema.ts'
import type { Symptom } from './model.ts'

const AT = new Date('2026-11-24T03:00:00Z')
const ago = (seconds: number): string => new Date(AT.getTime() - seconds * 1_000).toISOString()
const LABELS = { app: 'shop' }

interface World {
  objects: { [Name in ResourceName]: Objects[Name][] }
  logs: LogLines[]
}

const podNamed = (name: string, labels: Record<string, string> = LABELS): Pod => ({
  metadata: { name, labels, uid: name, creationTimestamp: ago(3_600) },
  spec: {
    nodeName: 'n1',
    containers: [
      {
        name: 'main',
        image: 'registry.local/shop:1',
        ports: [{ containerPort: 8080, name: 'http' }],
        resources: { limits: { cpu: '500m', memory: '256Mi' } },
      },
    ],
  },
  status: {
    phase: 'Running',
    conditions: [{ type: 'Ready', status: 'True' }],
    containerStatuses: [
      {
        name: 'main',
        image: 'registry.local/shop:1',
        imageID: '',
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: ago(3_500) } },
      },
    ],
  },
})

const database = (): Pod => {
  const pod = podNamed('db-0', { app: 'db' })
  const [container] = pod.spec?.containers ?? []
  if (container !== undefined) Object.assign(container, { image: 'registry.local/postgres:16', ports: [{ containerPort: 5432 }] }) // prettier-ignore
  return pod
}

/** Two pods of a shop before a database, all well. */
function healthy(): World {
  return {
    objects: {
      pods: [podNamed('shop-a-1'), podNamed('shop-a-2'), database()],
      deployments: [
        {
          metadata: { name: 'shop', uid: 'shop-uid', generation: 3 },
          spec: {
            replicas: 2,
            selector: { matchLabels: LABELS },
            template: { metadata: { labels: LABELS }, spec: { containers: [] } },
          },
          status: { observedGeneration: 3, replicas: 2, updatedReplicas: 2, readyReplicas: 2 },
        },
      ],
      replicasets: [
        {
          metadata: { name: 'shop-a', ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', uid: 'shop-uid' }] },
          spec: { replicas: 2, selector: {} },
          status: { replicas: 2 },
        },
      ],
      statefulsets: [],
      services: [
        { metadata: { name: 'shop' }, spec: { selector: LABELS, ports: [{ port: 80, targetPort: 8080 }] } },
        { metadata: { name: 'postgres' }, spec: { selector: { app: 'db' }, ports: [{ port: 5432 }] } },
      ],
      endpointslices: [],
      events: [],
      networkpolicies: [
        {
          metadata: { name: 'allow' },
          spec: { podSelector: { matchLabels: LABELS }, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 8080 }] }] },
        },
      ],
      horizontalpodautoscalers: [],
      poddisruptionbudgets: [],
      resourcequotas: [],
      limitranges: [],
      persistentvolumeclaims: [],
      nodes: [{ metadata: { name: 'n1' }, status: { conditions: [{ type: 'Ready', status: 'True' }, { type: 'MemoryPressure', status: 'False' }] } }],
      podmetrics: ['shop-a-1', 'shop-a-2'].map((name) => ({ metadata: { name }, containers: [{ name: 'main', usage: { cpu: '50m', memory: '64Mi' } }] })),
    },
    logs: [{ pod: 'shop-a-1', container: 'main', lines: ['level=info listening', 'GET / 200', 'connected to postgres'] }],
  } // prettier-ignore
}

function judge(symptom: Symptom, world: World): CauseName[] {
  return found(symptom, world).map(({ cause }) => cause)
}

function found(symptom: Symptom, { objects, logs }: World, workload = 'shop') {
  const snapshot = asSnapshot(
    Object.fromEntries(
      Object.entries(objects).map(([name, items]) => [name, { read: true as const, items }]),
    ),
  )
  return judgeSymptom(symptom, { ...factsOf(AT, snapshot, workload), logs })
}

const first = <T>(items: readonly T[]): T => {
  const [item] = items
  if (item === undefined) throw new Error('there is none')
  return item
}
/** What the cluster would write. */
function withStatus(object: { readonly status?: unknown }, status: object): void {
  Object.assign(object, { status })
}
const shopPod = (world: World): Pod => first(world.objects.pods)
const deployment = (world: World): Objects['deployments'] => first(world.objects.deployments)
const service = (world: World): Objects['services'] => first(world.objects.services)

function unready(pod: Pod, state: ContainerState, more: { lastState?: ContainerState; restarts?: number } = {}): void {
  const status = first(pod.status?.containerStatuses ?? [])
  Object.assign(status, { ready: false, state, lastState: more.lastState ?? {}, restartCount: more.restarts ?? 0 })
  withStatus(pod, { ...pod.status, conditions: [{ type: 'Ready', status: 'False' }] })
} // prettier-ignore

const waits = (reason: string, message = '') => (world: World): void => unready(shopPod(world), { waiting: { reason, message } }) // prettier-ignore

function says(world: World, reason: string, message: string, name = 'shop-a-1', kind = 'Pod'): void {
  const event: Event = {
    metadata: { name: `e${world.objects.events.length}` },
    involvedObject: { kind, name },
    reason,
    message,
    lastTimestamp: ago(20),
  }
  world.objects.events.push(event)
}

const crashes =
  (exitCode: number, reason = 'Error') =>
  (world: World): void =>
    unready(shopPod(world), { waiting: { reason: 'CrashLoopBackOff' } }, { restarts: 4, lastState: { terminated: { exitCode, reason, finishedAt: ago(30) } } }) // prettier-ignore

const unscheduled =
  (message: string) =>
  (world: World): void => {
    const pod = shopPod(world)
    withStatus(pod, {
      phase: 'Pending',
      conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
    })
  }

const notCreated =
  (message: string) =>
  (world: World): void => {
    withStatus(first(world.objects.replicasets), {
      replicas: 1,
      conditions: [{ type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message }],
    })
    world.objects.pods.splice(0, 1)
  }

const logs =
  (...lines: string[]) =>
  (world: World): void => {
    world.logs.push({ pod: 'shop-a-2', container: 'main', lines: [...lines, ...lines] })
  }

/** Cause, symptom, and what is done to a healthy shop. */
const CASES: readonly (readonly [CauseName, Symptom, (world: World) => void])[] = [
  ['image-missing', 'pod-wont-start', waits('ImagePullBackOff', 'Back-off pulling image: manifest unknown')],
  ['image-missing', 'pod-wont-start', (world) => {
    waits('ImagePullBackOff', 'Back-off pulling image "registry.local/shop:9"')(world)
    says(world, 'Failed', 'Failed to pull image "registry.local/shop:9": rpc error: code = NotFound desc = registry.local/shop:9: not found')
  }],
  ['image-access', 'pod-wont-start', waits('ErrImagePull', 'pull access denied, repository does not exist or may require authorization: 401 Unauthorized')],
  ['registry-unreachable', 'pod-wont-start', waits('ErrImagePull', 'dial tcp: lookup registry.local: i/o timeout')],
  ['image-pull', 'pod-wont-start', waits('ErrImagePull', 'unexpected EOF')],
  ['image-name', 'pod-wont-start', waits('InvalidImageName', 'couldn\'t parse image name "Shop:1:2"')],
  ['config-missing', 'pod-wont-start', waits('CreateContainerConfigError', 'configmap "shop-config" not found')],
  ['secret-missing', 'pod-wont-start', waits('CreateContainerConfigError', 'couldn\'t find key PASSWORD in Secret default/shop')],
  ['secret-missing', 'database-wont-connect', waits('CreateContainerConfigError', 'secret "shop" not found')],
  ['config-missing', 'pod-wont-start', (world) => {
    waits('ContainerCreating')(world)
    says(world, 'FailedMount', 'MountVolume.SetUp failed for volume "v" : configmap "nope" not found')
  }],
  ['volume-mount', 'pod-wont-start', (world) => {
    waits('ContainerCreating')(world)
    says(world, 'FailedAttachVolume', 'Multi-Attach error for volume "pvc-1"')
  }],
  ['oom-killed', 'pod-wont-start', crashes(137, 'OOMKilled')],
  ['program-missing', 'pod-wont-start', crashes(128, 'StartError')],
  ['program-missing', 'pod-wont-start', crashes(127)],
  ['crash-loop', 'pod-wont-start', crashes(1)],
  ['disk-full', 'pod-wont-start', (world) => {
    crashes(1)(world)
    world.logs.push({ pod: 'shop-a-1', container: 'main', lines: ['Error: ENOSPC: no space left on device, write'] })
  }],
  ['liveness-kills', 'pod-wont-start', (world) => {
    crashes(143)(world)
    says(world, 'Killing', 'Container main failed liveness probe, will be restarted')
  }],
  ['startup-probe', 'pod-wont-start', (world) => {
    crashes(143)(world)
    says(world, 'Killing', 'Container main failed startup probe, will be restarted')
  }],
  ['init-failing', 'pod-wont-start', (world) => {
    const pod = shopPod(world)
    unready(pod, { waiting: { reason: 'PodInitializing' } })
    withStatus(pod, { ...pod.status, initContainerStatuses: [{ name: 'migrate', image: '', imageID: '', ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1 } } }] })
  }],
  ['not-ready', 'not-responding', (world) => {
    unready(shopPod(world), { running: { startedAt: ago(200) } })
    says(world, 'Unhealthy', 'Readiness probe failed: HTTP probe failed with statuscode: 503')
  }],
  ['no-room-cpu', 'pod-wont-start', unscheduled('0/2 nodes are available: 2 Insufficient cpu.')],
  ['no-room-memory', 'pod-wont-start', unscheduled('0/2 nodes are available: 1 Insufficient memory, 1 node(s) had untolerated taint {a: b}.')],
  ['no-node-fits', 'pod-wont-start', unscheduled("0/2 nodes are available: 2 node(s) didn't match Pod's node affinity/selector.")],
  ['node-taint', 'pod-wont-start', unscheduled('0/1 nodes are available: 1 node(s) were unschedulable.')],
  ['claim-unbound', 'pod-wont-start', unscheduled('0/2 nodes are available: pod has unbound immediate PersistentVolumeClaims.')],
  ['too-many-pods', 'pod-wont-start', unscheduled('0/1 nodes are available: 1 Too many pods.')],
  ['quota-used-up', 'pod-wont-start', notCreated('pods "shop-a-x" is forbidden: exceeded quota: team, requested: pods=1, used: pods=4, limited: pods=4')],
  ['limit-range', 'pod-wont-start', notCreated('pods "shop-a-x" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi')],
  ['account-missing', 'pod-wont-start', notCreated('pods "shop-a-x" is forbidden: error looking up service account shop/web: serviceaccount "web" not found')],
  ['create-refused', 'pod-wont-start', notCreated('admission webhook "policy.example" denied the request: no latest tag')],
  ['rollout-stuck', 'pod-wont-start', (world) => {
    const it = deployment(world)
    withStatus(it, { ...it.status, conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded', message: 'ReplicaSet "shop-b" has timed out progressing.' }] })
  }],
  ['rollout-paused', 'pod-wont-start', (world) => {
    const it = deployment(world)
    if (it.spec !== undefined) it.spec.paused = true
    withStatus(it, { ...it.status, updatedReplicas: 0 })
  }],
  ['scaled-to-zero', 'not-responding', (world) => {
    const it = deployment(world)
    if (it.spec !== undefined) it.spec.replicas = 0
    world.objects.pods = world.objects.pods.slice(2)
  }],
  ['evicted', 'pod-wont-start', (world) => {
    withStatus(shopPod(world), { phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.' })
  }],
  ['stuck-terminating', 'pod-wont-start', (world) => {
    Object.assign(shopPod(world).metadata ?? {}, { deletionTimestamp: ago(400), finalizers: ['example.com/hold'] })
  }],
  ['node-not-ready', 'high-latency', (world) => {
    withStatus(first(world.objects.nodes), { conditions: [{ type: 'Ready', status: 'Unknown', message: 'Kubelet stopped posting node status.' }] })
  }],
  ['node-pressure', 'high-latency', (world) => {
    withStatus(first(world.objects.nodes), { conditions: [{ type: 'Ready', status: 'True' }, { type: 'DiskPressure', status: 'True' }] })
  }],
  ['workload-missing', 'not-responding', (world) => {
    world.objects.deployments = []
    world.objects.pods = []
  }],
  ['service-drained', 'not-responding', (world) => {
    Object.assign(service(world).spec ?? {}, { selector: { ...LABELS, maintenance: 'true' } })
  }],
  ['selector-mismatch', 'not-responding', (world) => {
    Object.assign(service(world).spec ?? {}, { selector: { ...LABELS, tier: 'front' } })
  }],
  ['port-mismatch', 'not-responding', (world) => {
    Object.assign(service(world).spec ?? {}, { ports: [{ port: 80, targetPort: 8081 }] })
  }],
  ['policy-denies', 'not-responding', (world) => {
    first(world.objects.networkpolicies).spec = { podSelector: {}, policyTypes: ['Ingress'], ingress: [{ ports: [{ port: 9090 }] }] }
  }],
  ['no-endpoints', 'not-responding', (world) => {
    for (const pod of world.objects.pods.slice(0, 2)) unready(pod, { running: { startedAt: ago(100) } })
  }],
  ['service-missing', 'not-responding', (world) => {
    world.objects.services.splice(0, 1)
  }],
  ['replicas-missing', 'not-responding', (world) => {
    world.objects.pods.splice(0, 1)
  }],
  ['database-gone', 'database-wont-connect', (world) => {
    world.objects.pods.pop()
  }],
  ['database-not-ready', 'database-wont-connect', (world) => {
    const pod = world.objects.pods.at(-1)
    if (pod?.status !== undefined) pod.status.conditions = [{ type: 'Ready', status: 'False' }]
  }],
  ['database-no-endpoints', 'database-wont-connect', (world) => {
    Object.assign(world.objects.services[1]?.spec ?? {}, { selector: { app: 'database' } })
  }],
  ['database-full', 'database-wont-connect', logs('FATAL: sorry, too many clients already')],
  ['database-password', 'database-wont-connect', logs('error: password authentication failed for user "shop"')],
  ['database-name', 'database-wont-connect', logs('Error: getaddrinfo ENOTFOUND postgres')],
  ['database-missing', 'database-wont-connect', logs('FATAL: database "shop" does not exist')],
  ['database-refused', 'database-wont-connect', logs('connect ECONNREFUSED 10.0.0.7:5432')],
  ['database-timeout', 'database-wont-connect', logs('could not connect to database: connection timed out')],
  ['pool-exhausted', 'database-wont-connect', logs('level=error msg="connection pool exhausted"')],
  ['slow-queries', 'high-latency', logs('LOG: duration: 8124.113 ms  statement: SELECT 1')],
  ['slow-queries', 'high-latency', logs(...Array.from({ length: 5 }, () => '[warning] slow query: 2300 ms for /orders'))],
  ['connection-limit', 'high-latency', logs('level=error msg="connection limit reached" max=10')],
  ['cpu-at-limit', 'high-latency', (world) => {
    for (const each of world.objects.podmetrics) each.containers = [{ name: 'main', usage: { cpu: '480m', memory: '64Mi' } }]
  }],
  ['cpu-one-pod', 'high-latency', (world) => {
    first(world.objects.podmetrics).containers = [{ name: 'main', usage: { cpu: '450m', memory: '64Mi' } }]
  }],
  ['memory-near-limit', 'high-latency', (world) => {
    first(world.objects.podmetrics).containers = [{ name: 'main', usage: { cpu: '50m', memory: '250Mi' } }]
  }],
  ['autoscaler-at-maximum', 'high-latency', (world) => {
    world.objects.horizontalpodautoscalers.push({ metadata: { name: 'shop' }, spec: { maxReplicas: 2, scaleTargetRef: { kind: 'Deployment', name: 'shop' } }, status: { desiredReplicas: 2, conditions: [{ type: 'ScalingLimited', status: 'True', reason: 'TooManyReplicas', message: 'the desired replica count is more than the maximum replica count' }] } })
  }],
  ['autoscaler-blind', 'high-latency', (world) => {
    world.objects.horizontalpodautoscalers.push({ metadata: { name: 'shop' }, spec: { maxReplicas: 5, scaleTargetRef: { kind: 'Deployment', name: 'shop' } }, status: { desiredReplicas: 2, conditions: [{ type: 'ScalingActive', status: 'False', reason: 'FailedGetResourceMetric', message: 'no metrics' }] } })
  }],
  ['rollout-under-way', 'high-latency', (world) => {
    const it = deployment(world)
    withStatus(it, { ...it.status, updatedReplicas: 1 })
  }],
] // prettier-ignore

test.each(SYMPTOMS)('on a healthy service %s has no cause', (symptom) => {
  expect(found(symptom, healthy())).toEqual([])
})

test.each(CASES.map(([cause, symptom, spoil]) => ({ cause, symptom, spoil })))(
  '$cause is recognised for $symptom, with evidence',
  ({ cause, symptom, spoil }) => {
    const world = healthy()
    spoil(world)
    const findings = found(symptom, world)
    const it = findings.find((finding) => finding.cause === cause)
    expect(
      findings.map((finding) => finding.cause),
      JSON.stringify(findings, null, 1),
    ).toContain(cause)
    expect(it?.evidence.join('')).not.toBe('')
  },
)

test('more than half of the causes that are known are tried here', () => {
  const tried = new Set(CASES.map(([cause]) => cause))
  const untried = Object.keys(CAUSES).filter((cause) => !tried.has(cause as CauseName))
  expect(untried).toEqual(['unschedulable'])
})

test('what lies nearer to the root stands first: the image before the rollout that hangs by it', () => {
  const world = healthy()
  waits('ImagePullBackOff', 'manifest unknown')(world)
  const it = deployment(world)
  withStatus(it, {
    ...it.status,
    updatedReplicas: 1,
    conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
  })
  expect(judge('pod-wont-start', world).slice(0, 2)).toEqual(['image-missing', 'rollout-stuck'])
})

test('one cause in several pods is one finding that names them', () => {
  const world = healthy()
  for (const pod of world.objects.pods.slice(0, 2))
    unready(pod, { waiting: { reason: 'ErrImagePull', message: 'manifest unknown' } })
  const [finding, ...more] = found('pod-wont-start', world).filter(({ cause }) => cause === 'image-missing')
  expect(more).toEqual([])
  expect(finding?.evidence.at(-1)).toBe('also pod/shop-a-2')
})

test('a pod that was killed for memory long ago and has been well since is no cause', () => {
  const world = healthy()
  Object.assign(first(shopPod(world).status?.containerStatuses ?? []), {
    restartCount: 1,
    lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', finishedAt: ago(7_200) } },
  })
  expect(judge('pod-wont-start', world)).toEqual([])
})

test('a pod of a moment ago that is not ready yet is no cause', () => {
  const world = healthy()
  unready(shopPod(world), { running: { startedAt: ago(3) } })
  expect(judge('not-responding', world)).not.toContain('not-ready')
})

const recordings = path.resolve('../shared/fixtures/kubernetes')
const recorded = (file: string): unknown => {
  const text = readFileSync(path.join(recordings, file, 'stdout.txt'), 'utf8')
  return JSON.parse(text.slice(text.indexOf('{'), text.lastIndexOf('}') + 1))
}

describe.skipIf(!existsSync(recordings))('on recordings of a real cluster', () => {
  test.each([
    ['registry-unreachable', 'S-d-missing-image/06-get-pod-json-18s', 'pod-wont-start'],
    ['oom-killed', 'S-b-oomkilled/08-get-pod-json-60s', 'pod-wont-start'],
    ['crash-loop', 'S-a-bad-image/24-get-pod-json-3min', 'pod-wont-start'],
    ['no-room-cpu', 'S-e-too-big/05-get-pod-json', 'pod-wont-start'],
  ] as const)('%s is seen in %s', (cause, file, symptom) => {
    const object = recorded(file) as Pod & { items?: Pod[] }
    const pods = object.items ?? [object]
    const at = new Date(
      Math.max(
        ...pods.flatMap((pod) =>
          (pod.status?.containerStatuses ?? []).flatMap(({ state, lastState }) =>
            [state?.running?.startedAt, lastState?.terminated?.finishedAt].flatMap((text) =>
              text === undefined ? [] : [Date.parse(text)],
            ),
          ),
        ),
        ...pods.map((pod) => Date.parse(pod.metadata?.creationTimestamp ?? '')),
      ) + 20_000,
    )
    const snapshot = asSnapshot({ pods: { read: true, items: pods } })
    const name = pods[0]?.metadata?.name ?? ''
    const facts = { ...factsOf(at, snapshot, name), logs: [] }
    expect(judgeSymptom(symptom, facts).map((finding) => finding.cause)).toContain(cause)
  })
})
