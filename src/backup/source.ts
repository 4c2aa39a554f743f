import type { Readable } from 'node:stream'
import type { Format, Measured } from './manifest.ts'

/** Rows on their way out: `measured` is of the very snapshot that the stream is of. */
export interface Dump {
  stream: Readable
  /** @throws what ended the dump too early; then the stream is worth nothing, however it ended. */
  done: Promise<{ measured: Measured; toolsMajor: number | null }>
}

/** One way to write a database out and to fill an empty one again. */
export interface Dumper {
  format: Format
  /** `consume` reads the whole stream. */
  dump<T>(url: string, consume: (dump: Dump) => Promise<T>, signal: AbortSignal): Promise<T>
  /** Fills an empty database. @throws AppError; what is left is then to be dropped. */
  load(url: string, stream: Readable, signal: AbortSignal): Promise<void>
}
