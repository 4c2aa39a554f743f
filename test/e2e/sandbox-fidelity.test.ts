import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { request } from 'node:https'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { parse } from 'yaml'
import { z } from 'zod'
import { startCluster } from '../../src/rehearsal/index.ts'
import type { Identity, SandboxCluster } from '../../src/rehearsal/index.ts'
import { hasKubectl, runLine } from '../support/sandbox.ts'

const recordings = path.resolve('../shared/fixtures/kubernetes')
const clients = globSync('/usr/lib/google-cloud-sdk/bin/kubectl.1.*').toSorted((a, b) => minor(a) - minor(b))
const home = mkdtempSync(path.join(tmpdir(), 'erlmcp-fidelity-'))
let cluster: SandboxCluster

function minor(file: string): number {
  return Number(/\.(\d+)$/.exec(file)?.[1] ?? 0)
}

const run = (line: string, input?: string) => runLine(cluster, line, { home, ...(input === undefined ? {} : { input }) }) // prettier-ignore

beforeAll(async () => {
  if (hasKubectl) cluster = await startCluster({ dataDir: path.join(home, 'sandbox'), speed: 10, load: 1 })
}, 120_000)

afterAll(async () => {
  if (hasKubectl) await cluster.stop()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}, 60_000)

const deployment = (spec: string): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: { name: bad, namespace: erlmcp }\nspec: ${spec}\n`
const pod = (spec: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: { name: bad, namespace: erlmcp }\nspec: ${spec}\n`
const LABELS = '{ metadata: { labels: { app: x } }, spec: { containers: [{ name: c, image: busybox }] } }'

