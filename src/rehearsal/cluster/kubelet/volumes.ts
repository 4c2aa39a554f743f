import { mkdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Container, Pod, Volume } from 'kubernetes-types/core/v1.js'
import { quantity } from '../quantity.ts'
import type { Store } from '../store.ts'
import { namespaceOf } from '../object.ts'
import { claimDir } from './claims.ts'
import { ConfigError, dataOf } from './environment.ts'
import type { Mount } from './isolation.ts'

/** Volumes with a size of their own, which the pod's sandbox mounts. */
export function sizedVolumes(pod: Pod, podDir: string): { dir: string; bytes: number }[] {
  return (pod.spec?.volumes ?? [])
    .filter((volume) => volume.emptyDir?.sizeLimit !== undefined)
    .map((volume) => ({ dir: volumeDir(podDir, volume.name), bytes: quantity(volume.emptyDir?.sizeLimit) }))
}

const volumeDir = (podDir: string, name: string): string => path.join(podDir, 'volumes', name)

/** Writes what ConfigMaps and Secrets hold into the volumes and says where each is mounted. */
export function mountsOf(
  store: Store,
  pod: Pod,
  container: Container,
  dirs: { pod: string; node: string },
): Mount[] {
  return (container.volumeMounts ?? []).map((mount) => {
    const volume = pod.spec?.volumes?.find((item) => item.name === mount.name)
    const dir = volume === undefined ? volumeDir(dirs.pod, mount.name) : fill(store, pod, volume, dirs)
    return { at: mount.mountPath, from: mount.subPath === undefined ? dir : path.join(dir, mount.subPath) }
  })
}

function folderOf(store: Store, pod: Pod, volume: Volume, dirs: { pod: string; node: string }): string {
  const { hostPath, persistentVolumeClaim: claim } = volume
  if (hostPath !== undefined) return path.join(dirs.node, 'host', path.resolve('/', hostPath.path))
  if (claim === undefined) return volumeDir(dirs.pod, volume.name)
  const namespace = namespaceOf(pod)
  if (store.find('persistentvolumeclaims' as string, namespace, claim.claimName) === undefined)
    throw new ConfigError(`persistentvolumeclaim "${claim.claimName}" not found`)
  return claimDir(dirs.node, namespace, claim.claimName)
}

/** Paths of the host are paths below the node's folder: a pod cannot reach the machine's files. */
function fill(store: Store, pod: Pod, volume: Volume, dirs: { pod: string; node: string }): string {
  const dir = folderOf(store, pod, volume, dirs)
  mkdirSync(dir, { recursive: true })
  const source = volume.configMap ?? volume.secret
  if (source === undefined) return dir
  const kind = volume.configMap === undefined ? 'secret' : 'configmap'
  const name = volume.configMap?.name ?? volume.secret?.secretName ?? ''
  const data = dataOf(store, pod, kind, name)
  if (data === null && source.optional !== true) {
    throw new ConfigError(
      `MountVolume.SetUp failed for volume "${volume.name}" : ${kind} "${name}" not found`,
    )
  }
  const wanted =
    source.items?.map((item) => [item.path, data?.[item.key] ?? ''] as const) ?? Object.entries(data ?? {})
  for (const [file, text] of wanted) writeFileSync(path.join(dir, file), text)
  return dir
}
