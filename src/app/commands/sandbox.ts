import { existsSync } from 'node:fs'
import path from 'node:path'
import { startCluster } from '../../rehearsal/index.ts'
import { sandboxDirOf, stopSignal } from './context.ts'
import type { CommandContext } from './context.ts'

/** Runs the sandbox cluster until it is told to stop. */
export async function sandbox(context: CommandContext, options: { speed: number }): Promise<void> {
  const { arrived } = stopSignal(context)
  const log = (message: string): void => void process.stderr.write(`${message}\n`)
  const cluster = await startCluster({ dataDir: sandboxDirOf(context), speed: options.speed, log })
  process.stdout.write(
    `the sandbox runs; in another terminal:\n  export KUBECONFIG=${cluster.kubeconfigPath}\n  kubectl get pods -n ${cluster.namespace}\nCtrl-C ends it\n`,
  )
  await arrived
  await cluster.stop()
}

/** The kubeconfig of the sandbox that runs, or `null`. */
export function sandboxKubeconfig(context: CommandContext): string | null {
  const file = path.join(sandboxDirOf(context), 'kubeconfig', 'admin')
  return existsSync(file) ? file : null
}
