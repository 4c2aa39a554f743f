import type { Container, Pod } from 'kubernetes-types/core/v1.js'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { Store } from '../store.ts'
import type { User } from './request.ts'

export interface LogQuery {
  container: string
  follow: boolean
  previous: boolean
  tailLines: number | undefined
  sinceSeconds: number | undefined
  sinceTime: string | undefined
  timestamps: boolean
  limitBytes: number | undefined
}

export interface ExecOptions {
  command: readonly string[]
  container: string
  tty: boolean
  /** `null`: the command gets no input. */
  stdin: Readable | null
  stdout: Writable
  stderr: Writable
  size?: { columns: number; rows: number }
}

export interface AttachStreams {
  out: Writable
  input: Readable | null
}

/** A command that runs in a container. */
export interface ExecSession {
  /** How it ended; a message instead when it could not be started. */
  ended: Promise<{ code: number } | { failure: string }>
  resize(columns: number, rows: number): void
  kill(): void
}

/** What the server needs from the nodes. */
export interface Nodes {
  logs(pod: Pod, query: LogQuery, signal: AbortSignal): Promise<Readable>
  exec(pod: Pod, options: ExecOptions): ExecSession
  /** Attaches to the output of the running container, and to its input when it has one. */
  attach(pod: Pod, container: string, streams: AttachStreams, signal: AbortSignal): void
  connect(pod: Pod, port: number): Promise<Duplex>
  usage(pod: Pod): {
    containers: { name: string; cpuCores: number; cpuSeconds: number; memoryBytes: number }[]
    at: Date
    windowMs: number
  } | null
  kill(pod: Pod): void
}

export interface ApiContext {
  store: Store
  now(): Date
  nodes: Nodes
  /** The identity behind a bearer token. */
  identify(token: string): User | null
  issueToken(namespace: string, account: string): string
  /** Gives a service its address; called before it is stored. */
  allocateClusterIp(): string
  log(message: string): void
}

export function findContainer(pod: Pod, name: string | null): Container | undefined {
  const containers = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])]
  return name === null ? containers[0] : containers.find((container) => container.name === name)
}
