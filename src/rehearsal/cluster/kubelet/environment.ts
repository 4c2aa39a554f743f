import type { Container, EnvFromSource, EnvVar, Pod } from 'kubernetes-types/core/v1.js'
import { annotationsOf, labelsOf, nameOf, namespaceOf } from '../object.ts'
import { quantity } from '../quantity.ts'
import type { Store } from '../store.ts'

/** Why a container cannot be configured; the text is the waiting message of its pod. */
export class ConfigError extends Error {}

/** The variables of a container, from values, ConfigMaps, Secrets and the pod's own fields. */
export function environmentOf(store: Store, pod: Pod, container: Container, base: Record<string, string>): Record<string, string> {
  const env: Record<string, string> = { ...base }
  for (const source of container.envFrom ?? []) Object.assign(env, fromSource(store, pod, source))
  for (const variable of container.env ?? []) {
    const value = valueOf(store, pod, container, variable)
    if (value !== undefined) env[variable.name] = expand(value, env)
  }
  return env
} // prettier-ignore

function fromSource(store: Store, pod: Pod, source: EnvFromSource): Record<string, string> {
  const reference = source.configMapRef ?? source.secretRef
  const kind = source.configMapRef === undefined ? 'secret' : 'configmap'
  const data = dataOf(store, pod, kind, reference?.name ?? '')
  if (data === null) {
    if (reference?.optional === true) return {}
    throw new ConfigError(`${kind} "${reference?.name ?? ''}" not found`)
  }
  return Object.fromEntries(
    Object.entries(data).map(([key, value]) => [`${source.prefix ?? ''}${key}`, value]),
  )
}

function valueOf(store: Store, pod: Pod, container: Container, variable: EnvVar): string | undefined {
  const from = variable.valueFrom
  if (from === undefined) return variable.value ?? ''
  if (from.fieldRef !== undefined) return fieldOf(pod, from.fieldRef.fieldPath)
  if (from.resourceFieldRef !== undefined) {
    const [section, key = ''] = from.resourceFieldRef.resource.split('.')
    const amount = quantity(container.resources?.[section === 'limits' ? 'limits' : 'requests']?.[key] ?? '0')
    const divisor = quantity(from.resourceFieldRef.divisor ?? '1')
    return String(Math.ceil(amount / (divisor === 0 ? 1 : divisor) - 1e-9))
  }
  const reference = from.configMapKeyRef ?? from.secretKeyRef
  const kind = from.configMapKeyRef === undefined ? 'secret' : 'configmap'
  const name = reference?.name ?? ''
  const data = dataOf(store, pod, kind, name)
  const value = data?.[reference?.key ?? '']
  if (value !== undefined || reference?.optional === true) return value
  if (data === null) throw new ConfigError(`${kind} "${name}" not found`)
  const shown = kind === 'secret' ? 'Secret' : 'ConfigMap'
  throw new ConfigError(`couldn't find key ${reference?.key ?? ''} in ${shown} ${namespaceOf(pod)}/${name}`)
}

/** The entries of a ConfigMap or Secret in clear; `null` when there is none of that name. */
export function dataOf(store: Store, pod: Pod, kind: 'configmap' | 'secret', name: string): Record<string, string> | null {
  if (kind === 'configmap') {
    const found = store.find('configmaps', namespaceOf(pod), name)
    return found === undefined ? null : (found.data ?? {})
  }
  const secret = store.find('secrets', namespaceOf(pod), name)
  if (secret === undefined) return null
  const entries = Object.entries(secret.data ?? {})
  return Object.fromEntries(entries.map(([key, value]) => [key, Buffer.from(value, 'base64').toString('utf8')]))
} // prettier-ignore

function fieldOf(pod: Pod, path: string): string {
  const [, map, key = ''] = /^metadata\.(labels|annotations)\['(.+)'\]$/.exec(path) ?? []
  if (map === 'labels') return labelsOf(pod)[key] ?? ''
  if (map === 'annotations') return annotationsOf(pod)[key] ?? ''
  const fields: Record<string, string | undefined> = {
    'metadata.name': nameOf(pod),
    'metadata.namespace': namespaceOf(pod),
    'metadata.uid': pod.metadata?.uid,
    'spec.nodeName': pod.spec?.nodeName,
    'spec.serviceAccountName': pod.spec?.serviceAccountName,
    'status.podIP': pod.status?.podIP,
    'status.hostIP': pod.status?.hostIP,
  }
  return fields[path] ?? ''
}

/** `$(NAME)` stands for a variable set before; `$$(NAME)` for itself. */
export function expand(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$(\$?)\((\w+)\)/g, (whole, escaped: string, name: string) =>
    escaped === '$' ? whole.slice(1) : (env[name] ?? whole),
  )
}
