import { globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import type { Deployment, StatefulSet } from 'kubernetes-types/apps/v1.js'
import type { ConfigMap, PodSpec, Service } from 'kubernetes-types/core/v1.js'
import type { NetworkPolicy } from 'kubernetes-types/networking/v1.js'
import type { PolicyRule, Role } from 'kubernetes-types/rbac/v1.js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { configSchema } from '../../src/base/config.ts'
import { startCluster } from '../../src/rehearsal/index.ts'
import type { SandboxCluster } from '../../src/rehearsal/index.ts'
import { build, manifestsIn, OVERLAYS, typeErrors } from '../support/manifests.ts'
import type { Manifest } from '../support/manifests.ts'
import { hasKubectl, runLine } from '../support/sandbox.ts'

const EXAMPLES = globSync('deploy/examples/*.yaml')
const built = new Map<string, Manifest[]>()
const of = (overlay: string): Manifest[] => built.get(overlay) ?? []

// the types of the API stand for what `typeErrors` has checked
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
function find<T>(overlay: string, kind: string, name: string): T {
  const found = of(overlay).find((each) => each.kind === kind && each.metadata.name === name)
  if (found === undefined) throw new Error(`${overlay} has no ${kind} ${name}`)
  return found as T
}

const podSpecs = (manifests: readonly Manifest[]): { name: string; labels: Labels; spec: PodSpec }[] =>
  manifests
    .filter(({ kind }) => kind === 'Deployment' || kind === 'StatefulSet')
    .map((each) => {
      const { template } = (each as unknown as Deployment | StatefulSet).spec ?? {}
      return {
        name: each.metadata.name,
        labels: template?.metadata?.labels ?? {},
        spec: template?.spec ?? { containers: [] },
      }
    })

type Labels = Readonly<Record<string, string>>
const selects = (selector: Labels, labels: Labels): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value)

beforeAll(() => {
  if (hasKubectl) for (const overlay of OVERLAYS) built.set(overlay, build(overlay))
}, 120_000)

