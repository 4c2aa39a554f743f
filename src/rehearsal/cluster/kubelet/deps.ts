import type { Pod } from 'kubernetes-types/core/v1.js'
import type { EventRecorder } from '../events.ts'
import type { Ports } from '../network/ports.ts'
import type { Store } from '../store.ts'
import type { ImageSources } from './images.ts'
import type { Isolation } from './isolation.ts'

export interface KubeletDeps {
  store: Store
  events: EventRecorder
  isolation: Isolation
  images: ImageSources
  now(): Date
  /** Folder for the pods of this sandbox. */
  podsDir: string
  /** Folder that stands for the disk of the node. */
  nodeDir: string
  path: string
  /** Back-offs and probe-free waits are divided by this. */
  speed: number
  ports: Ports
  allocatePodIp(): string
  releasePodIp(ip: string): void
  hostsFile(pod: Pod): string
  /** Folder with the token of the pod's service account. */
  tokenDir(pod: Pod): string
  /** What every container gets to know of the cluster. */
  clusterEnv(pod: Pod): Record<string, string>
  log(message: string): void
}
