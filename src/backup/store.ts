import type { Readable } from 'node:stream'

export interface StoredObject {
  key: string
  sizeBytes: number
}

/** A place that keeps files by key (`orders/20261124T…`). A key is there whole or not at all. */
export interface BackupStore {
  /** For people: `folder /var/backups`, `s3 bucket/prefix`. */
  where: string
  /** A folder where a file is best made before it is put; `null`: any. */
  spool: string | null
  /** Keeps the file under the key; the file is gone or moved afterwards. @throws AppError `unavailable`, `data_unwritable` */
  put(file: string, key: string, signal: AbortSignal): Promise<void>
  /** @throws AppError `not_found` */
  open(key: string, signal: AbortSignal): Promise<Readable>
  list(prefix: string, signal: AbortSignal): Promise<StoredObject[]>
  /** Whether it is gone; `false` where a lock on the object holds it. A missing one is gone. */
  remove(key: string, signal: AbortSignal): Promise<boolean>
}
