import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import type { Deployment, ReplicaSet } from 'kubernetes-types/apps/v1.js'
import type { PodTemplateSpec } from 'kubernetes-types/core/v1.js'
import { stringify } from 'yaml'
import { createRedactor } from '../base/redact.ts'
import { annotationOf, CHANGE_CAUSE, ownedBy, REVISION } from '../kubernetes/index.ts'

/** Numbers that a revision had before it became current again: it was returned to. */
export const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history'
/** On a Deployment or its pod template: what this release did to data that older releases cannot read. */
export const IRREVERSIBLE = 'erlmcp.io/irreversible-migration'
const TEMPLATE_HASH = 'pod-template-hash'

export interface Revision {
  revision: number
  current: boolean
  /** From the annotation that kubectl keeps. */
  cause: string | null
  images: string[]
  createdAt: string | null
  /** Numbers that it had before; not empty: it was returned to. */
  earlier: number[]
  replicas: number
  /** In words; `null`: nothing was said. */
  irreversible: string | null
  template: PodTemplateSpec
}

/** The revisions of a Deployment, newest first. */
export function revisionsOf(deployment: Deployment, sets: readonly ReplicaSet[]): Revision[] {
  const current = Number(annotationOf(deployment, REVISION) ?? 0)
  return sets
    .filter((set) => ownedBy(set, deployment.metadata?.uid))
    .flatMap((set) => {
      const revision = Number(annotationOf(set, REVISION) ?? 0)
      const template = set.spec?.template
      return revision === 0 || template === undefined
        ? []
        : [revisionOf(set, revision, current, withoutHash(template))]
    })
    .toSorted((a, b) => b.revision - a.revision)
}

function revisionOf(set: ReplicaSet, revision: number, current: number, template: PodTemplateSpec): Revision {
  return {
    revision,
    current: revision === current,
    cause: annotationOf(set, CHANGE_CAUSE),
    images: (template.spec?.containers ?? []).map(({ image }) => image ?? ''),
    createdAt: set.metadata?.creationTimestamp ?? null,
    earlier: (annotationOf(set, REVISION_HISTORY) ?? '')
      .split(',')
      .map(Number)
      .filter((each) => each > 0),
    replicas: set.status?.replicas ?? 0,
    irreversible: annotationOf(template, IRREVERSIBLE) ?? annotationOf(set, IRREVERSIBLE),
    template,
  }
}

function withoutHash(template: PodTemplateSpec): PodTemplateSpec {
  const labels = Object.fromEntries(Object.entries(template.metadata?.labels ?? {}).filter(([key]) => key !== TEMPLATE_HASH)) // prettier-ignore
  return { ...template, metadata: { ...template.metadata, labels } }
}

/** What differs between two revisions, as a unified diff of their pod templates; secrets blanked. Empty: nothing. */
export function templateDiff(from: Revision, to: Revision): string {
  return textDiff(`revision ${from.revision}`, `revision ${to.revision}`, from.template, to.template)
}

/** A unified diff of two objects as YAML; values with a secret's name or form are blanked. Empty: they are the same. */
export function textDiff(fromName: string, toName: string, from: unknown, to: unknown): string {
  const [before, after] = [yamlOf(from), yamlOf(to)]
  if (before === after) return ''
  return createTwoFilesPatch(fromName, toName, before, after, undefined, undefined, {
    context: 2,
    headerOptions: FILE_HEADERS_ONLY,
  })
}

function yamlOf(value: unknown): string {
  const redactor = createRedactor()
  return redactor.text(stringify(redactor.value(withoutSecrets(value)), { lineWidth: 0 }))
}

const SECRET_NAME = /passw|secret|token|key|cookie|credential|dsn/i

/** A variable with a secret's name shows no value: `{ name: DB_PASSWORD, value: … }` has the name beside it. */
function withoutSecrets(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutSecrets)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value)
  const name: unknown = Object.fromEntries(entries)['name']
  const isSecret = typeof name === 'string' && SECRET_NAME.test(name)
  return Object.fromEntries(entries.map(([key, each]) => [key, isSecret && key === 'value' ? '[redacted]' : withoutSecrets(each)])) // prettier-ignore
}
