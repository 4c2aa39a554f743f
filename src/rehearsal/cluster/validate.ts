import { isDeepStrictEqual } from 'node:util'
import type { Deployment } from 'kubernetes-types/apps/v1.js'
import type { Container, Pod, PodSpec } from 'kubernetes-types/core/v1.js'
import type { StatusCause } from 'kubernetes-types/meta/v1.js'
import { canonical, isRecord } from './object.ts'
import type { KubeObject } from './object.ts'
import { parseQuantity } from './quantity.ts'
import type { ResourceType } from './resources.ts'
import { storageName } from './resources.ts'
import { matchesSelector } from './selector.ts'
import { invalid } from './status.ts'

const NAME = /^[a-z0-9]([-a-z0-9.]*[a-z0-9])?$/

/** Refuses what the real server refuses, with its causes. Only the fields that runbooks touch are looked at. */
export function validate(type: ResourceType, object: KubeObject, before: KubeObject | null): void {
  const causes: StatusCause[] = []
  const name = object.metadata?.name ?? ''
  const rbac = type.group === 'rbac.authorization.k8s.io'
  if (!rbac && !NAME.test(name)) {
    causes.push(invalidValue('metadata.name', name, 'a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, \'-\' or \'.\', and must start and end with an alphanumeric character (e.g. \'example.com\', regex used for validation is \'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\')')) // prettier-ignore
  }
  const resource = storageName(type)
  if (resource === 'deployments.apps')
    causes.push(...deploymentCauses(object as Deployment, before as Deployment | null))
  if (resource === 'pods') causes.push(...podCauses(object as Pod, before as Pod | null))
  if (resource === 'services' && isRecord(object['spec'])) {
    if (!Array.isArray(object['spec']['ports']) && object['spec']['clusterIP'] !== 'None') {
      causes.push({ reason: 'FieldValueRequired', field: 'spec.ports', message: 'Required value' })
    }
  }
  if (causes.length === 0) return
  const kind = type.group === '' ? type.kind : `${type.kind}.${type.group}`
  throw invalid(`${kind} "${name}"`, causes)
}

const invalidValue = (field: string, value: unknown, text: string): StatusCause => ({
  reason: 'FieldValueInvalid',
  field,
  message: `Invalid value: ${typeof value === 'string' ? `"${value}"` : canonical(value)}: ${text}`,
})

function deploymentCauses(object: Deployment, before: Deployment | null): StatusCause[] {
  const spec = object.spec
  if (spec === undefined) return [{ reason: 'FieldValueRequired', field: 'spec', message: 'Required value' }]
  const causes: StatusCause[] = []
  const replicas = spec.replicas
  if (typeof replicas !== 'number' || replicas < 0) {
    causes.push(invalidValue('spec.replicas', replicas, 'must be greater than or equal to 0'))
  }
  if ((spec.selector as unknown) === undefined)
    causes.push({ reason: 'FieldValueRequired', field: 'spec.selector', message: 'Required value' })
  if (!matchesSelector(spec.selector, spec.template.metadata?.labels ?? {})) {
    causes.push(invalidValue('spec.template.metadata.labels', spec.template.metadata?.labels ?? {}, '`selector` does not match template `labels`')) // prettier-ignore
  }
  if (before !== null && !isDeepStrictEqual(before.spec?.selector, spec.selector)) {
    causes.push(invalidValue('spec.selector', spec.selector, 'field is immutable'))
  }
  return [...causes, ...specCauses(spec.template.spec, 'spec.template.spec')]
}

function podCauses(object: Pod, before: Pod | null): StatusCause[] {
  const causes = specCauses(object.spec, 'spec')
  if (before === null || causes.length > 0) return causes
  const strip = (spec: PodSpec | undefined): string =>
    canonical({ ...spec, tolerations: [], activeDeadlineSeconds: null, containers: (spec?.containers ?? []).map((item) => ({ ...item, image: '' })), nodeName: '' }) // prettier-ignore
  if (strip(object.spec) !== strip(before.spec)) {
    causes.push({
      reason: 'FieldValueForbidden',
      field: 'spec',
      message:
        'Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)',
    })
  }
  return causes
}

function specCauses(spec: PodSpec | undefined, path: string): StatusCause[] {
  if (spec === undefined || !Array.isArray(spec.containers) || spec.containers.length === 0) {
    return [{ reason: 'FieldValueRequired', field: `${path}.containers`, message: 'Required value' }]
  }
  return spec.containers.flatMap((container, index) =>
    containerCauses(container, `${path}.containers[${index}]`),
  )
}

function containerCauses(container: Container, path: string): StatusCause[] {
  const causes: StatusCause[] = []
  if (typeof container.image !== 'string' || container.image === '') {
    causes.push({ reason: 'FieldValueRequired', field: `${path}.image`, message: 'Required value' })
  }
  const { limits = {}, requests = {} } = container.resources ?? {}
  for (const [key, request] of Object.entries(requests)) {
    const limit = parseQuantity(limits[key])
    if (limit !== null && (parseQuantity(request) ?? 0) > limit) {
      causes.push(invalidValue(`${path}.resources.requests`, request, `must be less than or equal to ${key} limit of ${limits[key] ?? ''}`)) // prettier-ignore
    }
  }
  return causes
}

/** Quantities that cannot be read fail before validation, as they do when the real server decodes them. */
export function unreadableQuantity(value: unknown): string | null {
  if (!isRecord(value)) return null
  for (const [key, inner] of Object.entries(value)) {
    if ((key === 'limits' || key === 'requests') && isRecord(inner)) {
      const bad = Object.values(inner).find((item) => parseQuantity(item) === null)
      if (bad !== undefined) return bad as string
    }
    const found = Array.isArray(inner)
      ? inner.map(unreadableQuantity).find((item) => item !== null)
      : unreadableQuantity(inner)
    if (found !== undefined && found !== null) return found
  }
  return null
}
