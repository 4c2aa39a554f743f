import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars } from '../command/index.ts'
import { asSnapshot } from '../kubernetes/index.ts'
import { revisionsOf, templateDiff } from './history.ts'
import { judgeRollout } from './judge.ts'
import type { PatchOperation } from './plan.ts'
import { planHash } from './plan.ts'
import { advise } from './recommend.ts'
import { planRollback } from './rollback.ts'
import { planHorizontal, planVertical } from './scale.ts'

beforeAll(() => loadCommandGrammars())

const target = { context: 'blue', namespace: 'shop' }
const REVISION = 'deployment.kubernetes.io/revision'
const HISTORY = 'deployment.kubernetes.io/revision-history'

const deployment = (more: { revision?: number; annotations?: Record<string, string>; paused?: boolean } = {}): Deployment => ({
  metadata: { name: 'shop', uid: 'u', generation: 4, annotations: { [REVISION]: String(more.revision ?? 3), ...more.annotations } },
  spec: {
    replicas: 3,
    ...(more.paused === undefined ? {} : { paused: more.paused }),
    selector: {},
    template: { metadata: { labels: { app: 'shop' } }, spec: { containers: [{ name: 'main', image: 'shop:3', resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } } }] } },
  },
  status: { observedGeneration: 4, replicas: 3, updatedReplicas: 3, availableReplicas: 3 },
}) // prettier-ignore

const set = (revision: number, more: { history?: string; migration?: string; image?: string } = {}): ReplicaSet => ({
  metadata: {
    name: `shop-${revision}`,
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'shop', uid: 'u' }],
    annotations: { [REVISION]: String(revision), 'kubernetes.io/change-cause': `release ${revision}`, ...(more.history === undefined ? {} : { [HISTORY]: more.history }) },
  },
  spec: {
    selector: {},
    template: {
      metadata: { labels: { app: 'shop', 'pod-template-hash': `h${revision}` }, ...(more.migration === undefined ? {} : { annotations: { 'erlmcp.io/irreversible-migration': more.migration } }) },
      spec: { containers: [{ name: 'main', image: more.image ?? `shop:${revision}`, env: [{ name: 'DB_PASSWORD', value: `hush${revision}` }] }] },
    },
  },
}) // prettier-ignore

const operations = (argv: readonly string[]): PatchOperation[] =>
  JSON.parse(argv.at(-1) ?? '') as PatchOperation[]
const back = (it: Deployment, sets: readonly ReplicaSet[], to: number | null = null) =>
  planRollback({ deployment: it, revisions: revisionsOf(it, sets), to, target, changeId: 'chg_1' })

describe('a rollback', () => {
  test('goes to the revision before, from exactly the current one, and without the hash label of its pods', () => {
    const plan = back(deployment(), [set(1), set(2), set(3)])
    expect(plan.title).toContain('from revision 3 (release 3) to 2 (release 2)')
    const [fence, change] = operations(plan.apply.argv)
    expect(fence).toEqual({ op: 'test', path: '/metadata/annotations/deployment.kubernetes.io~1revision', value: '3' }) // prettier-ignore
    expect(change).toMatchObject({ path: '/spec/template', value: { metadata: { labels: { app: 'shop' } } } })
    expect(JSON.stringify(change)).not.toContain('pod-template-hash')
    expect(plan.apply.risk).toBe('change')
    expect(plan.revert).toBeNull()
  })

  test('of a rollback is refused, unless the revision is named', () => {
    const sets = [set(1), set(3), set(4, { history: '2' })]
    const it = deployment({ revision: 4 })
    expect(() => back(it, sets)).toThrow('bring back what was rolled back')
    expect(back(it, sets, 3).title).toContain('to 3')
  })

  test('to the current or an unknown revision, or with nothing before, is refused', () => {
    expect(() => back(deployment(), [set(3)])).toThrow('no revision before 3')
    expect(() => back(deployment(), [set(2), set(3)], 3)).toThrow('is the current one')
    expect(() => back(deployment(), [set(2), set(3)], 9)).toThrow('no revision 9')
  })

  test('warns of a migration that older code cannot read, and stops at a paused Deployment', () => {
    const { notes } = back(deployment({ paused: true }), [set(2), set(3, { migration: 'drops column a' })])
    expect(notes).toContainEqual(expect.objectContaining({ level: 'warn', text: expect.stringContaining('drops column a') as unknown })) // prettier-ignore
    expect(notes).toContainEqual(expect.objectContaining({ level: 'stop' }))
  })

  test('shows what differs, and no secret', () => {
    const [third, second] = revisionsOf(deployment(), [set(2), set(3)])
    if (third === undefined || second === undefined) throw new Error('two revisions')
    const diff = templateDiff(third, second)
    expect(diff).toContain('-      image: shop:3')
    expect(diff).not.toContain('hush')
  })
})

