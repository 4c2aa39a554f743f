import { rmSync } from 'node:fs'
import { chmod, readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { z } from 'zod'
import { FAULT_KINDS } from '../cluster/world/fault.ts'
import { startTimeOf } from '../cluster/kubelet/processes.ts'

const injected = z.object({ kind: z.enum(FAULT_KINDS), at: z.string() })

const record = z.object({
  pid: z.number().int(),
  /** Of the process, in the kernel's own form: with the pid it names one process for good. */
  started: z.string(),
  startedAt: z.string(),
  namespace: z.string(),
  kubeconfig: z.string(),
  manifests: z.string(),
  speed: z.number(),
  services: z.record(z.string(), z.string()),
  control: z.object({ url: z.string(), token: z.string() }),
  faults: z.array(injected),
})

/** What a sandbox that runs says of itself; readable by its owner alone. */
export type SandboxRecord = z.output<typeof record>

const fileOf = (dataDir: string): string => path.join(dataDir, 'sandbox.json')

export async function writeRecord(dataDir: string, value: SandboxRecord): Promise<void> {
  await writeFile(fileOf(dataDir), `${JSON.stringify(value, null, 2)}\n`, { mode: 0o600 })
  await chmod(fileOf(dataDir), 0o600)
}

export const removeRecord = (dataDir: string): void => rmSync(fileOf(dataDir), { force: true })

/** The sandbox that runs in this folder; `null` when none does, or the one recorded is gone. */
export async function readRecord(dataDir: string): Promise<SandboxRecord | null> {
  try {
    const found = record.parse(JSON.parse(await readFile(fileOf(dataDir), 'utf8')))
    return isAlive(found) ? found : null
  } catch {
    return null
  }
}

export const isAlive = ({ pid, started }: Pick<SandboxRecord, 'pid' | 'started'>): boolean =>
  startTimeOf(pid) === started
