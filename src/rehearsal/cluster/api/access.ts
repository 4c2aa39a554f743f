import type { PolicyRule, RoleRef, Subject } from 'kubernetes-types/rbac/v1.js'
import { displayName } from '../resources.ts'
import type { Store } from '../store.ts'
import { ApiStatusError } from '../status.ts'
import type { ResourceRequest, User } from './request.ts'
import { verbOf } from './request.ts'

export interface Attributes {
  verb: string
  group: string
  /** Plural, with the subresource: `deployments/scale`. */
  resource: string
  name: string
  namespace: string
}

export const ADMIN_GROUP = 'system:masters'

/** Role-based access as the real server decides it: any rule of any binding of the user allows. */
export function mayDo(store: Store, user: User, wanted: Attributes): boolean {
  if (user.groups.includes(ADMIN_GROUP)) return true
  return rulesFor(store, user, wanted.namespace).some((rule) => allows(rule, wanted))
}

/** All rules that hold for the user in the namespace. */
export function rulesFor(store: Store, user: User, namespace: string): PolicyRule[] {
  if (user.groups.includes(ADMIN_GROUP)) {
    return [
      { verbs: ['*'], apiGroups: ['*'], resources: ['*'] },
      { verbs: ['*'], nonResourceURLs: ['*'] },
    ]
  }
  const clusterWide = store
    .list('clusterrolebindings.rbac.authorization.k8s.io')
    .filter((binding) => names(binding.subjects, user))
    .flatMap((binding) => rulesOf(store, binding.roleRef, ''))
  const local = store
    .list('rolebindings.rbac.authorization.k8s.io', namespace === '' ? '\0' : namespace)
    .filter((binding) => names(binding.subjects, user))
    .flatMap((binding) => rulesOf(store, binding.roleRef, namespace))
  return [...ANYONE, ...clusterWide, ...local]
}

/** What every authenticated identity may do. */
const ANYONE: PolicyRule[] = [
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
  },
  { verbs: ['create'], apiGroups: ['authentication.k8s.io'], resources: ['selfsubjectreviews'] },
  { verbs: ['get'], nonResourceURLs: ['/api', '/api/*', '/apis', '/apis/*', '/healthz', '/livez', '/openapi', '/openapi/*', '/readyz', '/version', '/version/'] },
] // prettier-ignore

export function authorise(store: Store, request: ResourceRequest): void {
  const { type, subresource, name = '', namespace = '' } = request
  const resource = subresource === undefined ? type.plural : `${type.plural}/${subresource}`
  const verb = verbOf(request)
  if (mayDo(store, request.user, { verb, group: type.group, resource, name, namespace })) return
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const subject = name === '' ? displayName(type) : `${displayName(type)} "${name}"`
  throw new ApiStatusError(
    403,
    'Forbidden',
    `${subject} is forbidden: User "${request.user.name}" cannot ${verb} resource "${resource}" in API group "${type.group}" ${scope}`,
    {
      ...(name === '' ? {} : { name }),
      ...(type.group === '' ? {} : { group: type.group }),
      kind: type.plural,
    },
  )
}

function allows(rule: PolicyRule, wanted: Attributes): boolean {
  const [plural = '', subresource] = wanted.resource.split('/')
  const has = (list: readonly string[] | undefined, value: string) =>
    list !== undefined && (list.includes('*') || list.includes(value))
  const resource =
    has(rule.resources, wanted.resource) ||
    (subresource !== undefined && (rule.resources ?? []).includes(`*/${subresource}`)) ||
    (subresource === undefined && (rule.resources ?? []).includes(plural))
  const named = rule.resourceNames === undefined || rule.resourceNames.length === 0
  return (
    has(rule.verbs, wanted.verb) &&
    has(rule.apiGroups, wanted.group) &&
    resource &&
    (named || (rule.resourceNames ?? []).includes(wanted.name))
  )
}

function names(subjects: Subject[] | undefined, user: User): boolean {
  return (subjects ?? []).some((subject) => {
    if (subject.kind === 'Group') return user.groups.includes(subject.name)
    if (subject.kind === 'User') return subject.name === user.name
    return user.name === `system:serviceaccount:${subject.namespace ?? ''}:${subject.name}`
  })
}

function rulesOf(store: Store, ref: RoleRef, namespace: string): PolicyRule[] {
  if (ref.kind === 'ClusterRole') {
    return store.find('clusterroles.rbac.authorization.k8s.io', '', ref.name)?.rules ?? []
  }
  return store.find('roles.rbac.authorization.k8s.io', namespace, ref.name)?.rules ?? []
}
