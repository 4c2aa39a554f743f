import type { Kysely } from 'kysely'
import { delay } from '../base/clock.ts'
import { AppError, messageOf } from '../base/error.ts'
import type { Schema } from '../db/schema.ts'
import type { OutputSink, OutputStream } from './model.ts'
import { isTransient } from './transient.ts'

const CHUNK_BYTES = 65_536
const BATCH_ROWS = 16
const RETRY_FIRST_MS = 50
const RETRY_LONGEST_MS = 2_000
const FOLLOW_POLL_MS = 250
const READ_BYTES = 1_048_576

export interface OutputChunk {
  sequence: number
  stream: OutputStream
  at: Date
  content: Buffer
}

export interface OutputPage {
  chunks: OutputChunk[]
  /** Where the next page begins. */
  nextSequence: number
  /** Whether more was stored already when this was read. */
  more: boolean
}

export interface OutputStore extends OutputSink {
  /** A page of stored output, in order. At least one chunk when there is one, else at most `maxBytes` (default 1 MiB). */
  read(executionId: string, options?: { fromSequence?: number; maxBytes?: number }): Promise<OutputPage>
  /** Stored output, then what comes, until the execution has ended or `signal` aborts. Works across replicas. */
  follow(
    executionId: string,
    options?: { fromSequence?: number; signal?: AbortSignal },
  ): AsyncGenerator<OutputChunk>
}

interface Entry {
  stream: OutputStream
  at: Date
  content: Buffer
}

interface Writer {
  /** `null` until the number of chunks already stored has been read. */
  next: number | null
  queue: { entries: Entry[]; signal: AbortSignal | undefined; settle: (error: unknown) => void }[]
  writing: boolean
}

/** Output of commands in the table `output_chunk`. One execution has one writer at a time: its process. */
export function createOutputStore({ kysely }: { kysely: Kysely<Schema> }): OutputStore {
  const writers = new Map<string, Writer>()
  const waiting = new Map<string, Set<() => void>>()

  const work = async (executionId: string, writer: Writer): Promise<void> => {
    writer.writing = true
    for (let batch = takeBatch(writer); batch.length > 0; batch = takeBatch(writer)) {
      const entries = batch.flatMap((item) => item.entries)
      const signals = batch.flatMap((item) => (item.signal === undefined ? [] : [item.signal]))
      const failure = await insert(kysely, executionId, writer, entries, signals[0]).then(
        () => null,
        (error: unknown) => ({ error }),
      )
      for (const item of batch) item.settle(failure === null ? null : failure.error)
      for (const wake of waiting.get(executionId) ?? []) wake()
    }
    writer.writing = false
    writers.delete(executionId)
  }

  return {
    append(executionId, stream, bytes, at, signal) {
      if (bytes.length === 0) return Promise.resolve()
      const writer = writers.get(executionId) ?? { next: null, queue: [], writing: false }
      writers.set(executionId, writer)
      const stored = new Promise<void>((resolve, reject) => {
        const settle = (error: unknown): void =>
          error === null ? resolve() : reject(error instanceof Error ? error : new Error(messageOf(error)))
        writer.queue.push({ entries: split(stream, bytes, at), signal, settle })
      })
      if (!writer.writing) void work(executionId, writer)
      return stored
    },
    read: (executionId, options = {}) =>
      readPage(kysely, executionId, options.fromSequence ?? 0, options.maxBytes ?? READ_BYTES),
    async *follow(executionId, options = {}) {
      let from = options.fromSequence ?? 0
      while (options.signal?.aborted !== true) {
        const woken = wakeUp(waiting, executionId)
        const ended = await hasEnded(kysely, executionId)
        const page = await readPage(kysely, executionId, from, READ_BYTES)
        yield* page.chunks
        from = page.nextSequence
        if (page.chunks.length === 0 && ended) return
        if (page.chunks.length === 0)
          await Promise.race([woken.promise, delay(FOLLOW_POLL_MS, options.signal).catch(() => {})])
        woken.cancel()
      }
    },
  }
}

