import { AppError } from '../../base/error.ts'
import {
  askSandbox,
  detachSandbox,
  endSandbox,
  findSandbox,
  kubectl,
  mendSandbox,
  parseFault,
  runSandbox,
} from '../../rehearsal/index.ts'
import type { SandboxRecord } from '../../rehearsal/index.ts'
import { sandboxDirOf, stopSignal } from './context.ts'
import type { CommandContext } from './context.ts'

/** Runs the sandbox cluster until it is told to stop; `detach` leaves that to another process. */
export async function sandboxUp(
  context: CommandContext,
  options: { speed: number; detach: boolean },
): Promise<void> {
  if (options.detach) return detach(context, options.speed)
  const { arrived } = stopSignal(context)
  const log = (message: string): void => void process.stderr.write(`${message}\n`)
  const running = await runSandbox({ dataDir: sandboxDirOf(context), speed: options.speed, log })
  process.stdout.write(`${introduction(running.record)}Ctrl-C ends it\n`)
  await arrived
  await running.stop()
}

const introduction = ({ kubeconfig, namespace }: SandboxRecord): string =>
  `the sandbox runs; in another terminal:\n  export KUBECONFIG=${kubeconfig}\n  kubectl get pods -n ${namespace}\n  erlmcp sandbox inject bad-release\n`

async function detach(context: CommandContext, speed: number): Promise<void> {
  const command = [context.main, 'sandbox', 'up', '--speed', String(speed)]
  const record = await detachSandbox({ dataDir: sandboxDirOf(context), command, environment: context.env })
  process.stdout.write(`${introduction(record)}\`erlmcp sandbox down\` ends it\n`)
}

export async function sandboxDown(context: CommandContext): Promise<void> {
  const { pid, leftovers } = await endSandbox(sandboxDirOf(context))
  const rest = leftovers === 0 ? '' : `; ${leftovers} processes of a killed one were left, and are ended too`
  process.stdout.write(
    pid === null ? `no sandbox was running${rest}\n` : `the sandbox (process ${pid}) has ended${rest}\n`,
  )
}

export async function sandboxStatus(context: CommandContext, options: { json: boolean }): Promise<boolean> {
  const record = await findSandbox(sandboxDirOf(context))
  if (record === null) {
    process.stdout.write(options.json ? '{ "running": false }\n' : 'no sandbox is running\n')
    return false
  }
  const { pid, startedAt, namespace, kubeconfig, speed, services, faults } = record
  const environment = { PATH: context.env['PATH'] ?? '', KUBECONFIG: kubeconfig }
  if (options.json) {
    const { out } = await kubectl(['get', 'pods', '-n', namespace, '-o', 'json'], environment)
    const pods = podsOf(out)
    process.stdout.write(`${JSON.stringify({ running: true, pid, startedAt, namespace, kubeconfig, speed, services, faults, pods }, null, 2)}\n`) // prettier-ignore
    return true
  }
  const pods = await kubectl(['get', 'pods', '-n', namespace], environment)
  const lines = [
    `the sandbox runs since ${startedAt.slice(0, 19).replace('T', ' ')} (process ${pid}, speed ${speed})`,
    `  kubeconfig  ${kubeconfig}`,
    ...Object.entries(services).map(([name, url]) => `  ${name.padEnd(11)} ${url}`),
    `  faults      ${faults.length === 0 ? 'none' : faults.map(({ kind, at }) => `${kind} (${at.slice(11, 19)})`).join(', ')}`,
    '',
    (pods.out || pods.err).trimEnd(),
  ]
  process.stdout.write(`${lines.join('\n')}\n`)
  return true
}

function podsOf(json: string): Record<string, unknown>[] {
  interface Pod {
    metadata?: { name?: string }
    status?: { phase?: string; containerStatuses?: { ready?: boolean; restartCount?: number }[] }
  }
  try {
    return (JSON.parse(json) as { items: Pod[] }).items.map(({ metadata, status }) => ({
      name: metadata?.name ?? '',
      phase: status?.phase ?? 'Unknown',
      ready: status?.containerStatuses?.every(({ ready }) => ready === true) ?? false,
      restarts: status?.containerStatuses?.reduce((sum, { restartCount = 0 }) => sum + restartCount, 0) ?? 0,
    }))
  } catch {
    return []
  }
}

/** Makes a fault in the sandbox that runs; without one puts everything back. */
export async function sandboxInject(context: CommandContext, fault: string | null): Promise<void> {
  const record = await requireSandboxRecord(context)
  if (fault === null) {
    await mendSandbox(record, context.env['PATH'] ?? '')
    process.stdout.write('the sandbox is as it was at its start\n')
    return
  }
  await askSandbox(record, { do: 'inject', fault: parseFault(fault) })
  process.stdout.write(`${fault} is in place; \`erlmcp sandbox inject --clear\` puts everything back\n`)
}

async function requireSandboxRecord(context: CommandContext): Promise<SandboxRecord> {
  const record = await findSandbox(sandboxDirOf(context))
  if (record !== null) return record
  throw new AppError('unavailable', 'no sandbox is running', {
    action: 'Start one with `erlmcp sandbox up`.',
  })
}

export async function sandboxKubeconfig(context: CommandContext): Promise<string> {
  return (await requireSandboxRecord(context)).kubeconfig
}