describe.skipIf(!hasKubectl)('what is malformed is refused in the words of the API', () => {
  test.each<[string, string, RegExp]>([
    ['no YAML', 'a: [', /error parsing STDIN: error converting YAML to JSON/],
    ['no kind', 'apiVersion: v1\nmetadata: { name: x }\n', /Object 'Kind' is missing/],
    ['a kind that nobody knows', 'apiVersion: v1\nkind: Nonsense\nmetadata: { name: x }\n', /no matches for kind "Nonsense" in version "v1"/],
    ['no name', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { namespace: erlmcp }\n', /resource name may not be empty/],
    ['a name that is no name', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: Not_A_Name, namespace: erlmcp }\n', /metadata\.name: Invalid value: "Not_A_Name"/],
    ['a namespace that does not exist', 'apiVersion: v1\nkind: ConfigMap\nmetadata: { name: x, namespace: nowhere }\n', /namespaces "nowhere" not found/],
    ['a pod without containers', pod('{ containers: [] }'), /spec\.containers: Required value/],
    ['a selector that is not the template\'s', deployment(`{ selector: { matchLabels: { app: y } }, template: ${LABELS} }`), /spec\.template\.metadata\.labels: Invalid value/],
    ['no selector', deployment(`{ template: ${LABELS} }`), /spec\.selector: Required value/],
  ])('%s', async (_title, manifest, expected) => {
    const result = await run('kubectl apply --validate=false -f -', manifest)
    expect([result.code, result.err]).toEqual([1, expect.stringMatching(expected)])
  }) // prettier-ignore

  test.each<[string, string, RegExp]>([
    ['a merge patch that is no JSON', `--type=merge -p '{bad'`, /invalid character 'b'|unable to parse/],
    ['a JSON patch of a path that is not there', `--type=json -p '[{"op":"replace","path":"/spec/no/such","value":1}]'`, /The request is invalid/],
    ['a JSON patch that is no list', `--type=json -p '{"op":"replace"}'`, /cannot unmarshal object|The request is invalid|json: /],
    ['a number where a text belongs', `-p '{"spec":{"replicas":"many"}}'`, /replicas|cannot unmarshal|Invalid value/],
    ['a negative number of replicas', `-p '{"spec":{"replicas":-1}}'`, /spec\.replicas: Invalid value: -1: must be greater than or equal to 0/],
  ])('%s', async (_title, patch, expected) => {
    const result = await run(`kubectl patch deployment erlmcp-tcps -n erlmcp ${patch}`)
    expect([result.code, result.err]).toEqual([1, expect.stringMatching(expected)])
  }) // prettier-ignore
})

const ends = [clients[0], clients.at(-1)].flatMap((file) => file ?? [])

describe.skipIf(!hasKubectl || ends.length === 0).each(ends)('%s', (kubectl) => {
  test('reads, changes, enters pods and forwards ports', async () => {
    const lines: [string, number, RegExp][] = [
      ['get pods -n erlmcp', 0, /postgres-pod +1\/1 +Running/],
      ['describe deployment erlmcp-tcps -n erlmcp', 0, /Image: +registry\.local\/erlmcp:1\.2\.2/],
      ['logs -n erlmcp deployment/erlmcp-tcps --tail=-1', 0, /is listening/],
      ['scale deployment otel-collector -n erlmcp --replicas=1', 0, /scaled/],
      ['set env deployment/otel-collector -n erlmcp SEEN=yes', 0, /env updated|^$/],
      ['rollout history deployment/erlmcp-tcps -n erlmcp', 0, /release 1\.2\.2/],
      [`apply -f ${cluster.manifestsDir}/configuration.yaml`, 0, /erlmcp-config unchanged/],
      ['auth can-i delete pods -n erlmcp', 0, /^yes/],
      [`exec -n erlmcp postgres-pod -- sh -c 'echo said; exit 3'`, 3, /said/],
    ]
    for (const [line, code, expected] of lines) {
      const result = await run(`${kubectl} ${line}`)
      expect([line, result.code, result.err, result.out]).toEqual([
        line,
        code,
        expect.any(String),
        expect.stringMatching(expected),
      ])
    }
    const much = 'a line of text\n'.repeat(20_000)
    expect((await run(`${kubectl} exec -i -n erlmcp postgres-pod -- cat`, much)).out).toBe(much)
    // on a port of its own choice, which it says
    const forwarded = await run(
      `${kubectl} port-forward -n erlmcp svc/erlmcp :8080 > ${home}/port & for i in $(seq 50); do grep -q 127 ${home}/port && break; sleep 0.2; done; curl -s http://$(grep -o '127[0-9.:]*' ${home}/port | head -1)/health; kill %1`,
    )
    expect(forwarded.out).toContain('"status":"ok"')
  }, 120_000)
})

const exchange = z.looseObject({
  method: z.string(),
  path: z.string(),
  status: z.number().optional(),
  reqHeaders: z.record(z.string(), z.string()).optional(),
  resHeaders: z.record(z.string(), z.string()).optional(),
  resBody: z.unknown().optional(),
})
const objectBody = z.looseObject({
  kind: z.string(),
  apiVersion: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
  items: z.array(z.looseObject({})).nullish(),
  rows: z.array(z.looseObject({ cells: z.array(z.unknown()) })).nullish(),
})

/** Parts of the objects of a newer server, or of its nodes, that nobody who answers an alert looks at. */
const NOT_SHOWN = new Set([
  'observedGeneration', 'hostIPs', 'allocatedResources', 'resources', 'terminatingReplicas', 'unavailableReplicas',
  'deletionTimestamp', 'deletionGracePeriodSeconds', 'annotations', 'labels', 'generation', 'volumes',
  'daemonEndpoints', 'images', 'runtimeHandlers', 'features', 'declaredFeatures',
]) // prettier-ignore
/** What the sandbox does not have: see docs/guide/sandbox.md. */
const ABSENT = /replicationcontrollers|\/proxy\/|kube-node-lease/

describe.skipIf(!hasKubectl || !existsSync(recordings))('beside recordings of a real cluster', () => {
  test('the same requests get answers of the same status, kind, form and fields', async () => {
    const pods = objectBody.parse(JSON.parse((await ask('admin', '/api/v1/namespaces/erlmcp/pods', '')).text))
    const podName = pods.items?.map(nameOf).find((name) => name.startsWith('erlmcp-tcps-')) ?? ''
    const ranAs = identities()
    const seen = new Set<string>()
    const different: string[] = []
    let compared = 0
    for (const file of globSync(path.join(recordings, '[0-9]*', 'http.ndjson')).toSorted()) {
      const identity = ranAs.get(path.basename(path.dirname(file)))
      if (!isIdentity(identity)) continue
      for (const line of readFileSync(file, 'utf8').split('\n').filter((text) => text !== '')) {
        const raw: unknown = JSON.parse(line)
        const recorded = exchange.parse(raw)
        if (!isPlainRead(recorded)) continue
        const at = recorded.path.replaceAll(/erlmcp-tcps-[a-z0-9]{8,10}-[a-z0-9]{5}/g, podName)
        const accept = recorded.reqHeaders?.['accept'] ?? 'application/json'
        if (seen.has(at + accept + identity)) continue
        seen.add(at + accept + identity)
        const ours = await ask(identity, at, accept)
        const difference = compare(recorded, ours)
        if (difference === null) continue
        compared += 1
        if (difference !== '') different.push(`${path.basename(path.dirname(file))} ${at.slice(0, 120)}: ${difference}`)
      }
    }
    expect(different).toEqual([])
    expect(compared).toBeGreaterThan(80)
  }, 120_000) // prettier-ignore
})

function isPlainRead(recorded: z.output<typeof exchange>): boolean {
  return (
    recorded.method === 'GET' &&
    recorded['upgrade'] === undefined &&
    recorded['chunks'] === undefined &&
    recorded['resTruncatedFrom'] === undefined &&
    /^\/apis?\/[^?]*\//.test(recorded.path) &&
    !/watch=|follow=|\/log\?/.test(recorded.path) &&
    !ABSENT.test(recorded.path)
  )
}

/** `''` when alike; `null` when there is nothing to compare: an object that only the other cluster had. */
function compare(recorded: z.output<typeof exchange>, ours: Answer): string | null {
  const wanted = objectBody.safeParse(typeof recorded.resBody === 'string' ? jsonOf(recorded.resBody) : null)
  const got = objectBody.safeParse(jsonOf(ours.text))
  if (!wanted.success) return null
  // before it was created there, or never created here
  if (recorded.status === 404 || ours.status === 404) return null
  // the roles of the two clusters differ in what an observer and an operator may see
  if ((recorded.status === 403) !== (ours.status === 403)) return null
  if (recorded.status !== ours.status) return `${ours.status} instead of ${recorded.status}: ${ours.text.slice(0, 200)}`
  if (!got.success) return `no object: ${ours.text.slice(0, 100)}`
  const type = recorded.resHeaders?.['content-type']
  if (type?.startsWith('application/json') === true && !ours.type.startsWith('application/json')) return `${ours.type} instead of ${type}`
  const [a, b] = [wanted.data, got.data]
  if (a.kind !== b.kind || a.apiVersion !== b.apiVersion) return `${b.kind} instead of ${a.kind}`
  if (a.kind === 'Status' && (a.reason !== b.reason || a.message !== b.message)) return `"${b.message}" instead of "${a.message}"`
  if (a.kind === 'Table') {
    const cells = (body: typeof a): number | undefined => body.rows?.[0]?.cells.length
    return cells(b) !== undefined && cells(a) !== undefined && cells(a) !== cells(b) ? `${cells(b)} cells instead of ${cells(a)}` : ''
  }
  return missingFields(a.items?.[0] ?? a, b.items?.[0] ?? b)
} // prettier-ignore

function missingFields(wanted: Record<string, unknown>, got: Record<string, unknown>): string {
  const keys = (value: unknown): string[] =>
    typeof value === 'object' && value !== null ? Object.keys(value) : []
  const missing = ['metadata', 'spec', 'status'].flatMap((part) =>
    keys(wanted[part])
      .filter((key) => !NOT_SHOWN.has(key) && !keys(got[part]).includes(key))
      .map((key) => `${part}.${key}`),
  )
  return missing.length === 0 || nameOf(wanted) !== nameOf(got) ? '' : `without ${missing.join(', ')}`
}

const nameOf = (object: Record<string, unknown>): string =>
  z.looseObject({ name: z.string() }).safeParse(object['metadata']).data?.name ?? ''

/** Who ran each recorded command, by its folder. */
function identities(): Map<string, string> {
  const lines = readFileSync(path.join(recordings, 'INDEX.tsv'), 'utf8').split('\n').slice(1)
  return new Map(lines.map((line) => line.split('\t')).map(([folder = '', , as = '']) => [folder, as]))
}

const isIdentity = (text: string | undefined): text is Identity =>
  text === 'admin' || text === 'observer' || text === 'operator'

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}

interface Answer {
  status: number
  type: string
  text: string
}

const kubeconfig = z.looseObject({
  clusters: z.array(z.looseObject({ cluster: z.looseObject({ server: z.string() }) })).min(1),
  users: z.array(z.looseObject({ user: z.looseObject({ token: z.string() }) })).min(1),
})

function ask(identity: Identity, at: string, accept: string): Promise<Answer> {
  const file = cluster.environment(identity)['KUBECONFIG'] ?? ''
  const { clusters, users } = kubeconfig.parse(parse(readFileSync(file, 'utf8')))
  const [server, token] = [clusters[0]?.cluster.server ?? '', users[0]?.user.token ?? '']
  const headers = { authorization: `Bearer ${token}`, ...(accept === '' ? {} : { accept }) }
  return new Promise((resolve, reject) => {
    const call = request(`${server}${at}`, { headers, rejectUnauthorized: false }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => {
        const type = response.headers['content-type'] ?? ''
        resolve({ status: response.statusCode ?? 0, type, text })
      })
    })
    call.on('error', reject)
    call.end()
  })
}
