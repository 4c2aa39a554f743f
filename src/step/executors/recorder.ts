import type { Readable } from 'node:stream'
import { delay } from '../../base/clock.ts'
import type { Redactor } from '../../base/redact.ts'
import type { OutputSink, OutputStream } from '../model.ts'

const FLUSH_BYTES = 65_536
const FLUSH_MS = 100
const TAIL_BYTES = 4_096
/** After the limit output is only counted; a short pause per MiB keeps an endless writer from taking a whole core. */
const DROPPING_PAUSE_BYTES = 1_048_576
const DROPPING_PAUSE_MS = 5

export interface RecorderOptions {
  executionId: string
  sink: OutputSink
  redactor: Redactor
  now: () => Date
  maxOutputBytes: number
  /** In the messages of bash, the file that holds the script becomes this. */
  rename: { from: string; to: string }
  /** Gives up waiting for the store. */
  signal: AbortSignal
}

export interface Recorder {
  /** Reads until the stream ends; rejects when the store refuses the output. Memory stays below about 1 MiB. */
  record(stream: OutputStream, source: Readable): Promise<void>
  /** A line of erlmcp's own in the output. */
  note(message: string): Promise<void>
  /** Bytes read so far, and for how long nothing has come while it was ready to read. */
  progress(): { bytes: number; idleMs: number }
  /** Call once, after all streams have ended. */
  finish(): Promise<{ outputBytes: number; truncated: boolean; tail: string }>
}

/** Redacts, batches and stores the output of one command. */
export function createRecorder(options: RecorderOptions): Recorder {
  const { executionId, sink, redactor, now, maxOutputBytes, rename, signal } = options
  let outputBytes = 0
  let storedBytes = 0
  let droppedBytes = 0
  let busy = 0
  let idleSince = performance.now()
  let tail: Buffer = Buffer.alloc(0)

  const store = (stream: OutputStream, bytes: Buffer): Promise<void> =>
    sink.append(executionId, stream, bytes, now(), signal)

  const keep = async (stream: OutputStream, bytes: Buffer): Promise<void> => {
    tail = Buffer.from(Buffer.concat([tail, bytes]).subarray(-TAIL_BYTES * 2))
    const room = maxOutputBytes - storedBytes
    const kept = bytes.subarray(0, room)
    storedBytes += kept.length
    if (kept.length > 0) await store(stream, kept)
    const dropped = bytes.length - kept.length
    if (dropped === 0) return
    if (droppedBytes === 0)
      await note(
        `the limit of ${inMiB(maxOutputBytes)} of output is reached; the command goes on, what it writes from here on is dropped`,
      )
    if (
      Math.floor(droppedBytes / DROPPING_PAUSE_BYTES) <
      Math.floor((droppedBytes + dropped) / DROPPING_PAUSE_BYTES)
    ) {
      await delay(DROPPING_PAUSE_MS)
    }
    droppedBytes += dropped
  }

  // the redactor never cuts a short word, so the name arrives whole
  const renamed = (bytes: Buffer): Buffer =>
    bytes.includes(rename.from)
      ? Buffer.from(
          bytes.toString('latin1').replaceAll(Buffer.from(rename.from).toString('latin1'), rename.to),
          'latin1',
        )
      : bytes

  const note = (message: string): Promise<void> => store('stderr', Buffer.from(`\n[erlmcp: ${message}]\n`))

  return {
    note,
    progress: () => ({ bytes: outputBytes, idleMs: busy > 0 ? 0 : performance.now() - idleSince }),
    async record(stream, source) {
      const redaction = redactor.stream()
      const batch = createBatch((bytes) => keep(stream, bytes))
      const consume = async (): Promise<void> => {
        for await (const chunk of source) {
          const bytes = Buffer.from(chunk as Uint8Array)
          outputBytes += bytes.length
          busy += 1
          await batch.add(renamed(redaction.push(bytes))).finally(() => {
            busy -= 1
            idleSince = performance.now()
          })
        }
      }
      // a read end that was closed because a background process kept the pipe open
      const consumed = consume().catch((error: unknown) => {
        if (!source.destroyed || !isPrematureClose(error)) throw error
      })
      await Promise.race([consumed, batch.failed])
      await batch.add(renamed(redaction.end()))
      await batch.flush()
    },
    async finish() {
      if (droppedBytes > 0) await note(`${droppedBytes.toLocaleString('en-US')} bytes of output were dropped`)
      return { outputBytes, truncated: droppedBytes > 0, tail: readable(tail) }
    },
  }
}

/** Collects small writes into one, at most 64 KiB or 100 ms. `failed` rejects as soon as a write does. */
function createBatch(write: (bytes: Buffer) => Promise<void>) {
  let parts: Buffer[] = []
  let size = 0
  let timer: NodeJS.Timeout | null = null
  let writing: Promise<void> = Promise.resolve()
  const failure = Promise.withResolvers<never>()
  failure.promise.catch(() => {})

  const start = (): void => {
    if (timer !== null) clearTimeout(timer)
    timer = null
    if (size === 0) return
    const bytes = Buffer.concat(parts)
    parts = []
    size = 0
    writing = writing.then(() => write(bytes))
    writing.catch(failure.reject)
  }

  return {
    failed: failure.promise,
    async add(bytes: Buffer): Promise<void> {
      if (bytes.length === 0) return
      parts.push(bytes)
      size += bytes.length
      if (size < FLUSH_BYTES) {
        timer ??= setTimeout(start, FLUSH_MS)
        return
      }
      await writing
      start()
    },
    async flush(): Promise<void> {
      start()
      await writing
    },
  }
}

const inMiB = (bytes: number): string =>
  bytes % 1_048_576 === 0 ? `${bytes / 1_048_576} MiB` : `${bytes} bytes`

const isPrematureClose = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  (error.code === 'ERR_STREAM_PREMATURE_CLOSE' || error.code === 'ABORT_ERR')

/** Text for a row and a page: valid UTF-8, no control characters but line breaks and tabs, whole lines where possible. */
function readable(bytes: Buffer): string {
  const text = bytes
    .toString('utf8')
    // eslint-disable-next-line no-control-regex
    .replace(/\u001B\[[0-9;?]*[A-Za-z]/g, '')
    .replace(/\r\n?/g, '\n')
    // eslint-disable-next-line no-control-regex
    .replace(/[\u0000-\u0008\u000B-\u001F\u007F]/g, '\uFFFD')
    .trimEnd()
  if (Buffer.byteLength(text) <= TAIL_BYTES) return text
  const end = Buffer.from(text)
    .subarray(-TAIL_BYTES + 4)
    .toString('utf8')
    .replace(/^\uFFFD+/, '')
  const line = end.indexOf('\n')
  return line === -1 || line > TAIL_BYTES / 2 ? end : end.slice(line + 1)
}
