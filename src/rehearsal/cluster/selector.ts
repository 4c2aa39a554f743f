import type { LabelSelector } from 'kubernetes-types/meta/v1.js'
import { badRequest } from './status.ts'
import { isRecord } from './object.ts'
import type { KubeObject } from './object.ts'

export type Predicate = (object: KubeObject) => boolean

type Labels = Record<string, string>

export function matchesSelector(selector: LabelSelector | undefined, labels: Labels): boolean {
  if (selector === undefined) return false
  const equal = Object.entries(selector.matchLabels ?? {}).every(([key, value]) => labels[key] === value)
  return (
    equal &&
    (selector.matchExpressions ?? []).every(({ key, operator, values = [] }) => {
      const value = labels[key]
      if (operator === 'In') return value !== undefined && values.includes(value)
      if (operator === 'NotIn') return value === undefined || !values.includes(value)
      return operator === 'Exists' ? value !== undefined : value === undefined
    })
  )
}

/** `a=b,c!=d,e in (f,g),!h,i` as `?labelSelector=` gives it. */
export function parseLabelSelector(text: string): Predicate {
  const parts = text
    .split(/,(?![^(]*\))/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  const tests = parts.map((part): ((labels: Labels) => boolean) => {
    const set = /^(\S+)\s+(in|notin)\s+\((.*)\)$/.exec(part)
    if (set !== null) {
      const [, key = '', operator, list = ''] = set
      const values = list.split(',').map((value) => value.trim())
      return (labels) => {
        const has = key in labels && values.includes(labels[key] ?? '')
        return operator === 'in' ? has : !has
      }
    }
    const equality = /^([\w./-]+)\s*(==|=|!=)\s*([\w.-]*)$/.exec(part)
    if (equality !== null) {
      const [, key = '', operator, value] = equality
      return (labels) => (operator === '!=' ? labels[key] !== value : labels[key] === value)
    }
    if (/^![\w./-]+$/.test(part)) return (labels) => !(part.slice(1) in labels)
    if (/^[\w./-]+$/.test(part)) return (labels) => part in labels
    throw badRequest(`unable to parse requirement: ${part}`)
  })
  return (object) => tests.every((test) => test(object.metadata?.labels ?? {}))
}

const FIELDS: Record<string, readonly string[]> = {
  pods: ['spec.nodeName', 'status.phase', 'status.podIP', 'spec.restartPolicy', 'spec.serviceAccountName'],
  events: ['involvedObject.kind', 'involvedObject.namespace', 'involvedObject.name', 'involvedObject.uid',
    'involvedObject.apiVersion', 'involvedObject.fieldPath', 'reason', 'type', 'source', 'reportingComponent'],
  secrets: ['type'],
  nodes: ['spec.unschedulable'],
  namespaces: ['status.phase'],
  'replicasets.apps': ['status.replicas'],
  'jobs.batch': ['status.successful'],
} // prettier-ignore

/** `metadata.name=x,status.phase!=Running`; only the fields that the real server indexes are taken. */
export function parseFieldSelector(text: string, resource: string): Predicate {
  const allowed = new Set(['metadata.name', 'metadata.namespace', ...(FIELDS[resource] ?? [])])
  const tests = text
    .split(',')
    .filter((part) => part !== '')
    .map((part): Predicate => {
      const [, path = '', operator, value] = /^([^=!]+)(==|=|!=)(.*)$/.exec(part) ?? []
      if (operator === undefined) throw badRequest(`invalid field selector: "${part}"`)
      if (!allowed.has(path)) throw badRequest(`field label not supported: ${path}`)
      return (object) => (fieldText(object, path) === value) === (operator !== '!=')
    })
  return (object) => tests.every((test) => test(object))
}

function fieldText(object: KubeObject, path: string): string {
  let value: unknown = object
  for (const key of path === 'source' ? ['source', 'component'] : path.split('.')) {
    value = isRecord(value) ? value[key] : undefined
  }
  return ['string', 'number', 'boolean'].includes(typeof value) ? String(value) : ''
}
