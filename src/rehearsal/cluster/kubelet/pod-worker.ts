import { mkdirSync, rmSync } from 'node:fs'
import path from 'node:path'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { delay } from '../../../base/clock.ts'
import { apiTime, nameOf, namespaceOf } from '../object.ts'
import { ContainerRunner } from './container.ts'
import type { Ended } from './container.ts'
import type { KubeletDeps } from './deps.ts'
import { ConfigError } from './environment.ts'
import type { PodSandbox } from './isolation.ts'
import { podStatusOf } from './pod-status.ts'
import { superviseProbes } from './probes.ts'
import type { ProbeTarget } from './probe.ts'
import { sizedVolumes } from './volumes.ts'

const BACKOFF_MS = 10_000
const BACKOFF_LIMIT_MS = 300_000
/** A container that has run this long starts with a short back-off again. */
const STABLE_MS = 600_000
/** How long an ended run is shown as such before its container waits for the next. */
const SHOWN_MS = 1_000
const RETRY_MS = 2_000

/** The life of one pod on its node: containers, probes, restarts, and its end. */
export class PodWorker {
  readonly containers: ContainerRunner[]
  readonly initContainers: ContainerRunner[]
  readonly uid: string
  readonly dir: string
  #deps: KubeletDeps
  #namespace: string
  #name: string
  #sandbox: PodSandbox | null = null
  #stop = new AbortController()
  #done: Promise<void> = Promise.resolve()
  #stopping = false
  #ip: string | null = null
  #execFor: (runner: ContainerRunner) => ProbeTarget['exec'] = () => () => ({
    ended: Promise.resolve({ failure: 'not running' }),
    resize: () => undefined,
    kill: () => undefined,
  })

  constructor(deps: KubeletDeps, pod: Pod) {
    this.#deps = deps
    this.uid = pod.metadata?.uid ?? ''
    this.#namespace = namespaceOf(pod)
    this.#name = nameOf(pod)
    this.dir = path.join(deps.podsDir, this.uid)
    this.containers = (pod.spec?.containers ?? []).map((spec) => new ContainerRunner(deps, spec, this.dir))
    this.initContainers = (pod.spec?.initContainers ?? []).map(
      (spec) => new ContainerRunner(deps, spec, this.dir),
    )
  }

  get sandbox(): PodSandbox | null {
    return this.#sandbox
  }

  begin(exec: (runner: ContainerRunner) => ProbeTarget['exec']): void {
    this.#execFor = exec
    this.#done = this.#run().catch((error: unknown) => {
      if (!this.#stop.signal.aborted) this.#deps.log(`pod ${this.#name}: ${String(error)}`)
    })
  }

  /** Ends the pod gracefully and takes it out of the store. */
  async end(graceSeconds: number): Promise<void> {
    if (this.#stopping) return
    this.#stopping = true
    this.#stop.abort()
    await Promise.all(
      [...this.containers, ...this.initContainers].map(async (runner) => {
        if (runner.pid !== null || runner.treePid !== null) {
          this.#event('Normal', 'Killing', `Stopping container ${runner.spec.name}`, runner)
        }
        await runner.stop(graceSeconds)
      }),
    )
    await this.#done
    for (const runner of this.containers) {
      if (runner.state.waiting !== undefined && runner.lastState.terminated !== undefined)
        runner.state = runner.lastState
    }
    this.#report()
    this.#cleanUp()
    const pod = this.#pod()
    if (pod !== undefined) this.#deps.store.remove('pods', this.#namespace, this.#name)
  }

  /** Ends everything at once; the object is somebody else's business. */
  kill(): void {
    this.#stopping = true
    this.#stop.abort()
    for (const runner of [...this.containers, ...this.initContainers]) runner.kill()
    this.#cleanUp()
  }

  #cleanUp(): void {
    const ip = this.#pod()?.status?.podIP ?? this.#ip
    if (ip !== null) this.#deps.releasePodIp(ip)
    this.#sandbox?.end()
    // mounts of the namespaces go with their last process; what is left is plain files
    setTimeout(() => rmSync(this.dir, { recursive: true, force: true, maxRetries: 3 }), 500).unref()
  }

  /** The pod as it is now; nothing when another one has taken its name. */
  #pod(): Pod | undefined {
    const pod = this.#deps.store.find('pods', this.#namespace, this.#name)
    return pod?.metadata?.uid === this.uid ? pod : undefined
  }

  #report(): void {
    const pod = this.#pod()
    if (pod === undefined) return
    const status = podStatusOf(pod, this.containers, this.initContainers, apiTime(this.#deps.now()))
    this.#deps.store.update('pods', this.#namespace, this.#name, (draft) => {
      draft.status = status
    })
  }

  async #run(): Promise<void> {
    const pod = this.#pod()
    if (pod === undefined) return
    mkdirSync(this.dir, { recursive: true })
    this.#ip = this.#deps.allocatePodIp()
    const startTime = apiTime(this.#deps.now())
    this.#deps.store.update('pods', this.#namespace, this.#name, (draft) => {
      draft.status = { ...draft.status, podIP: this.#ip ?? '', podIPs: [{ ip: this.#ip ?? '' }], startTime, hostIP: this.#deps.store.find('nodes', '', draft.spec?.nodeName ?? '')?.status?.addresses?.[0]?.address ?? '' } // prettier-ignore
    })
    this.#sandbox = await this.#deps.isolation.createSandbox(this.dir, sizedVolumes(pod, this.dir))
    if (this.#stop.signal.aborted) return
    if (this.initContainers.length > 0) for (const runner of this.containers) runner.state = { waiting: { reason: 'PodInitializing' } } // prettier-ignore
    this.#report()
    for (const runner of this.initContainers) {
      await this.#supervise(runner, (ended) => ended.exitCode !== 0 && pod.spec?.restartPolicy !== 'Never')
      if (runner.state.terminated?.exitCode !== 0) return
    }
    const policy = pod.spec?.restartPolicy ?? 'Always'
    const again = (ended: Ended): boolean =>
      policy === 'Always' || (policy === 'OnFailure' && ended.exitCode !== 0)
    await Promise.all(this.containers.map((runner) => this.#supervise(runner, again)))
  }

  /** Starts a container, waits for its end, and again, with growing pauses, as long as `again` says so. */
  async #supervise(runner: ContainerRunner, again: (ended: Ended) => boolean): Promise<void> {
    let backoffMs = 0
    while (!this.#stop.signal.aborted) {
      const started = Date.now()
      await this.#startUntilItRuns(runner)
      if (this.#stop.signal.aborted && runner.treePid === null) return
      this.#report()
      const probes = superviseProbes(this.#deps, runner, () => this.#pod(), {
        exec: this.#execFor(runner),
        changed: () => this.#report(),
        unhealthy: (message) => this.#event('Warning', 'Unhealthy', message, runner),
        killing: (why) => this.#killUnhealthy(runner, why),
      })
      const ended = await runner.ended()
      probes.stop()
      this.#report()
      if (this.#stop.signal.aborted || !again(ended)) return
      if (Date.now() - started > STABLE_MS / this.#deps.speed) backoffMs = 0
      await delay(SHOWN_MS, this.#stop.signal)
      if (backoffMs > 0) await this.#backOff(runner, backoffMs)
      backoffMs = Math.min(backoffMs === 0 ? BACKOFF_MS : backoffMs * 2, BACKOFF_LIMIT_MS)
      runner.restarted()
    }
  }

  async #backOff(runner: ContainerRunner, ms: number): Promise<void> {
    const pod = this.#pod()
    const text = `back-off ${humanSeconds(ms)} restarting failed container=${runner.spec.name} pod=${this.#name}_${this.#namespace}(${this.uid})`
    runner.wait('CrashLoopBackOff', text)
    this.#report()
    if (pod !== undefined) this.#event('Warning', 'BackOff', `Back-off restarting failed container ${runner.spec.name} in pod ${this.#name}_${this.#namespace}(${this.uid})`, runner) // prettier-ignore
    await delay(Math.max(ms / this.#deps.speed, SHOWN_MS), this.#stop.signal)
  }

  async #startUntilItRuns(runner: ContainerRunner): Promise<void> {
    for (let failures = 0; !this.#stop.signal.aborted; failures += 1) {
      const pod = this.#pod()
      if (pod === undefined || this.#sandbox === null) return
      const failed = await this.#tryStart(runner, pod, this.#sandbox, failures)
      if (failed === null) return
      runner.wait(failed.reason, failed.message)
      this.#report()
      await delay(failed.retryMs, this.#stop.signal)
    }
  }

  async #tryStart(runner: ContainerRunner, pod: Pod, sandbox: PodSandbox, failures: number): Promise<{ reason: string; message: string; retryMs: number } | null> {
    try {
      if (runner.image === null) return await this.#pullFails(runner, failures)
      const result = await runner.start(pod, sandbox, this.dir)
      if (result === 'started') {
        this.#started(runner)
        return null
      }
      this.#event('Warning', 'Failed', `Error: ${result.message}`, runner)
      return { ...result, retryMs: Math.max(BACKOFF_MS / this.#deps.speed, SHOWN_MS) }
    } catch (error) {
      if (!(error instanceof ConfigError)) throw error
      const volume = error.message.startsWith('MountVolume')
      if (volume) this.#event('Warning', 'FailedMount', error.message)
      else this.#event('Warning', 'Failed', `Error: ${error.message}`, runner)
      const reason = volume ? 'ContainerCreating' : 'CreateContainerConfigError'
      return { reason, message: error.message, retryMs: RETRY_MS }
    }
  } // prettier-ignore

  #started(runner: ContainerRunner): void {
    this.#event(
      'Normal',
      'Pulled',
      `Container image "${runner.spec.image ?? ''}" already present on machine`,
      runner,
    )
    this.#event('Normal', 'Created', `Created container: ${runner.spec.name}`, runner)
    this.#event('Normal', 'Started', `Started container ${runner.spec.name}`, runner)
  }

  /** The registry refuses at once; then the node waits longer and longer between tries. */
  async #pullFails(runner: ContainerRunner, failures: number): Promise<{ reason: string; message: string; retryMs: number }> {
    const image = runner.spec.image ?? ''
    const message = `failed to pull and unpack image "${image}": failed to resolve reference "${image}": ${image}: not found`
    this.#event('Normal', 'Pulling', `Pulling image "${image}"`, runner)
    this.#event('Warning', 'Failed', `Failed to pull image "${image}": ${message}`, runner)
    this.#event('Warning', 'Failed', 'Error: ErrImagePull', runner)
    runner.wait('ErrImagePull', message)
    this.#report()
    const pauseMs = Math.min(BACKOFF_MS * 2 ** failures, BACKOFF_LIMIT_MS) / this.#deps.speed
    await delay(Math.min(pauseMs, 12_000), this.#stop.signal)
    this.#event('Normal', 'BackOff', `Back-off pulling image "${image}"`, runner)
    this.#event('Warning', 'Failed', 'Error: ImagePullBackOff', runner)
    return { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}": ErrImagePull: ${message}`, retryMs: Math.max(pauseMs, SHOWN_MS) }
  } // prettier-ignore

  #killUnhealthy(runner: ContainerRunner, why: string): void {
    this.#event(
      'Normal',
      'Killing',
      `Container ${runner.spec.name} failed ${why} probe, will be restarted`,
      runner,
    )
    const grace = this.#pod()?.spec?.terminationGracePeriodSeconds ?? 30
    void runner.stop(grace)
  }

  #event(type: 'Normal' | 'Warning', reason: string, message: string, runner?: ContainerRunner): void {
    const pod = this.#pod()
    if (pod === undefined) return
    this.#deps.events.record('pods', pod, {
      type,
      reason,
      message,
      component: 'kubelet',
      host: pod.spec?.nodeName ?? '',
      ...(runner === undefined ? {} : { fieldPath: `spec.containers{${runner.spec.name}}` }),
    })
  }
}

const humanSeconds = (ms: number): string => {
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds}s`
  return `${Math.floor(seconds / 60)}m${seconds % 60}s`
}