const nothing = {
  read: true as const,
  items: [],
}
const node = (cpu: string) => ({
  metadata: { name: 'n1' },
  status: {
    allocatable: { cpu, memory: '4Gi', pods: '50' },
    conditions: [{ type: 'Ready', status: 'True' }],
  },
})
const snapshot = (more: Record<string, unknown[]> = {}) =>
  asSnapshot({
    horizontalpodautoscalers: nothing,
    poddisruptionbudgets: nothing,
    resourcequotas: nothing,
    nodes: { read: true, items: [node('4')] },
    pods: nothing,
    ...Object.fromEntries(
      Object.entries(more).map(([name, items]) => [name, { read: true as const, items }]),
    ),
  })
const scale = (replicas: number, more: Record<string, unknown[]> = {}) =>
  planHorizontal({ deployment: deployment(), snapshot: snapshot(more), target, changeId: 'chg_1', replicas })
const texts = (plan: { notes: readonly { level: string; text: string }[] }, level: string): string =>
  plan.notes
    .filter((note) => note.level === level)
    .map((note) => note.text)
    .join('\n')

describe('scaling horizontally', () => {
  test('is from exactly the number that was seen, and its way back from the new one', () => {
    const plan = scale(5)
    expect(operations(plan.apply.argv).slice(0, 2)).toEqual([
      { op: 'test', path: '/spec/replicas', value: 3 },
      { op: 'replace', path: '/spec/replicas', value: 5 },
    ])
    expect(operations(plan.revert?.argv ?? [])).toEqual([
      { op: 'test', path: '/spec/replicas', value: 5 },
      { op: 'replace', path: '/spec/replicas', value: 3 },
    ])
    expect(texts(plan, 'info')).toContain('requests grow by 200m CPU and 256Mi memory')
    expect(texts(plan, 'warn')).toBe('')
    expect(() => scale(3)).toThrow('3 replicas already')
  })

  test('says when an autoscaler takes it back', () => {
    const scaler = { metadata: { name: 'shop' }, spec: { minReplicas: 2, maxReplicas: 4, scaleTargetRef: { kind: 'Deployment', name: 'shop' } } } // prettier-ignore
    expect(texts(scale(9, { horizontalpodautoscalers: [scaler] }), 'warn')).toContain(
      'will take 9 back within seconds',
    )
  })

  test('stops at a quota, and warns where no node has room or a disruption budget wants more', () => {
    const quota = {
      metadata: { name: 'q' },
      status: { hard: { 'requests.cpu': '400m' }, used: { 'requests.cpu': '300m' } },
    }
    expect(texts(scale(5, { resourcequotas: [quota] }), 'stop')).toContain('this needs 200m more')
    expect(texts(scale(5, { nodes: [node('150m')] }), 'warn')).toContain('only 1 of 2 more pods')
    const budget = {
      metadata: { name: 'pdb' },
      spec: { minAvailable: 2, selector: { matchLabels: { app: 'shop' } } },
    }
    expect(texts(scale(1, { poddisruptionbudgets: [budget] }), 'warn')).toContain('wants 2 pods available')
  })

  test('what could not be read is said', () => {
    const blind = planHorizontal({ deployment: deployment(), snapshot: asSnapshot({}), target, changeId: 'c', replicas: 4 }) // prettier-ignore
    expect(texts(blind, 'warn')).toMatch(
      /autoscalers were not checked[^]*quotas were not checked[^]*room on the nodes was not checked/,
    )
  })

  test('an approval is for one number, cluster and namespace', () => {
    const hashes = [
      planHash(scale(4), target),
      planHash(scale(5), target),
      planHash(scale(4), { ...target, context: 'green' }),
    ]
    expect(new Set(hashes).size).toBe(3)
  })
})

