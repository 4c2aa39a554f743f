import { homedir } from 'node:os'
import { delay } from '../base/clock.ts'
import { AppError } from '../base/error.ts'
import { runProgram } from './process.ts'

/** What uses a database and is stopped while it is swapped. Each call can be made again. */
export interface Workload {
  name: string
  /** For the fences of the policy. */
  place: { context: string; namespace: string }
  replicas(signal: AbortSignal): Promise<number>
  /** Sets the number and returns; one that is set already is left alone. */
  scale(replicas: number, signal: AbortSignal): Promise<void>
  /** Waits until as many run and are ready. @throws AppError `timeout` */
  settled(replicas: number, signal: AbortSignal): Promise<void>
}

export interface DeploymentRef {
  kubeconfig: string | null
  /** `null`: the current context of the kubeconfig. */
  context: string | null
  namespace: string
  deployment: string
  settleMs: number
}

const COMMAND_LIMIT_MS = 30_000
const POLL_MS = 1_000

/** A Deployment in Kubernetes, through kubectl. */
export function deploymentWorkload(ref: DeploymentRef): Workload {
  const kubectl = (args: readonly string[], signal: AbortSignal): Promise<string> =>
    runProgram(
      { file: 'kubectl', args: [...scopeOf(ref), ...args], env: kubectlEnvironment(ref), signal },
      COMMAND_LIMIT_MS,
    )
  const read = async (path: string, signal: AbortSignal): Promise<number> =>
    Number(await kubectl(['get', 'deployment', ref.deployment, '-o', `jsonpath={${path}}`], signal))
  return {
    name: `deployment ${ref.namespace}/${ref.deployment}`,
    place: { context: ref.context ?? 'current', namespace: ref.namespace },
    replicas: (signal) => read('.spec.replicas', signal),
    async scale(replicas, signal) {
      const current = await read('.spec.replicas', signal)
      if (current === replicas) return
      // refused when somebody else has set another number meanwhile
      await kubectl(
        ['scale', 'deployment', ref.deployment, `--current-replicas=${current}`, `--replicas=${replicas}`],
        signal,
      )
    },
    async settled(replicas, signal) {
      const limit = performance.now() + ref.settleMs
      for (;;) {
        const [all, ready] = [
          await read('.status.replicas', signal),
          await read('.status.readyReplicas', signal),
        ]
        if (all === replicas && ready === replicas) return
        if (performance.now() > limit)
          throw new AppError(
            'timeout',
            `${ref.namespace}/${ref.deployment} has ${ready} of ${replicas} replicas ready`,
            {
              action: 'See why with `kubectl describe`; the restore says what can be done now.',
            },
          )
        await delay(POLL_MS, signal)
      }
    },
  }
}

export const scopeOf = (ref: { context: string | null; namespace: string }): string[] => [
  ...(ref.context === null ? [] : ['--context', ref.context]),
  '--namespace',
  ref.namespace,
]

export const kubectlEnvironment = (ref: { kubeconfig: string | null }): Record<string, string> => ({
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: homedir(),
  ...(ref.kubeconfig === null ? {} : { KUBECONFIG: ref.kubeconfig }),
})
