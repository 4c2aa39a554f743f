import { constants, createDeflate, createInflate } from 'node:zlib'
import type { Deflate, Inflate } from 'node:zlib'

/** The preset dictionary of SPDY/3 header compression: counted words, then a tail (draft-mbelshe-httpbis-spdy-00, 2.6.10.1). */
const WORDS = `options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age
allow authorization cache-control connection content-base content-encoding content-language content-length
content-location content-md5 content-range content-type date etag expect expires from host if-match
if-modified-since if-none-match if-range if-unmodified-since last-modified location max-forwards pragma
proxy-authenticate proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade
user-agent vary via warning www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie
keep-alive origin`
const TAIL = `100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden404 Not Found500 Internal Server Error501 Not Implemented503 Service UnavailableJan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMTchunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.`

const counted = (word: string): Buffer => {
  const length = Buffer.alloc(4)
  length.writeUInt32BE(word.length)
  return Buffer.concat([length, Buffer.from(word)])
}

export const DICTIONARY = Buffer.concat([
  ...WORDS.split(/\s+/).map((word) => counted(word.replace('_', ' '))),
  Buffer.from(TAIL),
])

const TYPE = { synStream: 1, synReply: 2, reset: 3, ping: 6 } as const
const FIN = 1
const CHUNK = 32 * 1024

export interface SpdyStream {
  headers: Record<string, string>
  onData: (chunk: Buffer) => void
  onEnd: () => void
  send(chunk: Buffer): void
  end(): void
}

/** The server's side of a SPDY/3.1 connection, as far as port-forward uses it. */
export class SpdyConnection {
  #buffer = Buffer.alloc(0)
  #streams = new Map<number, SpdyStream>()
  #inflate: Inflate = createInflate({ dictionary: DICTIONARY, finishFlush: constants.Z_SYNC_FLUSH })
  #deflate: Deflate = createDeflate({ dictionary: DICTIONARY })
  #write: (bytes: Buffer) => void
  #onStream: (stream: SpdyStream) => void
  #work: Promise<void> = Promise.resolve()

  constructor(write: (bytes: Buffer) => void, onStream: (stream: SpdyStream) => void) {
    this.#write = write
    this.#onStream = onStream
  }

  receive(bytes: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, bytes])
    while (this.#buffer.length >= 8) {
      const length = this.#buffer.readUIntBE(5, 3)
      if (this.#buffer.length < 8 + length) return
      const frame = this.#buffer.subarray(0, 8 + length)
      this.#buffer = this.#buffer.subarray(8 + length)
      // header blocks share one compression state, so frames are handled one after the other
      this.#work = this.#work.then(() => this.#handle(frame)).catch(() => undefined)
    }
  }

  async #handle(frame: Buffer): Promise<void> {
    const flags = frame[4] ?? 0
    const payload = frame.subarray(8)
    if ((frame[0] ?? 0) < 0x80) {
      this.#data(frame.readUInt32BE(0), payload, (flags & FIN) !== 0)
      return
    }
    const type = frame.readUInt16BE(2)
    if (type === TYPE.synStream) await this.#open(payload)
    if (type === TYPE.ping) this.#write(frame)
    if (type === TYPE.reset) this.#data(payload.readUInt32BE(0), Buffer.alloc(0), true)
  }

  async #open(payload: Buffer): Promise<void> {
    const id = payload.readUInt32BE(0)
    const headers = headersOf(await transform(this.#inflate, payload.subarray(10)))
    const stream: SpdyStream = {
      headers,
      onData: () => undefined,
      onEnd: () => undefined,
      send: (chunk) => {
        for (let at = 0; at < chunk.length; at += CHUNK)
          this.#write(dataFrame(id, chunk.subarray(at, at + CHUNK), 0))
      },
      end: () => this.#write(dataFrame(id, Buffer.alloc(0), FIN)),
    }
    this.#streams.set(id, buffered(stream))
    const block = await transform(this.#deflate, Buffer.alloc(4))
    this.#write(controlFrame(TYPE.synReply, Buffer.concat([payload.subarray(0, 4), block])))
    this.#onStream(stream)
  }

  #data(id: number, payload: Buffer, last: boolean): void {
    const entry = this.#streams.get(id)
    if (entry === undefined) return
    if (payload.length > 0) entry.onData(payload)
    if (!last) return
    entry.onEnd()
    this.#streams.delete(id)
  }
}

/** Keeps what arrives before the pod's port is connected, and hands it over when a receiver is set. */
function buffered(stream: SpdyStream): SpdyStream {
  let data: ((chunk: Buffer) => void) | null = null
  let end: (() => void) | null = null
  const early: Buffer[] = []
  let ended = false
  Object.defineProperties(stream, {
    onData: {
      get: () => (chunk: Buffer) => (data === null ? early.push(chunk) : data(chunk)),
      set: (receiver: (chunk: Buffer) => void) => {
        data = receiver
        for (const chunk of early.splice(0)) receiver(chunk)
      },
    },
    onEnd: {
      get: () => () => {
        ended = true
        end?.()
      },
      set: (receiver: () => void) => {
        end = receiver
        if (ended) receiver()
      },
    },
  })
  return stream
}

function transform(stream: Inflate | Deflate, input: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const collect = (chunk: Buffer): void => void chunks.push(chunk)
    stream.on('data', collect)
    stream.once('error', reject)
    stream.write(input)
    stream.flush(constants.Z_SYNC_FLUSH, () => {
      stream.off('data', collect)
      stream.off('error', reject)
      resolve(Buffer.concat(chunks))
    })
  })
}

function headersOf(block: Buffer): Record<string, string> {
  let offset = 0
  const number = (): number => {
    const value = block.readUInt32BE(offset)
    offset += 4
    return value
  }
  const text = (): string => {
    const length = number()
    offset += length
    return block.subarray(offset - length, offset).toString('utf8')
  }
  return Object.fromEntries(Array.from({ length: number() }, () => [text(), text()] as const))
}

function controlFrame(type: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(0x8003, 0)
  head.writeUInt16BE(type, 2)
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function dataFrame(id: number, payload: Buffer, flags: number): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(id, 0)
  head[4] = flags
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}
