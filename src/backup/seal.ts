import { createHash } from 'node:crypto'
import { createReadStream, createWriteStream } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Readable, Transform } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { AppError, messageOf } from '../base/error.ts'
import { decryptWith, encryptFor } from './age.ts'

const LEVEL = 3

export interface Sealed {
  plainBytes: number
  sizeBytes: number
  /** Of what is in the file. */
  sha256: string
}

/**
 * Compresses (zstd), encrypts (age) and writes a stream into a new file, synced to disk. Memory does not grow with it.
 * @throws AppError `data_unwritable` for a full disk; the file is then gone.
 */
export async function sealTo(
  file: string,
  stream: Readable,
  recipients: readonly string[],
  signal: AbortSignal,
): Promise<Sealed> {
  const plain = counter()
  const stored = counter()
  const encrypt = await encryptFor(recipients)
  const compress = createZstdCompress({
    params: { [constants.ZSTD_c_compressionLevel]: LEVEL, [constants.ZSTD_c_checksumFlag]: 1 },
  })
  // `flush`: synced to disk before it is closed
  const sink = createWriteStream(file, { flags: 'wx', mode: 0o600, flush: true, highWaterMark: 1_048_576 })
  try {
    await pipeline(stream, plain.stream, compress, encrypt, stored.stream, sink, { signal })
    return { plainBytes: plain.bytes(), sizeBytes: stored.bytes(), sha256: stored.sha256() }
  } catch (error) {
    await rm(file, { force: true })
    throw unwritable(file, error)
  }
}

/** The plain stream of a sealed file. It fails with `backup_damaged` or `backup_key`. */
export const unseal = (file: string, identities: readonly string[], signal: AbortSignal): Readable =>
  Readable.from(plainOf(file, identities, signal), { objectMode: false, highWaterMark: 1_048_576 })

async function* plainOf(
  file: string,
  identities: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const source = createReadStream(file, { highWaterMark: 1_048_576 })
  const plain = createZstdDecompress()
  // a fault anywhere ends the last stream with it
  pipeline(source, decryptWith(identities), plain, { signal }).catch(() => undefined)
  try {
    for await (const chunk of plain) yield chunk as Buffer
  } catch (error) {
    throw isZstd(error) ? undecompressed(error) : error
  }
}

/** @throws AppError `backup_damaged` where the file is not what the manifest says. */
export async function checkSum(
  file: string,
  expected: { sizeBytes: number; sha256: string },
  signal: AbortSignal,
): Promise<void> {
  const read = counter()
  await pipeline(
    createReadStream(file, { highWaterMark: 1_048_576 }),
    read.stream,
    async (source: AsyncIterable<Buffer>) => {
      for await (const _ of source) signal.throwIfAborted()
    },
    { signal },
  )
  if (read.bytes() !== expected.sizeBytes)
    throw damaged(`it has ${read.bytes()} bytes instead of ${expected.sizeBytes}`)
  if (read.sha256() !== expected.sha256) throw damaged('its bytes are not those that were written (SHA-256)')
}

function counter(): { stream: Transform; bytes(): number; sha256(): string } {
  const hash = createHash('sha256')
  let bytes = 0
  return {
    stream: new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length
        hash.update(chunk)
        done(null, chunk)
      },
    }),
    bytes: () => bytes,
    sha256: () => hash.digest('hex'),
  }
}

const codeOf = (error: unknown): string => {
  const code = (error as { code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

const isZstd = (error: unknown): boolean => codeOf(error).startsWith('ZSTD_')

const undecompressed = (error: unknown): AppError => damaged(`it cannot be decompressed: ${messageOf(error)}`)

const damaged = (how: string): AppError =>
  new AppError('backup_damaged', `the backup was damaged: ${how}`, {
    action: 'Take another backup of the list; find out what changed this one.',
  })

/** What a write to a folder failed of, where the disk or its permissions are the reason. */
export function unwritable(file: string, error: unknown): unknown {
  const code = codeOf(error)
  if (!['ENOSPC', 'EDQUOT', 'EACCES', 'EPERM', 'EROFS', 'ENOENT', 'ENOTDIR'].includes(code)) return error
  const full = code === 'ENOSPC' || code === 'EDQUOT'
  return new AppError('data_unwritable', `${file} cannot be written: ${messageOf(error)}`, {
    action: full
      ? 'Free space there, or name another folder; no backup was made.'
      : 'Give erlmcp the right to write there, or name another folder.',
    cause: error,
  })
}
