import { nameOf, namespaceOf } from '../object.ts'
import type { Store } from '../store.ts'

/** The address of a cluster name: `erlmcp`, `erlmcp.erlmcp`, `erlmcp.erlmcp.svc.cluster.local`; a pod's name too. */
export function resolveName(store: Store, host: string, home: string): string | null {
  const [name = '', namespace = home, ...rest] = host.split('.')
  if (rest.length > 0 && !['svc', 'svc.cluster.local', 'svc.cluster'].includes(rest.join('.'))) return null
  const service = store.find('services', namespace, name)
  return service?.spec?.clusterIP ?? null
}

/** `/etc/hosts` of a pod: itself, and every service under its names. */
export function hostsText(store: Store, pod: { name: string; ip: string; namespace: string }): string {
  const lines = [`${pod.ip} ${pod.name} localhost`, '127.0.0.1 localhost', '::1 localhost']
  for (const service of store.list('services')) {
    const ip = service.spec?.clusterIP ?? ''
    if (!ip.startsWith('127.')) continue
    const [name, namespace] = [nameOf(service), namespaceOf(service)]
    const short = namespace === pod.namespace ? ` ${name}` : ''
    lines.push(
      `${ip}${short} ${name}.${namespace} ${name}.${namespace}.svc ${name}.${namespace}.svc.cluster.local`,
    )
  }
  return `${lines.join('\n')}\n`
}
