import { readFileSync } from 'node:fs'
import path from 'node:path'
import { parseAllDocuments } from 'yaml'
import { canonical, isRecord } from '../object.ts'
import type { KubeObject } from '../object.ts'

/** The default world, one file a part, in the order in which it is created. */
export const MANIFESTS = [
  'access.yaml',
  'database.yaml',
  'configuration.yaml',
  'erlmcp.yaml',
  'observability.yaml',
] as const

export const manifestsDir = path.join(import.meta.dirname, 'manifests')

export function readManifests(): KubeObject[] {
  return MANIFESTS.flatMap((name) =>
    parseAllDocuments(readFileSync(path.join(manifestsDir, name), 'utf8'))
      .map((document): unknown => document.toJS())
      .filter(isRecord),
  )
}

/** The note that `kubectl apply` leaves, so that a later apply compares with it. */
export function asApplied(object: KubeObject): KubeObject {
  const plain = { ...object, metadata: { annotations: {}, ...object.metadata } }
  const note = { 'kubectl.kubernetes.io/last-applied-configuration': `${canonical(plain)}\n` }
  return {
    ...object,
    metadata: { ...object.metadata, annotations: { ...object.metadata?.annotations, ...note } },
  }
}
