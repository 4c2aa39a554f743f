import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto'
import { Transform } from 'node:stream'
import type { TransformCallback } from 'node:stream'
import { AppError, messageOf } from '../base/error.ts'

/*
 * The age format (age-encryption.org/v1): any `age -d -i KEY` reads what is written here. Keys and header are the
 * library's; the payload is sealed by Node's own cipher, which is some eight times as fast.
 */

const CHUNK = 65_536
const TAG = 16
const NONCE = 16
const HEADER_LIMIT = 65_536
const END_OF_HEADER = /\n--- [A-Za-z0-9+/]{43}\n/
const ALGORITHM = 'chacha20-poly1305'

/** A new key: `identity` is secret (`AGE-SECRET-KEY-1…`), `recipient` encrypts for it (`age1…`). */
export async function generateKey(): Promise<{ identity: string; recipient: string }> {
  const { generateX25519Identity, identityToRecipient } = await import('age-encryption')
  const identity = await generateX25519Identity()
  return { identity, recipient: await identityToRecipient(identity) }
}

export async function recipientOf(identity: string): Promise<string> {
  const { identityToRecipient } = await import('age-encryption')
  return identityToRecipient(identity)
}

/** Encrypts a stream for recipients; memory is one chunk of 64 KiB. @throws AppError `input_invalid` */
export async function encryptFor(recipients: readonly string[]): Promise<Transform> {
  const { Encrypter } = await import('age-encryption')
  let fileKey: Uint8Array | null = null
  const encrypter = new Encrypter()
  try {
    for (const recipient of recipients) encrypter.addRecipient(recipient)
  } catch (error) {
    throw new AppError('input_invalid', `a recipient of the backups is no age key: ${messageOf(error)}`, {
      action: 'Write the public half, `age1…`; `erlmcp backup keygen` makes a pair.',
    })
  }
  // sees the key of this one file, and adds nothing to the header
  encrypter.addRecipient({
    wrapFileKey(key) {
      fileKey = Uint8Array.from(key)
      return []
    },
  })
  const empty = Buffer.from(await encrypter.encrypt(new Uint8Array()))
  const end = endOfHeader(empty)
  if (fileKey === null || end === null) throw new Error('the age library gave no header')
  return new Seal(fileKey, empty.subarray(0, end))
}

/**
 * Decrypts a stream. The stream fails with `backup_key` where no identity fits, and with `backup_damaged` for a byte
 * that was changed or an end that is missing: nothing after the damage comes out.
 */
export const decryptWith = (identities: readonly string[]): Transform => new Open(identities)

/** Chunks with a counter and a mark on the last one: order and end are part of what is authenticated. */
abstract class Chunks extends Transform {
  readonly #parts: Buffer[] = []
  #held = 0
  #counter = 0n
  abstract readonly chunkSize: number

  /** Hands on every whole chunk that is certainly not the last one. */
  protected feed(data: Buffer): void {
    this.#parts.push(data)
    this.#held += data.length
    if (this.#held <= this.chunkSize) return
    const all = Buffer.concat(this.#parts)
    let at = 0
    for (; all.length - at > this.chunkSize; at += this.chunkSize)
      this.push(this.chunk(all.subarray(at, at + this.chunkSize), this.nonce(false)))
    this.#parts.length = 0
    this.#parts.push(all.subarray(at))
    this.#held = all.length - at
  }

  protected finish(): void {
    const last = this.chunk(Buffer.concat(this.#parts), this.nonce(true))
    if (last.length > 0) this.push(last)
  }

  protected abstract chunk(data: Buffer, nonce: Buffer): Buffer

  private nonce(last: boolean): Buffer {
    const nonce = Buffer.alloc(12)
    nonce.writeBigUInt64BE(this.#counter, 3)
    nonce[11] = last ? 1 : 0
    this.#counter += 1n
    return nonce
  }
}

const payloadKey = (fileKey: Uint8Array, nonce: Uint8Array): Buffer =>
  Buffer.from(hkdfSync('sha256', fileKey, nonce, 'payload', 32))

class Seal extends Chunks {
  readonly chunkSize = CHUNK
  readonly #key: Buffer

  constructor(fileKey: Uint8Array, header: Buffer) {
    super()
    const nonce = randomBytes(NONCE)
    this.#key = payloadKey(fileKey, nonce)
    this.push(Buffer.concat([header, nonce]))
  }

  override _transform(data: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    this.feed(data)
    done()
  }

  override _flush(done: TransformCallback): void {
    this.finish()
    done()
  }

  protected chunk(data: Buffer, nonce: Buffer): Buffer {
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG })
    return Buffer.concat([cipher.update(data), cipher.final(), cipher.getAuthTag()])
  }
}

class Open extends Chunks {
  readonly chunkSize = CHUNK + TAG
  readonly #identities: readonly string[]
  #key: Buffer | null = null
  #head = Buffer.alloc(0)

  constructor(identities: readonly string[]) {
    super()
    this.#identities = identities
  }

  override _transform(data: Buffer, _encoding: BufferEncoding, done: TransformCallback): void {
    // oxlint-disable-next-line promise/no-callback-in-promise -- a transform ends its turn in no other way
    this.#take(data).then(() => done(), done)
  }

  override _flush(done: TransformCallback): void {
    try {
      if (this.#key === null) throw damaged('it ends in its header')
      this.finish()
      done()
    } catch (error) {
      done(error as Error)
    }
  }

  protected chunk(data: Buffer, nonce: Buffer): Buffer {
    if (this.#key === null || data.length < TAG) throw damaged('it was cut off')
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG })
    decipher.setAuthTag(data.subarray(-TAG))
    try {
      return Buffer.concat([decipher.update(data.subarray(0, -TAG)), decipher.final()])
    } catch {
      throw damaged('its bytes were changed or cut off')
    }
  }

  async #take(data: Buffer): Promise<void> {
    if (this.#key !== null) {
      this.feed(data)
      return
    }
    this.#head = Buffer.concat([this.#head, data])
    const end = endOfHeader(this.#head)
    if (end === null) {
      if (this.#head.length > HEADER_LIMIT) throw damaged('it is not encrypted in the age format')
      return
    }
    if (this.#head.length < end + NONCE) return
    const fileKey = await unwrap(this.#identities, this.#head.subarray(0, end))
    this.#key = payloadKey(fileKey, this.#head.subarray(end, end + NONCE))
    const rest = this.#head.subarray(end + NONCE)
    this.#head = Buffer.alloc(0)
    this.feed(rest)
  }
}

async function unwrap(identities: readonly string[], header: Buffer): Promise<Uint8Array> {
  const { Decrypter } = await import('age-encryption')
  const decrypter = new Decrypter()
  for (const identity of identities) decrypter.addIdentity(identity)
  try {
    return await decrypter.decryptHeader(Uint8Array.from(header))
  } catch (error) {
    if (!/no identity matched/i.test(messageOf(error))) throw damaged('its header was changed')
    throw new AppError('backup_key', 'no key that erlmcp has opens this backup', {
      action: 'Set `backup.identityFile` to the key that it was encrypted for.',
    })
  }
}

const damaged = (how: string): AppError =>
  new AppError('backup_damaged', `the backup cannot be read: ${how}`, {
    action: 'Take another backup of the list; find out what changed this one.',
  })

function endOfHeader(data: Buffer): number | null {
  const text = data.subarray(0, HEADER_LIMIT).toString('latin1')
  const found = END_OF_HEADER.exec(text)
  return found === null ? null : found.index + found[0].length
}