describe.skipIf(!hasKubectl)('the manifests', () => {
  test('have only fields that the Kubernetes API knows, with values of its types', () => {
    expect(typeErrors(OVERLAYS.flatMap(of))).toBe('')
    const wrong = structuredClone(find<Deployment>('ha', 'Deployment', 'erlmcp-tcps'))
    Object.assign(wrong.spec?.template.spec ?? {}, { terminationGracePeriod: 60 })
    expect(typeErrors([wrong as unknown as Manifest])).toContain('terminationGracePeriod')
  }, 120_000)

  test.each(OVERLAYS)(
    'of %s select the pods that they mean, and every pod has what confines it',
    (overlay) => {
      const pods = podSpecs(of(overlay))
      expect(pods.length).toBeGreaterThan(0)
      for (const service of of(overlay).filter(({ kind }) => kind === 'Service') as unknown as Service[]) {
        const chosen = pods.filter(({ labels }) => selects(service.spec?.selector ?? {}, labels))
        expect(chosen.length, service.metadata?.name).toBe(1)
        const ports = chosen[0]?.spec.containers.flatMap((each) => each.ports ?? []) ?? []
        for (const port of service.spec?.ports ?? [])
          expect(ports.map((each) => each.containerPort)).toContain(port.targetPort)
      }
      for (const { name, spec } of pods) {
        expect(spec, name).toMatchObject({
          automountServiceAccountToken: false,
          // ERLMCP_PORT=tcp://… of a service link would win over the configuration
          enableServiceLinks: false,
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
        })
        for (const container of [...spec.containers, ...(spec.initContainers ?? [])]) {
          expect(container.securityContext, `${name}/${container.name}`).toEqual({
            allowPrivilegeEscalation: false,
            readOnlyRootFilesystem: true,
            capabilities: { drop: ['ALL'] },
          })
          expect(container.resources?.limits, container.name).toHaveProperty('memory')
        }
      }
    },
  )

  test('of ha keep two replicas through a drain, spread three, and stop within the time that a stop takes', () => {
    const { spec } = find<Deployment>('ha', 'Deployment', 'erlmcp-tcps')
    const [container] = spec?.template.spec?.containers ?? []
    expect(spec?.replicas).toBe(3)
    expect(find<Manifest>('ha', 'PodDisruptionBudget', 'erlmcp-tcps')['spec']).toMatchObject({
      minAvailable: 2,
    })
    expect(spec?.template.spec?.topologySpreadConstraints?.map((each) => each.topologyKey)).toEqual([
      'topology.kubernetes.io/zone',
      'kubernetes.io/hostname',
    ])
    expect(spec?.template.spec?.terminationGracePeriodSeconds).toBeGreaterThan(40)
    expect(container?.resources).toEqual({
      requests: { cpu: '500m', memory: '512Mi' },
      limits: { cpu: '2000m', memory: '2Gi' },
    })
    expect([container?.livenessProbe?.httpGet?.path, container?.readinessProbe?.httpGet?.path]).toEqual([
      '/health',
      '/ready',
    ])
  })

  test.each(OVERLAYS)('of %s let nothing in or out that no policy names', (overlay) => {
    const policies = of(overlay).filter(({ kind }) => kind === 'NetworkPolicy') as unknown as NetworkPolicy[]
    expect(policies.find((each) => each.metadata?.name === 'deny-by-default')?.spec).toEqual({
      podSelector: {},
      policyTypes: ['Ingress', 'Egress'],
    })
    expect(
      policies.flatMap((each) => each.spec?.ingress ?? []).filter((rule) => rule.from === undefined),
    ).toEqual([])
  })

  test('carry a configuration that erlmcp reads', () => {
    const { data } = find<ConfigMap>('ha', 'ConfigMap', 'erlmcp-config')
    expect(configSchema.safeParse(parse(data?.['erlmcp.config.yaml'] ?? '')).error).toBeUndefined()
  })

  test('and the examples hold no secret but the placeholders, and the ones of dev', () => {
    const secrets = [...of('small'), ...of('ha')].filter(({ kind }) => kind === 'Secret')
    expect(secrets).toEqual([])
    for (const file of EXAMPLES)
      for (const each of manifestsIn(readFileSync(file, 'utf8')).filter(({ kind }) => kind === 'Secret'))
        expect(Object.values(each['stringData'] as Labels).every((value) => value.includes('REPLACE'))).toBe(
          true,
        )
  })
})

describe.skipIf(!hasKubectl)('the roles', () => {
  const rules = (name: string): PolicyRule[] => find<Role>('ha', 'Role', name).rules ?? []
  const rights = (all: readonly PolicyRule[]): string[] =>
    all.flatMap((rule) =>
      (rule.apiGroups ?? []).flatMap((group) =>
        (rule.resources ?? []).flatMap((resource) =>
          rule.verbs.map((verb) => `${verb} ${group === '' ? '' : `${group}/`}${resource}`),
        ),
      ),
    )

  test('let the observer read, but neither secrets nor into pods', () => {
    const all = rights(rules('erlmcp-observer'))
    expect(all.filter((right) => !/^(?:get|list|watch) /.test(right))).toEqual([])
    expect(all.filter((right) => /secrets|exec|portforward|attach|proxy|\*/.test(right))).toEqual([])
  })

  test('let the operator do what the shipped pages do, and nothing else', () => {
    const commands = globSync('runbooks/*.md')
      .flatMap((file) => readFileSync(file, 'utf8').split('\n'))
      .map((line) => line.trim())
      .filter((line) => line.startsWith('kubectl '))
    const needed = new Set(commands.flatMap(changes))
    expect([...new Set(rights(rules('erlmcp-operator')))].toSorted()).toEqual([...needed].toSorted())
  })
})

