import { delay } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { AppError } from '../base/error.ts'
import { createKubectl } from '../kubernetes/index.ts'
import type { ClusterDesk, OpenCluster } from '../rollout/index.ts'
import { measureSignal } from '../verification/index.ts'

type ServiceConfig = Config['services'][string]
const SCRAPE_WINDOW_MS = 2_000
const QUERY_WINDOW_MS = 60_000

/** The services that run in a cluster; without one, the kubeconfig of this process, for a first look. */
export function buildClusters(config: Config): ClusterDesk | undefined {
  const services = Object.entries(config.services).filter(([, { target }]) => target?.kind === 'kubernetes')
  if (services.length === 0 && config.kubeconfig === null) return undefined
  return {
    names: () => services.map(([name]) => name),
    open: ({ service, workload, namespace }) => {
      const chosen = choose(services, service)
      return chosen === null ? byKubeconfig(config, workload, namespace) : byService(chosen, workload)
    },
    measure: (source, signal) =>
      measureSignal({ fetch: globalThis.fetch, now: () => new Date(), delay }, source, {
        signal,
        windowMs: source.kind === 'scrape' ? SCRAPE_WINDOW_MS : QUERY_WINDOW_MS,
      }),
  }
}

function choose(
  services: readonly (readonly [string, ServiceConfig])[],
  name: string | null | undefined,
): readonly [string, ServiceConfig] | null {
  const known = services.map(([each]) => each)
  if (name === null) return null
  if (name === undefined) {
    if (services.length <= 1) return services[0] ?? null
    throw new AppError('input_invalid', `several services run in a cluster: ${known.join(', ')}`, {
      action: 'Name one with --service.',
    })
  }
  const found = services.find(([each]) => each === name)
  if (found !== undefined) return found
  throw new AppError('not_found', `no service ${JSON.stringify(name)} with a target in a cluster is configured`, {
    action: `There are: ${known.join(', ') || 'none'}. See services.<name>.target in \`erlmcp config docs\`.`,
  }) // prettier-ignore
}

function byService(
  [name, { target, environment, signals, workload: own, variables }]: readonly [string, ServiceConfig],
  workload: string | undefined,
): OpenCluster {
  if (target?.kind !== 'kubernetes') throw new Error(`${name} has no cluster`)
  const namespace = target.namespace ?? variables['NAMESPACE'] ?? ''
  return {
    service: name,
    workload: workload ?? own ?? variables['DEPLOYMENT'] ?? variables['DEPLOYMENT_NAME'] ?? name,
    context: target.context,
    namespace,
    signals,
    kubectl: createKubectl({
      context: target.context,
      namespace,
      environment: {
        observer: { ...environment.all, ...environment.observer },
        operator: { ...environment.all, ...environment.operator },
      },
    }),
  }
}

function byKubeconfig(config: Config, workload?: string, namespace?: string): OpenCluster {
  const environment = { KUBECONFIG: config.kubeconfig ?? '' }
  return {
    service: null,
    workload: workload ?? null,
    context: null,
    namespace: namespace ?? '',
    signals: null,
    kubectl: createKubectl({
      context: null,
      namespace: namespace ?? '',
      environment: { observer: environment, operator: environment },
    }),
  }
}
