import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import type { Writable } from 'node:stream'
import type { Container, ContainerState, ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { delay } from '../../../base/clock.ts'
import { apiTime } from '../object.ts'
import { environmentOf, expand } from './environment.ts'
import type { Image } from './images.ts'
import { findImage } from './images.ts'
import type { KubeletDeps } from './deps.ts'
import type { Mount, PodSandbox } from './isolation.ts'
import { LogBuffer } from './log-buffer.ts'
import { killTree, sendSignal } from './processes.ts'
import { mountsOf } from './volumes.ts'

export type StartResult = 'started' | { reason: string; message: string }

export interface Ended {
  exitCode: number
  reason: string
}

/** One container of a pod over all its runs. */
export class ContainerRunner {
  readonly spec: Container
  state: ContainerState = { waiting: { reason: 'ContainerCreating' } }
  lastState: ContainerState = {}
  restartCount = 0
  /** What the readiness and start-up probes say. */
  ready = false
  started = false
  logs: LogBuffer
  previousLogs: LogBuffer | null = null
  /** The container's first process; `null` while none runs. */
  pid: number | null = null
  /** The outermost process, whose tree is the container. */
  treePid: number | null = null
  env: Record<string, string> = {}
  /** The program's input, when its spec asks for one. */
  stdin: Writable | null = null
  rootDir: string
  mounts: Mount[] = []
  #deps: KubeletDeps
  #ended: Promise<Ended> | null = null
  #oomKilled = false
  #containerId = ''
  #hasRun = false

  constructor(deps: KubeletDeps, spec: Container, podDir: string) {
    this.#deps = deps
    this.spec = spec
    this.rootDir = path.join(podDir, spec.name, 'root')
    this.logs = new LogBuffer(deps.now)
  }

  get image(): Image | null {
    return findImage(this.spec.image ?? '', this.#deps.images)
  }

  /** @throws ConfigError when a reference leads nowhere */
  async start(pod: Pod, sandbox: PodSandbox, podDir: string): Promise<StartResult> {
    const { image } = this
    if (image === null)
      return { reason: 'ErrImagePull', message: `failed to pull image "${this.spec.image ?? ''}"` }
    mkdirSync(this.rootDir, { recursive: true })
    this.env = environmentOf(this.#deps.store, pod, this.spec, this.#baseEnv(pod, image))
    this.mounts = [
      ...mountsOf(this.#deps.store, pod, this.spec, { pod: podDir, node: this.#deps.nodeDir }),
      { at: '/etc/hosts', from: this.#deps.hostsFile(pod) },
      { at: '/var/run/secrets/kubernetes.io/serviceaccount', from: this.#deps.tokenDir(pod) },
    ]
    const argv = this.#argv(image)
    if (!this.#deps.isolation.finds(0, argv[0] ?? '', this.env)) {
      const message = `failed to create containerd task: failed to create shim task: OCI runtime create failed: runc create failed: unable to start container process: exec: "${argv[0] ?? ''}": executable file not found in $PATH`
      return { reason: 'RunContainerError', message }
    }
    if (this.#hasRun) this.previousLogs = this.logs
    this.logs = new LogBuffer(this.#deps.now)
    this.#hasRun = true
    await this.#spawn(argv, sandbox, image)
    return 'started'
  }

  async #spawn(argv: readonly string[], sandbox: PodSandbox, image: Image): Promise<void> {
    const { logs } = this
    this.#oomKilled = false
    this.#containerId = randomBytes(32).toString('hex')
    const { child, main } = this.#deps.isolation.run({
      sandbox,
      rootDir: this.rootDir,
      argv,
      env: this.env,
      mounts: this.mounts,
      workingDir: this.spec.workingDir,
      unprivileged: image.unprivileged,
      stdin: this.spec.stdin === true,
    })
    child.stdout?.on('data', (chunk: Buffer) => logs.write('out', chunk))
    child.stderr?.on('data', (chunk: Buffer) => logs.write('err', chunk))
    this.treePid = child.pid ?? null
    this.stdin = child.stdin
    child.stdin?.on('error', () => undefined)
    const startedAt = apiTime(this.#deps.now())
    this.#ended = new Promise<Ended>((resolve) => {
      child.once('error', () => resolve({ exitCode: 128, reason: 'StartError' }))
      child.once('close', (code, signal) => {
        logs.close()
        const exitCode = code ?? 128 + (signal === 'SIGTERM' ? 15 : signal === 'SIGINT' ? 2 : 9)
        const reason = this.#oomKilled ? 'OOMKilled' : exitCode === 0 ? 'Completed' : 'Error'
        resolve({ exitCode: this.#oomKilled ? 137 : exitCode, reason })
      })
    })
    this.pid = await main.catch(() => null)
    this.started = this.spec.startupProbe === undefined
    this.ready = this.started && this.spec.readinessProbe === undefined
    this.state = { running: { startedAt } }
  }

  /** Waits for the end of the present run and takes it into the state. */
  async ended(): Promise<Ended> {
    const result = (await this.#ended) ?? { exitCode: 128, reason: 'StartError' }
    const startedAt = this.state.running?.startedAt ?? apiTime(this.#deps.now())
    this.pid = null
    this.treePid = null
    this.ready = false
    this.started = false
    this.state = {
      terminated: {
        exitCode: result.exitCode,
        reason: result.reason,
        startedAt,
        finishedAt: apiTime(this.#deps.now()),
        containerID: `containerd://${this.#containerId}`,
      },
    }
    return result
  }

  /** SIGTERM, and SIGKILL when the time is over. */
  async stop(graceSeconds: number): Promise<void> {
    const pid = this.pid ?? this.treePid
    if (pid === null || this.#ended === null) return
    sendSignal(pid, 'SIGTERM')
    const over = new AbortController()
    const timeout = delay(graceSeconds * 1_000, over.signal).then(() => this.kill(), () => undefined) // prettier-ignore
    await this.#ended
    over.abort()
    await timeout
  }

  kill(): void {
    if (this.treePid !== null) killTree(this.treePid)
  }

  killForMemory(): void {
    this.#oomKilled = true
    this.kill()
  }

  /** Leaves the terminated run behind: it is the last state from now on. */
  wait(reason: string, message: string): void {
    if (this.state.terminated !== undefined) this.lastState = this.state
    this.state = { waiting: { reason, message } }
  }

  restarted(): void {
    if (this.state.terminated !== undefined) this.lastState = this.state
    this.restartCount += 1
  }

  status(): ContainerStatus {
    const known = this.image
    return {
      name: this.spec.name,
      image: this.spec.image ?? '',
      imageID: known === null ? '' : `sha256:${createHash('sha256').update(known.reference).digest('hex')}`,
      ...(this.#containerId === '' ? {} : { containerID: `containerd://${this.#containerId}` }),
      ready: this.ready,
      started: this.started,
      restartCount: this.restartCount,
      state: this.state,
      lastState: this.lastState,
    }
  }

  #argv(image: Image): string[] {
    const command = this.spec.command ?? []
    const args = this.spec.args ?? []
    const entrypoint = command.length > 0 ? command : image.entrypoint
    const rest = args.length > 0 ? args : command.length > 0 ? [] : image.cmd
    return [...entrypoint, ...rest].map((text) => expand(text, this.env))
  }

  #baseEnv(pod: Pod, image: Image): Record<string, string> {
    return {
      PATH: this.#deps.path,
      HOME: '/root',
      HOSTNAME: pod.metadata?.name ?? '',
      POD_IP: pod.status?.podIP ?? '',
      LANG: 'C.UTF-8',
      ...this.#deps.clusterEnv(pod),
      ...image.env,
      ...Object.fromEntries(image.ownAddress.map((name) => [name, pod.status?.podIP ?? ''])),
    }
  }
}
