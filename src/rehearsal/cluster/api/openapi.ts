import { groupVersionOf, RESOURCES } from '../resources.ts'
import { groups, typesOf, versionsOf } from './discovery.ts'

const STRATEGIC_FIELDS = ['dryRun', 'fieldValidation', 'fieldManager', 'force']

/** The list of documents at `/openapi/v3`. */
export function openApiIndex(): Record<string, unknown> {
  const paths = [
    'api/v1',
    ...groups().flatMap((group) => versionsOf(group).map((version) => `apis/${group}/${version}`)),
  ]
  return {
    paths: Object.fromEntries(
      paths.map((path) => [path, { serverRelativeURL: `/openapi/v3/${path}?hash=1` }]),
    ),
  }
}

/**
 * One group version: which kinds exist and that the server checks fields itself, which is all that
 * `kubectl apply` and `create` look for. Objects are open: there are no field descriptions.
 */
export function openApiDocument(pathname: string): Record<string, unknown> | null {
  const [, root, first = '', second = ''] =
    /^\/openapi\/v3\/(api|apis)\/([^/]+)(?:\/([^/]+))?$/.exec(pathname) ?? []
  if (root === undefined) return null
  const [group, version] = root === 'api' ? ['', first] : [first, second]
  const types = typesOf(group, version)
  if (types.length === 0) return null
  const schemas = types.map((type): [string, Record<string, unknown>] => [
    schemaName(type.group, type.version, type.kind),
    {
      type: 'object',
      'x-kubernetes-group-version-kind': [{ group: type.group, kind: type.kind, version: type.version }],
    },
  ])
  const paths = types.map((type) => {
    const base = root === 'api' ? `/api/${version}` : `/apis/${groupVersionOf(type)}`
    const scope = type.namespaced ? '/namespaces/{namespace}' : ''
    const operation = (action: string) => ({
      'x-kubernetes-action': action,
      'x-kubernetes-group-version-kind': { group: type.group, kind: type.kind, version: type.version },
      parameters: STRATEGIC_FIELDS.map((name) => ({ name, in: 'query', schema: { type: 'string' } })),
      responses: { 200: { description: 'OK' } },
    })
    return [`${base}${scope}/${type.plural}/{name}`, { patch: operation('patch'), put: operation('put') }]
  })
  return {
    openapi: '3.0.0',
    info: { title: 'Kubernetes', version: 'v1.32.4' },
    paths: Object.fromEntries(paths) as Record<string, unknown>,
    components: { schemas: Object.fromEntries(schemas) },
  }
}

const schemaName = (group: string, version: string, kind: string): string =>
  `io.k8s.api.${group === '' ? 'core' : (group.split('.')[0] ?? '')}.${version}.${kind}`

/** All paths that the server answers, for `GET /`. */
export const rootPaths = (): string[] => [
  '/api',
  '/api/v1',
  '/apis',
  ...new Set(RESOURCES.filter((type) => type.group !== '').map((type) => `/apis/${groupVersionOf(type)}`)),
  '/healthz',
  '/livez',
  '/openapi/v3',
  '/readyz',
  '/version',
]

/** As servers answer: clients ask for it with an `@`, which is no media type. */
export const OPENAPI_V2 = 'application/com.github.proto-openapi.spec.v2.v1.0+protobuf'

/**
 * What kubectl before 1.29 reads before an apply: a document without definitions, by which it validates nothing. Fields
 * of gnostic's Document: 1 swagger, 2 info (1 title, 2 version), 8 paths.
 */
export function emptyOpenApiV2(): Buffer {
  const field = (number: number, content: Buffer): Buffer =>
    Buffer.concat([Buffer.from([(number << 3) | 2, content.length]), content])
  const info = Buffer.concat([field(1, Buffer.from('erlmcp sandbox')), field(2, Buffer.from('v1'))])
  return Buffer.concat([field(1, Buffer.from('2.0')), field(2, info), field(8, Buffer.alloc(0))])
}
