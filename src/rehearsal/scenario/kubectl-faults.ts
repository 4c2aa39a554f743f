import { AppError, assertNever } from '../../base/error.ts'
import type { Fault } from '../cluster/world/fault.ts'

const DEPLOYMENT = 'deployment/erlmcp-tcps'
const SERVICE = 'service/erlmcp'
const IMAGE = 'registry.local/erlmcp'

/**
 * The kubectl commands that make a fault on a cluster which is not ours, each without the name of the program.
 * @throws AppError `unsupported` for faults that only the sandbox can make, with the reason
 */
export function faultCommands(fault: Fault, namespace: string): string[][] {
  const own = (...args: string[]): string[] => [...args, '-n', namespace]
  const patch = (kind: string, body: unknown): string[] =>
    own('patch', kind, '--type=merge', '-p', JSON.stringify(body))
  const container = (body: Record<string, unknown>): string[] =>
    own('patch', DEPLOYMENT, '--type=strategic', '-p', JSON.stringify({ spec: { template: { spec: { containers: [{ name: 'erlmcp', ...body }] } } } })) // prettier-ignore
  switch (fault.kind) {
    case 'bad-release':
      return [own('set', 'image', DEPLOYMENT, `erlmcp=${IMAGE}:1.2.3`)]
    case 'oom-kill':
      return [own('set', 'env', DEPLOYMENT, 'ERLMCP_CACHE_MEGABYTES=260')]
    case 'image-missing':
      return [own('set', 'image', DEPLOYMENT, `erlmcp=${IMAGE}:1.2.9`)]
    case 'node-full':
      return [container({ resources: { requests: { cpu: '3900m' }, limits: { cpu: '3900m' } } })]
    case 'service-drained':
      return [patch(SERVICE, { spec: { selector: { maintenance: 'true' } } })]
    case 'port-refused':
      return [own('patch', SERVICE, '--type=json', '-p', JSON.stringify([{ op: 'replace', path: '/spec/ports/0/targetPort', value: 8081 }]))] // prettier-ignore
    case 'database-dead':
      return [own('delete', 'pod/postgres-pod', '--wait=false')]
    case 'crash-loop':
      if (fault.cause === 'missing-variable') return [own('set', 'env', DEPLOYMENT, 'ERLMCP_DB_POOL_SIZE-')]
      if (fault.cause === 'memory-limit')
        return [container({ resources: { requests: { memory: '16Mi' }, limits: { memory: '16Mi' } } })]
      return refuse(fault.kind, 'it is made inside a file or a volume of the sandbox')
    case 'network-denied':
      return [own('patch', 'networkpolicy/erlmcp-allow', '--type=json', '-p', JSON.stringify([{ op: 'replace', path: '/spec/ingress', value: [{ ports: [{ port: 8081, protocol: 'TCP' }] }] }]))] // prettier-ignore
    case 'quota-exhausted':
      return refuse(fault.kind, 'how many pods are too many depends on what else runs in the namespace')
    case 'long-query':
    case 'slow-database':
      return refuse(
        fault.kind,
        'it needs a session in the database, which is not reached through kubectl alone',
      )
    case 'overload':
    case 'connection-limit':
      return refuse(fault.kind, "it needs many clients, and only the sandbox's own load can grow")
    case 'stuck-process':
    case 'memory-leak':
    case 'busy-loop':
    case 'pool-exhausted':
      return refuse(fault.kind, "the program itself has to misbehave, and only the sandbox's can be told to")
    default:
      return assertNever(fault)
  }
}

function refuse(kind: string, why: string): never {
  throw new AppError('unsupported', `the fault ${kind} cannot be made through kubectl: ${why}`, {
    action: 'Rehearse it in the sandbox: leave --target out.',
  })
}
