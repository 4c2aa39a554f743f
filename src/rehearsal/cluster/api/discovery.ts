import { groupVersionOf, RESOURCES } from '../resources.ts'
import type { ResourceType } from '../resources.ts'

/** Clients before 1.30 know the older version only; the two differ in nothing but their name. */
const AGGREGATED = ['v2', 'v2beta1'] as const

export interface DiscoveryAnswer {
  contentType: string
  body: Record<string, unknown>
}

/**
 * The client's kubectl may be a dispatcher that picks its binary by this answer, so it names the version
 * whose client the tests run.
 */
export const VERSION = {
  major: '1',
  minor: '32',
  gitVersion: 'v1.32.4',
  gitCommit: '0000000000000000000000000000000000000000',
  gitTreeState: 'clean',
  buildDate: '2025-04-22T15:56:31Z',
  goVersion: 'go1.23.6',
  compiler: 'gc',
  platform: 'linux/amd64',
}

/** Answers `/api`, `/apis`, `/api/v1`, `/apis/GROUP` and `/apis/GROUP/VERSION`; `null` for other paths. */
export function discover(pathname: string, accept: string): DiscoveryAnswer | null {
  const parts = pathname.split('/').filter((part) => part !== '')
  const [root, group, version] = parts
  if (parts.length === 1 && (root === 'api' || root === 'apis')) {
    const core = root === 'api'
    const form = AGGREGATED.find((name) => accept.includes(`g=apidiscovery.k8s.io;v=${name};`))
    if (form !== undefined) {
      const contentType = `application/json;g=apidiscovery.k8s.io;v=${form};as=APIGroupDiscoveryList`
      return { contentType, body: aggregated(core, form) }
    }
    return json(core ? { kind: 'APIVersions', versions: ['v1'] } : { kind: 'APIGroupList', apiVersion: 'v1', groups: groups().map(groupBody) }) // prettier-ignore
  }
  if (root === 'api' && group === 'v1' && parts.length === 2) return json(resourceList('', 'v1'))
  if (root !== 'apis' || group === undefined) return null
  if (parts.length === 2 && groups().includes(group)) {
    return json({ kind: 'APIGroup', apiVersion: 'v1', ...groupBody(group) })
  }
  if (parts.length === 3 && version !== undefined && versionsOf(group).includes(version)) {
    return json(resourceList(group, version))
  }
  return null
}

const json = (body: Record<string, unknown>): DiscoveryAnswer => ({ contentType: 'application/json', body })

export const groups = (): string[] => [
  ...new Set(RESOURCES.map((type) => type.group).filter((name) => name !== '')),
]

export const versionsOf = (group: string): string[] => [
  ...new Set(RESOURCES.filter((type) => type.group === group).map((type) => type.version)),
]

export const typesOf = (group: string, version: string): ResourceType[] =>
  RESOURCES.filter((type) => type.group === group && type.version === version)

function groupBody(group: string): Record<string, unknown> {
  const versions = versionsOf(group).map((version) => ({ groupVersion: `${group}/${version}`, version }))
  return { name: group, versions, preferredVersion: versions[0] }
}

function aggregated(core: boolean, form: (typeof AGGREGATED)[number]): Record<string, unknown> {
  const names = core ? [''] : groups()
  return {
    kind: 'APIGroupDiscoveryList',
    apiVersion: `apidiscovery.k8s.io/${form}`,
    metadata: {},
    items: names.map((group) => ({
      metadata: group === '' ? {} : { name: group },
      versions: versionsOf(group).map((version) => ({
        version,
        freshness: 'Current',
        resources: typesOf(group, version).map(aggregatedResource),
      })),
    })),
  }
}

function aggregatedResource(type: ResourceType): Record<string, unknown> {
  const { group, version, kind } = type
  return {
    resource: type.plural,
    responseKind: { group, version, kind },
    scope: type.namespaced ? 'Namespaced' : 'Cluster',
    singularResource: type.singular,
    verbs: type.verbs,
    ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
    ...(type.categories.length === 0 ? {} : { categories: type.categories }),
    ...(type.subresources.length === 0
      ? {}
      : {
          subresources: type.subresources.map((subresource) => ({
            subresource,
            responseKind: subresourceKind(type, subresource),
            verbs: subresourceVerbs(subresource),
          })),
        }),
  }
}

function resourceList(group: string, version: string): Record<string, unknown> {
  return {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: groupVersionOf({ group, version }),
    resources: typesOf(group, version).flatMap((type) => [
      {
        name: type.plural,
        singularName: type.singular,
        namespaced: type.namespaced,
        kind: type.kind,
        verbs: type.verbs,
        ...(type.shortNames.length === 0 ? {} : { shortNames: type.shortNames }),
        ...(type.categories.length === 0 ? {} : { categories: type.categories }),
      },
      ...type.subresources.map((subresource) => ({
        name: `${type.plural}/${subresource}`,
        singularName: '',
        namespaced: type.namespaced,
        ...subresourceKind(type, subresource),
        verbs: subresourceVerbs(subresource),
      })),
    ]),
  }
}

function subresourceKind(type: ResourceType, subresource: string): Record<string, string> {
  if (subresource === 'scale') return { group: 'autoscaling', version: 'v1', kind: 'Scale' }
  if (subresource === 'eviction') return { group: 'policy', version: 'v1', kind: 'Eviction' }
  if (subresource === 'token') return { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' }
  return { group: type.group, version: type.version, kind: type.kind }
}

function subresourceVerbs(subresource: string): string[] {
  if (subresource === 'scale' || subresource === 'status') return ['get', 'patch', 'update']
  if (subresource === 'eviction' || subresource === 'token') return ['create']
  return subresource === 'log' ? ['get'] : ['create', 'get']
}