test('scaling vertically changes one container, keeps what is not named, and refuses a request above its limit', () => {
  const request = {
    deployment: deployment(),
    snapshot: snapshot(),
    target,
    changeId: 'c',
    container: null,
  }
  const plan = planVertical({ ...request, resources: { limits: { memory: '512Mi' } } })
  expect(operations(plan.apply.argv).find((each) => each.op === 'add' && each.path.endsWith('/resources'))).toMatchObject({ value: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '512Mi' } } }) // prettier-ignore
  expect(texts(plan, 'info')).toContain('rolling restart: all 3 pods')
  expect(() => planVertical({ ...request, resources: { requests: { memory: '1Gi' } } })).toThrow(
    'is above its limit',
  )
})

test('a recommendation shows its arithmetic', () => {
  const { requests, limits, arithmetic } = advise({ container: 'main', days: 7 }, { cpu: 0.2, memory: 100 * 2 ** 20, peak: 150 * 2 ** 20 }) // prettier-ignore
  expect(requests).toEqual({ cpu: '240m', memory: '130Mi' })
  expect(limits).toEqual({ cpu: '480m', memory: '195Mi' })
  expect(arithmetic[0]).toBe('CPU request: p95 of 200m over 7 d x 1.2 = 240m')
})

describe('the guard', () => {
  const at = new Date('2026-11-24T03:00:00Z')
  const limits = { readyDeadlineMs: 60_000, windowMs: 300_000, errorRateForMs: 30_000, restarts: 3 }
  const judge = (more: { ageMs?: number; failingMs?: number; pods?: Pod[]; deployment?: Deployment; sets?: ReplicaSet[] }) => {
    const it = more.deployment ?? deployment()
    const current = revisionsOf(it, more.sets ?? [set(2), set(3)]).find((each) => each.current)
    if (current === undefined) throw new Error('no current revision')
    return judgeRollout(
      {
        at,
        deployment: it,
        current,
        pods: more.pods ?? [],
        seenAt: new Date(at.getTime() - (more.ageMs ?? 1_000)),
        failingSince: more.failingMs === undefined ? null : new Date(at.getTime() - more.failingMs),
      },
      limits,
    ).verdict
  } // prettier-ignore
  const withStatus = (status: Deployment['status'], more: Parameters<typeof deployment>[0] = {}): Deployment => ({ ...deployment(more), ...(status === undefined ? {} : { status }) }) // prettier-ignore
  const stuck = withStatus({ observedGeneration: 4, replicas: 4, updatedReplicas: 1, availableReplicas: 3 })
  const crashing: Pod = {
    metadata: { name: 'p' },
    status: {
      containerStatuses: [
        { name: 'main', image: '', imageID: '', ready: false, restartCount: 3, state: { waiting: { reason: 'CrashLoopBackOff' } } },
      ],
    },
  } // prettier-ignore

  test('watches a rollout while nothing is wrong, and lets it go after its window', () => {
    expect(judge({})).toBe('watching')
    expect(judge({ deployment: stuck })).toBe('watching')
    expect(judge({ ageMs: 300_000 })).toBe('healthy')
  })

  test('finds a rollout failed by its deadline, by crashes, by Kubernetes itself and by the error rate', () => {
    expect(judge({ deployment: stuck, ageMs: 60_000 })).toBe('failed')
    expect(judge({ pods: [crashing] })).toBe('failed')
    expect(judge({ failingMs: 30_000 })).toBe('failed')
    expect(judge({ failingMs: 29_000 })).toBe('watching')
    const exceeded = withStatus({
      observedGeneration: 4,
      conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
    })
    expect(judge({ deployment: exceeded })).toBe('failed')
  })

  test('stands aside for a rollback, a pause and other programs, however bad it looks', () => {
    const bad = { pods: [crashing], failingMs: 99_000 }
    expect(judge({ ...bad, sets: [set(2), set(3, { history: '1' })] })).toBe('aside')
    expect(judge({ ...bad, deployment: deployment({ paused: true }) })).toBe('aside')
    expect(judge({ ...bad, deployment: deployment({ annotations: { 'flagger.app/x': 'y' } }) })).toBe('aside')
    expect(
      judge({ ...bad, deployment: deployment({ annotations: { 'rollout.argoproj.io/revision': '1' } }) }),
    ).toBe('aside')
  })
})
