import { connect } from 'node:net'
import { PassThrough } from 'node:stream'
import type { Duplex, Readable } from 'node:stream'
import type { Pod } from 'kubernetes-types/core/v1.js'
import type { AttachStreams, ExecOptions, ExecSession, LogQuery, Nodes } from '../api/context.ts'
import { isDeleting, nameOf } from '../object.ts'
import { badRequest, notFound } from '../status.ts'
import type { ContainerRunner } from './container.ts'
import type { KubeletDeps } from './deps.ts'
import { execIn } from './exec.ts'
import { PodWorker } from './pod-worker.ts'
import { UsageMeter } from './usage.ts'

const MEASURE_MS = 250

/** The nodes: runs every pod that is bound to one of them, and answers for the containers. */
export class Kubelet implements Nodes {
  #deps: KubeletDeps
  #workers = new Map<string, PodWorker>()
  #ending = new Map<string, Promise<void>>()
  #meter = new UsageMeter()
  #timer: NodeJS.Timeout
  #unsubscribe: () => void

  constructor(deps: KubeletDeps) {
    this.#deps = deps
    this.#unsubscribe = deps.store.subscribe((change) => {
      if (change.resource === 'pods') this.#see(change.type, change.object as Pod)
    })
    this.#timer = setInterval(() => {
      for (const worker of this.#workers.values())
        for (const runner of worker.containers) this.#meter.measure(runner)
    }, MEASURE_MS)
  }

  async stop(): Promise<void> {
    this.#unsubscribe()
    clearInterval(this.#timer)
    for (const worker of this.#workers.values()) worker.kill()
    await Promise.all(this.#ending.values())
  }

  #see(type: string, pod: Pod): void {
    const uid = pod.metadata?.uid ?? ''
    const worker = this.#workers.get(uid)
    if (type === 'DELETED') {
      if (!this.#ending.has(uid)) worker?.kill()
      this.#forget(uid)
      return
    }
    if (isDeleting(pod)) {
      if (worker !== undefined && !this.#ending.has(uid)) {
        const grace = pod.metadata?.deletionGracePeriodSeconds ?? 30
        const ended = worker.end(grace).catch((error: unknown) => this.#deps.log(`end of ${nameOf(pod)}: ${String(error)}`))
        this.#ending.set(uid, ended.finally(() => this.#ending.delete(uid)))
      }
      return
    } // prettier-ignore
    if (worker !== undefined || pod.spec?.nodeName === undefined || pod.status?.phase !== 'Pending') return
    const created = new PodWorker(this.#deps, pod)
    this.#workers.set(uid, created)
    // after the change that is being told has reached everybody
    setImmediate(() =>
      created.begin((runner) => (command, out) =>
        this.#execRunner(created, runner, { command, container: runner.spec.name, tty: false, stdin: null, stdout: out, stderr: out }),
      ),
    )
  } // prettier-ignore

  #forget(uid: string): void {
    for (const runner of this.#workers.get(uid)?.containers ?? []) this.#meter.forget(runner)
    this.#workers.delete(uid)
  }

  #runner(pod: Pod, container: string): { worker: PodWorker; runner: ContainerRunner } | null {
    const worker = this.#workers.get(pod.metadata?.uid ?? '')
    const runner = [...(worker?.containers ?? []), ...(worker?.initContainers ?? [])].find((item) => item.spec.name === container) // prettier-ignore
    return worker === undefined || runner === undefined ? null : { worker, runner }
  }

  logs(pod: Pod, query: LogQuery, signal: AbortSignal): Promise<Readable> {
    const found = this.#runner(pod, query.container)
    if (found === null) throw notFound('pods', nameOf(pod))
    const { runner } = found
    const waiting = runner.state.waiting
    if (query.previous) {
      const { previousLogs } = runner
      // while a restart is awaited, the last run is both the present and the previous one
      const last = waiting?.reason === 'CrashLoopBackOff' ? runner.logs : previousLogs
      if (last === null) throw badRequest(`previous terminated container "${query.container}" in pod "${nameOf(pod)}" not found`) // prettier-ignore
      return Promise.resolve(last.read(query, signal))
    }
    if (waiting !== undefined && waiting.reason !== 'CrashLoopBackOff') {
      const why = /Pull/.test(waiting.reason ?? '')
        ? 'trying and failing to pull image'
        : (waiting.reason ?? '')
      throw badRequest(`container "${query.container}" in pod "${nameOf(pod)}" is waiting to start: ${why}`)
    }
    return Promise.resolve(runner.logs.read(query, signal))
  }

  attach(pod: Pod, container: string, streams: AttachStreams, signal: AbortSignal): void {
    const found = this.#runner(pod, container)
    const { out, input } = streams
    const query = { follow: true, tailLines: found?.runner.spec.stdin === true ? undefined : 0, sinceSeconds: undefined, sinceTime: undefined, timestamps: false, limitBytes: undefined } // prettier-ignore
    if (found === null) {
      out.end()
      return
    }
    // an interactive program may have spoken before anybody could attach
    found.runner.logs.read(query, signal).pipe(out)
    if (input !== null && found.runner.stdin !== null) input.pipe(found.runner.stdin)
  }

  exec(pod: Pod, options: ExecOptions): ExecSession {
    const found = this.#runner(pod, options.container)
    if (found === null) {
      return {
        ended: Promise.resolve({ failure: 'container not found' }),
        resize: () => undefined,
        kill: () => undefined,
      }
    }
    return this.#execRunner(found.worker, found.runner, options)
  }

  #execRunner(worker: PodWorker, runner: ContainerRunner, options: ExecOptions): ExecSession {
    return execIn(this.#deps, worker.sandbox, runner, options)
  }

  connect(pod: Pod, port: number): Promise<Duplex> {
    return new Promise((resolve, reject) => {
      const socket = connect({ host: pod.status?.podIP ?? '', port: this.#deps.ports.actual(port) })
      socket.once('connect', () => resolve(socket))
      socket.once('error', reject)
    })
  }

  usage(pod: Pod): ReturnType<Nodes['usage']> {
    const worker = this.#workers.get(pod.metadata?.uid ?? '')
    if (worker === undefined) return null
    const measured = worker.containers.map((runner) => ({
      name: runner.spec.name,
      usage: this.#meter.of(runner),
    }))
    const containers = measured.flatMap(({ name, usage }) => (usage === null ? [] : [{ name, ...usage }]))
    const [first] = containers
    if (first === undefined || containers.length < worker.containers.length) return null
    return { containers, at: first.at, windowMs: first.windowMs }
  }

  /** The pid of a container's first process, for faults that act on the process itself. */
  pidOf(pod: Pod, container: string): number | null {
    return this.#runner(pod, container)?.runner.pid ?? null
  }

  kill(pod: Pod): void {
    this.#workers.get(pod.metadata?.uid ?? '')?.kill()
  }
}

/** Collects what a short command prints. */
export function collector(): { stream: PassThrough; text(): string } {
  const stream = new PassThrough()
  const chunks: Buffer[] = []
  stream.on('data', (chunk: Buffer) => chunks.push(chunk))
  return { stream, text: () => Buffer.concat(chunks).toString('utf8') }
}
