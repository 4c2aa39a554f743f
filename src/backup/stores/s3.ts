import { createReadStream } from 'node:fs'
import { readFile, rm } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import type { S3Client, S3ClientConfig } from '@aws-sdk/client-s3'
import { AppError, messageOf } from '../../base/error.ts'
import type { BackupStore, StoredObject } from '../store.ts'

export interface S3Options {
  bucket: string
  prefix: string
  region: string
  /** `null`: Amazon's. */
  endpoint: string | null
  /** Holds `accessKeyId:secretAccessKey`; `null`: what the SDK finds. */
  credentialsFile: string | null
}

const PART_BYTES = 16 * 1_048_576
const PARALLEL_PARTS = 3
const TRIES = 5

/**
 * S3 and what speaks its protocol, by Amazon's SDK: in parts that are sent again one by one, in memory 16 MiB times
 * three. An object is there when all its parts are. Parts of an upload that a crash ended are the bucket's to expire
 * (AbortIncompleteMultipartUpload).
 */
export function s3Store(options: S3Options): BackupStore {
  const { bucket, prefix } = options
  let opened: Promise<S3Client> | null = null
  const client = (): Promise<S3Client> => (opened ??= openClient(options))
  const full = (key: string): string => (prefix === '' ? key : `${prefix.replace(/\/+$/, '')}/${key}`)
  const where = `s3 ${bucket}${prefix === '' ? '' : `/${prefix}`}`
  return {
    where,
    spool: null,
    async put(file, key, signal) {
      const [{ Upload }, s3] = await Promise.all([import('@aws-sdk/lib-storage'), client()])
      const upload = new Upload({
        client: s3,
        params: {
          Bucket: bucket,
          Key: full(key),
          Body: createReadStream(file, { highWaterMark: PART_BYTES }),
        },
        partSize: PART_BYTES,
        queueSize: PARALLEL_PARTS,
      })
      signal.addEventListener('abort', () => void upload.abort(), { once: true })
      await upload.done().catch((error: unknown) => {
        throw away(where, error)
      })
      await rm(file, { force: true })
    },
    async open(key, signal) {
      const [{ GetObjectCommand }, s3] = await Promise.all([import('@aws-sdk/client-s3'), client()])
      const got = await s3
        .send(new GetObjectCommand({ Bucket: bucket, Key: full(key) }), { abortSignal: signal })
        .catch((error: unknown) => {
          throw away(where, error)
        })
      // under Node it is always one of these
      return got.Body as Readable
    },
    async list(under, signal) {
      const [{ paginateListObjectsV2 }, s3] = await Promise.all([import('@aws-sdk/client-s3'), client()])
      const found: StoredObject[] = []
      try {
        const pages = paginateListObjectsV2({ client: s3 }, { Bucket: bucket, Prefix: full(under) })
        for await (const page of pages) {
          signal.throwIfAborted()
          for (const { Key, Size } of page.Contents ?? [])
            if (Key !== undefined) found.push({ key: Key.slice(full('').length), sizeBytes: Size ?? 0 })
        }
      } catch (error) {
        throw away(where, error)
      }
      return found
    },
    async remove(key, signal) {
      const [{ DeleteObjectCommand }, s3] = await Promise.all([import('@aws-sdk/client-s3'), client()])
      try {
        await s3.send(new DeleteObjectCommand({ Bucket: bucket, Key: full(key) }), { abortSignal: signal })
        return true
      } catch (error) {
        // object lock, a bucket policy: it stays until that lets it go
        if (statusOf(error) === 403) return false
        throw away(where, error)
      }
    },
  }
}

async function openClient(options: S3Options): Promise<S3Client> {
  const { S3Client: Client } = await import('@aws-sdk/client-s3')
  const config: S3ClientConfig = {
    region: options.region,
    maxAttempts: TRIES,
    // only where the service asks: others do not know the newer checksums
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  }
  if (options.endpoint !== null) Object.assign(config, { endpoint: options.endpoint, forcePathStyle: true })
  if (options.credentialsFile !== null) config.credentials = await credentialsIn(options.credentialsFile)
  return new Client(config)
}

async function credentialsIn(file: string): Promise<{ accessKeyId: string; secretAccessKey: string }> {
  const text = await readFile(file, 'utf8').catch((error: unknown) => {
    throw new AppError('not_found', `the credentials of the store cannot be read: ${messageOf(error)}`, {
      action: 'Put them into the file that `credentialsFile` names.',
    })
  })
  const [accessKeyId = '', secretAccessKey = ''] = text.trim().split(/:(.*)/s)
  if (accessKeyId !== '' && secretAccessKey !== '') return { accessKeyId, secretAccessKey }
  throw new AppError('input_invalid', `${file} holds no credentials`, {
    action: 'Write accessKeyId:secretAccessKey into it, and nothing else.',
  })
}

const statusOf = (error: unknown): number | undefined =>
  (error as { $metadata?: { httpStatusCode?: number } } | null)?.$metadata?.httpStatusCode

function away(where: string, error: unknown): unknown {
  if (error instanceof AppError) return error
  const status = statusOf(error)
  const details = { cause: error, data: { where } }
  if (status === 404)
    return new AppError('not_found', `${where} does not have it: ${messageOf(error)}`, {
      action: 'It was removed there, or the bucket or prefix is another.',
      ...details,
    })
  if (status === 401 || status === 403)
    return new AppError('forbidden', `${where} refuses the credentials: ${messageOf(error)}`, {
      action: 'Give them the rights to put, get, list and delete objects under the prefix.',
      ...details,
    })
  return new AppError('unavailable', `${where} does not answer as it should: ${messageOf(error)}`, {
    action: 'Look at the service and the way to it; the operation can be tried again.',
    retryable: true,
    ...details,
  })
}