function takeBatch(writer: Writer): Writer['queue'] {
  let rows = 0
  const batch: Writer['queue'] = []
  while (writer.queue.length > 0 && rows < BATCH_ROWS) {
    const item = writer.queue.shift()
    if (item === undefined) break
    rows += item.entries.length
    batch.push(item)
  }
  return batch
}

const split = (stream: OutputStream, bytes: Buffer, at: Date): Entry[] =>
  Array.from({ length: Math.ceil(bytes.length / CHUNK_BYTES) }, (_, index) => ({
    stream,
    at,
    content: bytes.subarray(index * CHUNK_BYTES, (index + 1) * CHUNK_BYTES),
  }))

/** Waits for a database that is away; a statement whose answer was lost is repeated without a second effect. */
async function insert(
  kysely: Kysely<Schema>,
  executionId: string,
  writer: Writer,
  entries: readonly Entry[],
  signal: AbortSignal | undefined,
): Promise<void> {
  for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(waitMs * 2, RETRY_LONGEST_MS)) {
    try {
      writer.next ??= await nextSequence(kysely, executionId)
      const first = writer.next
      const rows = entries.map((entry, index) => ({
        execution_id: executionId,
        sequence: first + index,
        ...entry,
      }))
      await kysely
        .insertInto('output_chunk')
        .values(rows)
        .onConflict((conflict) => conflict.doNothing())
        .execute()
      writer.next = first + entries.length
      return
    } catch (error) {
      if (!isTransient(error)) throw refused(executionId, error)
      if (signal?.aborted === true) throw refused(executionId, error)
      await delay(waitMs, signal).catch(() => {})
    }
  }
}

const refused = (executionId: string, cause: unknown): AppError =>
  new AppError('unavailable', `output of ${executionId} could not be stored: ${messageOf(cause)}`, {
    action:
      'Check the database, its free space and its log; then look at what the command has done before running it again.',
    retryable: false,
    data: { executionId },
    cause,
  })

async function nextSequence(kysely: Kysely<Schema>, executionId: string): Promise<number> {
  const row = await kysely
    .selectFrom('output_chunk')
    .select((select) => select.fn.max('sequence').as('last'))
    .where('execution_id', '=', executionId)
    .executeTakeFirst()
  return row?.last === null || row?.last === undefined ? 0 : row.last + 1
}

async function readPage(
  kysely: Kysely<Schema>,
  executionId: string,
  from: number,
  maxBytes: number,
): Promise<OutputPage> {
  const chunks: OutputChunk[] = []
  let bytes = 0
  let next = from
  for (;;) {
    const rows = await kysely
      .selectFrom('output_chunk')
      .select(['sequence', 'stream', 'at', 'content'])
      .where('execution_id', '=', executionId)
      .where('sequence', '>=', next)
      .orderBy('sequence')
      .limit(BATCH_ROWS + 1)
      .execute()
    for (const row of rows.slice(0, BATCH_ROWS)) {
      if (chunks.length > 0 && bytes + row.content.length > maxBytes)
        return { chunks, nextSequence: next, more: true }
      chunks.push({ ...row, stream: row.stream === 'stderr' ? 'stderr' : 'stdout' })
      bytes += row.content.length
      next = row.sequence + 1
    }
    if (rows.length <= BATCH_ROWS) return { chunks, nextSequence: next, more: false }
  }
}

async function hasEnded(kysely: Kysely<Schema>, executionId: string): Promise<boolean> {
  const row = await kysely
    .selectFrom('execution')
    .select('ended_at')
    .where('id', '=', executionId)
    .executeTakeFirst()
  return row === undefined || row.ended_at !== null
}

function wakeUp(
  waiting: Map<string, Set<() => void>>,
  executionId: string,
): { promise: Promise<void>; cancel: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>()
  const wakes = waiting.get(executionId) ?? new Set()
  waiting.set(executionId, wakes.add(resolve))
  const cancel = (): void => {
    wakes.delete(resolve)
    if (wakes.size === 0) waiting.delete(executionId)
  }
  return { promise, cancel }
}