/** A pod may be anything: whoever may create one has all that the namespace has. */
const NOT_GRANTED = /^kubectl apply -f "\$MANIFESTS\/database\.yaml"/
const READS =
  /^kubectl (?:get|describe|logs|top|wait|rollout (?:history|status)|auth can-i|explain|version)\b/
const PLURALS: Record<string, string> = {
  service: 'services',
  networkpolicy: 'networking.k8s.io/networkpolicies',
  resourcequota: 'resourcequotas',
}

/** What the API is asked to change by a line of a page. @throws Error for a line that nobody has thought of */
function changes(line: string): string[] {
  if (READS.test(line) || NOT_GRANTED.test(line)) return []
  if (/^kubectl (?:set|rollout (?:undo|restart)) /.test(line)) return ['patch apps/deployments']
  if (line.startsWith('kubectl scale deployment '))
    return ['get', line.includes('--current-replicas') ? 'update' : 'patch'].map(
      (verb) => `${verb} apps/deployments/scale`,
    )
  if (/^kubectl (?:apply|diff) -f "\$MANIFESTS\/configuration\.yaml"/.test(line)) return ['patch configmaps']
  if (line.startsWith('kubectl delete pod ')) return ['delete pods']
  if (/^kubectl exec .*postgres-pod /.test(line)) return ['create pods/exec']
  const patched = PLURALS[/^kubectl patch (\w+) /.exec(line)?.[1] ?? '']
  if (patched !== undefined) return [`patch ${patched}`]
  throw new Error(`decide whether erlmcp-operator may do this: ${line}`)
}

describe.skipIf(!hasKubectl)('a cluster', () => {
  const home = mkdtempSync(path.join(tmpdir(), 'erlmcp-deploy-'))
  let cluster: SandboxCluster
  beforeAll(async () => {
    cluster = await startCluster({ dataDir: path.join(home, 'cluster'), waitUntilReady: false, load: 0 })
  }, 240_000)
  afterAll(async () => {
    await cluster.stop()
    rmSync(home, { recursive: true, force: true, maxRetries: 5 })
  }, 60_000)

  function write(name: string, manifests: readonly Manifest[]): string {
    const file = path.join(home, name)
    writeFileSync(file, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: manifests }))
    return file
  }

  test('accepts every overlay', async () => {
    for (const overlay of OVERLAYS) {
      const file = write(`${overlay}.json`, of(overlay))
      const result = await runLine(cluster, `kubectl apply --dry-run=server -f ${file}`, { home })
      expect(result.err, overlay).toBe('')
      expect(result, overlay).toMatchObject({ code: 0 })
      expect(result.out.trim().split('\n')).toHaveLength(of(overlay).length)
    }
  }, 180_000)

  test('refuses the observer what the roles do not give, and lets the operator restart erlmcp alone', async () => {
    const access = of('ha').filter(({ kind }) => /Role|ServiceAccount/.test(kind))
    const applied = await runLine(cluster, `kubectl apply -f ${write('access.json', access)}`, { home })
    expect(applied.err).toBe('')
    const can = async (as: 'observer' | 'operator', what: string): Promise<string> =>
      (await runLine(cluster, `kubectl auth can-i ${what} -n erlmcp`, { home, as })).out.trim()
    const asked = [
      ['observer', 'get pods --subresource=log', 'yes'],
      ['observer', 'get secrets', 'no'],
      ['observer', 'create pods --subresource=exec', 'no'],
      ['observer', 'patch deployments/erlmcp-tcps', 'no'],
      ['operator', 'get secrets', 'no'],
      ['operator', 'patch deployments/erlmcp-tcps', 'yes'],
      ['operator', 'patch deployments/another', 'no'],
      ['operator', 'create pods', 'no'],
      ['operator', 'create pods/postgres-pod --subresource=exec', 'yes'],
      ['operator', 'create pods/erlmcp-tcps-1 --subresource=exec', 'no'],
    ] as const
    for (const [as, what, answer] of asked) expect(await can(as, what), `${as}: ${what}`).toBe(answer)
  }, 180_000)
})
