import { lstat, readdir } from 'node:fs/promises'
import path from 'node:path'
import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1.js'
import { nameOf, namespaceOf } from '../object.ts'
import { quantity } from '../quantity.ts'
import type { Store } from '../store.ts'

const MEASURE_EVERY_MS = 4_000

/** Where the files of a claim lie; they outlive the pods that mount it. */
export const claimDir = (nodeDir: string, namespace: string, name: string): string =>
  path.join(nodeDir, 'claims', namespace, name)

export interface ClaimUsage {
  namespace: string
  name: string
  usedBytes: number
  /** What the claim asks for. It is not enforced: only `emptyDir` with a size is a disk of its own. */
  capacityBytes: number
}

/** Measures what the files of the claims use, again and again. */
export function meterClaims(store: Store, nodeDir: string): { usage(): ClaimUsage[]; stop(): void } {
  let measured: ClaimUsage[] = []
  let busy = false
  const measure = async (): Promise<void> => {
    if (busy) return
    busy = true
    const claims = store.list('persistentvolumeclaims' as string) as PersistentVolumeClaim[]
    measured = await Promise.all(
      claims.map(async (claim) => {
        const [namespace, name] = [namespaceOf(claim), nameOf(claim)]
        const capacityBytes = quantity(claim.spec?.resources?.requests?.['storage'] ?? '0')
        return {
          namespace,
          name,
          capacityBytes,
          usedBytes: await bytesIn(claimDir(nodeDir, namespace, name)),
        }
      }),
    )
    busy = false
  }
  const timer = setInterval(() => void measure(), MEASURE_EVERY_MS)
  void measure()
  return { usage: () => measured, stop: () => clearInterval(timer) }
}

async function bytesIn(dir: string): Promise<number> {
  const files = await readdir(dir, { recursive: true, withFileTypes: true }).catch(() => [])
  let bytes = 0
  for (const file of files) {
    // a database removes files while they are counted
    if (file.isFile())
      bytes += (await lstat(path.join(file.parentPath, file.name)).catch(() => null))?.size ?? 0
  }
  return bytes
}
