import { createReadStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import type { Bucket } from '@google-cloud/storage'
import { AppError, messageOf } from '../../base/error.ts'
import type { BackupStore } from '../store.ts'

export interface GcsOptions {
  bucket: string
  prefix: string
  /** `null`: Google's. */
  endpoint: string | null
  /** Key of a service account; `null`: what the SDK finds. */
  keyFile: string | null
}

const CHUNK_BYTES = 8 * 1_048_576

/** Google Cloud Storage by its SDK: resumable uploads in chunks of 8 MiB, checked by CRC32C. */
export function gcsStore(options: GcsOptions): BackupStore {
  const { prefix } = options
  let opened: Promise<Bucket> | null = null
  const bucket = (): Promise<Bucket> => (opened ??= openBucket(options))
  const full = (key: string): string => (prefix === '' ? key : `${prefix.replace(/\/+$/, '')}/${key}`)
  const where = `gcs ${options.bucket}${prefix === '' ? '' : `/${prefix}`}`
  const told = async <T>(body: () => Promise<T>): Promise<T> => {
    try {
      return await body()
    } catch (error) {
      throw away(where, error)
    }
  }
  return {
    where,
    spool: null,
    async put(file, key, signal) {
      await told(async () => {
        const object = (await bucket()).file(full(key))
        const sink = object.createWriteStream({
          resumable: true,
          chunkSize: CHUNK_BYTES,
          validation: 'crc32c',
        })
        await pipeline(createReadStream(file, { highWaterMark: 1_048_576 }), sink, { signal })
      })
      await rm(file, { force: true })
    },
    open: (key) =>
      told(async () => {
        const object = (await bucket()).file(full(key))
        const [exists] = await object.exists()
        if (!exists)
          throw new AppError('not_found', `${where} does not have ${key}`, {
            action: 'It was removed there, or the bucket or prefix is another.',
          })
        // the manifest's SHA-256 says more than their checksum
        return object.createReadStream({ validation: false })
      }),
    list: (under) =>
      told(async () => {
        const [files] = await (await bucket()).getFiles({ prefix: full(under) })
        return files.map(({ name, metadata }) => ({
          key: name.slice(full('').length),
          sizeBytes: Number(metadata.size ?? 0),
        }))
      }),
    remove: (key) =>
      told(async () => {
        try {
          await (await bucket()).file(full(key)).delete({ ignoreNotFound: true })
          return true
        } catch (error) {
          // a retention policy or a hold: it stays until that lets it go
          if ((error as { code?: unknown } | null)?.code === 403) return false
          throw error
        }
      }),
  }
}

async function openBucket(options: GcsOptions): Promise<Bucket> {
  const { Storage } = await import('@google-cloud/storage')
  const storage = new Storage({
    ...(options.endpoint === null ? {} : { apiEndpoint: options.endpoint }),
    ...(options.keyFile === null ? {} : { keyFilename: options.keyFile }),
  })
  return storage.bucket(options.bucket)
}

function away(where: string, error: unknown): unknown {
  if (error instanceof AppError) return error
  const code = (error as { code?: unknown } | null)?.code
  if (code === 401 || code === 403)
    return new AppError('forbidden', `${where} refuses the credentials: ${messageOf(error)}`, {
      action: 'Give them the rights to create, get, list and delete objects of the bucket.',
      cause: error,
    })
  return new AppError('unavailable', `${where} does not answer as it should: ${messageOf(error)}`, {
    action: 'Look at the service and the way to it; the operation can be tried again.',
    retryable: true,
    cause: error,
  })
}
