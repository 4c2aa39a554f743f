import { delay } from '../../../base/clock.ts'
import type { Pod, Probe } from 'kubernetes-types/core/v1.js'
import type { ContainerRunner } from './container.ts'
import type { KubeletDeps } from './deps.ts'
import { attempt } from './probe.ts'
import type { ProbeTarget } from './probe.ts'

export interface ProbeHooks {
  exec: ProbeTarget['exec']
  changed(): void
  unhealthy(message: string): void
  killing(why: string): void
}

/** Runs the probes of one run of a container until `stop`. */
export function superviseProbes(
  deps: KubeletDeps,
  runner: ContainerRunner,
  pod: () => Pod | undefined,
  hooks: ProbeHooks,
): { stop(): void } {
  const over = new AbortController()
  const { startupProbe, readinessProbe, livenessProbe } = runner.spec
  const loop = (probe: Probe | undefined, kind: string, on: (ok: boolean) => 'go on' | 'stop'): void => {
    if (probe === undefined) return
    repeat(deps, probe, kind, runner, pod, hooks, on, over.signal).catch((error: unknown) => {
      if (!over.signal.aborted) deps.log(`${kind} probe of ${runner.spec.name}: ${String(error)}`)
    })
  }
  const running = (): void => {
    loop(readinessProbe, 'Readiness', (ok) => {
      if (runner.ready !== ok) {
        runner.ready = ok
        hooks.changed()
      }
      return 'go on'
    })
    loop(livenessProbe, 'Liveness', (ok) => {
      if (!ok) hooks.killing('liveness')
      return ok ? 'go on' : 'stop'
    })
  }
  if (startupProbe === undefined) running()
  else {
    loop(startupProbe, 'Startup', (ok) => {
      if (!ok) {
        hooks.killing('startup')
        return 'stop'
      }
      runner.started = true
      runner.ready = readinessProbe === undefined
      hooks.changed()
      running()
      return 'stop'
    })
  }
  return { stop: () => over.abort() }
}

async function repeat(
  deps: KubeletDeps,
  probe: Probe,
  kind: string,
  runner: ContainerRunner,
  pod: () => Pod | undefined,
  hooks: ProbeHooks,
  on: (ok: boolean) => 'go on' | 'stop',
  signal: AbortSignal,
): Promise<void> {
  const periodMs = Math.max(1, probe.periodSeconds ?? 10) * 1_000
  await delay((probe.initialDelaySeconds ?? 0) * 1_000 + 150, signal)
  let good = 0
  let bad = 0
  for (;;) {
    const present = pod()
    if (present === undefined) return
    const result = await attempt(probe, {
      pod: present,
      container: runner.spec,
      ports: deps.ports,
      exec: hooks.exec,
    })
    if (signal.aborted) return
    good = result.ok ? good + 1 : 0
    bad = result.ok ? 0 : bad + 1
    if (!result.ok) hooks.unhealthy(`${kind} probe failed: ${result.message}`)
    const decided =
      good >= (probe.successThreshold ?? 1) ? true : bad >= (probe.failureThreshold ?? 3) ? false : null
    if (decided !== null && on(decided) === 'stop') return
    // a container that is not ready yet is asked more often, so that a start is not prolonged by the period
    const soon = !result.ok && bad < 20 && (kind === 'Readiness' || kind === 'Startup') && !runner.ready
    await delay(soon ? Math.min(periodMs, 250) : periodMs, signal)
  }
}
