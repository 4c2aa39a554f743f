import { Readable } from 'node:stream'
import type { LogQuery } from '../api/context.ts'

interface Line {
  at: string
  text: string
}

/** A container's output stays in memory; the oldest lines go when there are more than this many bytes. */
const LIMIT_BYTES = 10 * 1024 * 1024

/** What one run of a container has said, line by line with the time. */
export class LogBuffer {
  #lines: Line[] = []
  #bytes = 0
  #partial: Record<string, string> = {}
  #listeners = new Set<(line: Line | null) => void>()
  #closed = false
  #now: () => Date

  constructor(now: () => Date) {
    this.#now = now
  }

  write(source: string, chunk: Buffer): void {
    const parts = `${this.#partial[source] ?? ''}${chunk.toString('utf8')}`.split('\n')
    this.#partial[source] = parts.pop() ?? ''
    for (const text of parts) this.#add(`${text}\n`)
  }

  close(): void {
    for (const [source, rest] of Object.entries(this.#partial)) {
      if (rest !== '') this.#add(rest)
      this.#partial[source] = ''
    }
    this.#closed = true
    for (const listener of this.#listeners) listener(null)
    this.#listeners.clear()
  }

  /** The lines asked for, and with `follow` what comes until the run ends. */
  read(query: Omit<LogQuery, 'container' | 'previous'>, signal: AbortSignal): Readable {
    const since = sinceOf(query, this.#now())
    const render = (line: Line): string => (query.timestamps ? `${line.at} ${line.text}` : line.text)
    const recent = this.#lines.filter((line) => since === null || line.at >= since)
    const shown = query.tailLines === undefined ? recent : recent.slice(recent.length - Math.min(query.tailLines, recent.length)) // prettier-ignore
    const stream = new Readable({ read: () => undefined })
    let left = query.limitBytes ?? Infinity
    const push = (text: string): void => {
      const bytes = Buffer.from(text)
      if (left > 0) stream.push(bytes.subarray(0, left))
      left -= bytes.length
      if (left <= 0) stream.push(null)
    }
    if (shown.length > 0) push(shown.map(render).join(''))
    if (!query.follow || this.#closed || left <= 0) {
      if (left > 0) stream.push(null)
      return stream
    }
    const listener = (line: Line | null): void =>
      void (line === null ? stream.push(null) : push(render(line)))
    this.#listeners.add(listener)
    const stop = (): void => {
      this.#listeners.delete(listener)
      stream.destroy()
    }
    signal.addEventListener('abort', stop, { once: true })
    stream.on('close', () => this.#listeners.delete(listener))
    return stream
  }

  /** The end of the output, for the termination message. */
  tail(lines: number): string {
    return this.#lines
      .slice(-lines)
      .map((line) => line.text)
      .join('')
  }

  #add(text: string): void {
    const line = { at: this.#now().toISOString().replace('Z', '000000Z'), text }
    this.#lines.push(line)
    this.#bytes += text.length
    while (this.#bytes > LIMIT_BYTES) this.#bytes -= this.#lines.shift()?.text.length ?? this.#bytes
    for (const listener of this.#listeners) listener(line)
  }
}

function sinceOf(query: Pick<LogQuery, 'sinceSeconds' | 'sinceTime'>, now: Date): string | null {
  if (query.sinceTime !== undefined) return query.sinceTime
  if (query.sinceSeconds === undefined) return null
  return new Date(now.getTime() - query.sinceSeconds * 1_000).toISOString()
}
