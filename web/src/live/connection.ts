import type { Change } from '../api/model.ts'

export interface Connection {
  state: 'connecting' | 'connected' | 'reconnecting'
  /** When the server was last heard of; `null` before the first time. */
  heardAt: number | null
  /** When the page began to listen, in milliseconds of this device. */
  startedAt: number
  /** Since when the server itself cannot reach its database. */
  databaseAwaySince: number | null
  /** The server's clock minus this device's, in milliseconds. */
  skewMs: number
}

type Listener = (changes: readonly Change[] | 'reset') => void

/** The server beats every 10 s: two missed beats and a bit. */
const SILENT_MS = 24_000
const RETRY_FIRST_MS = 500
const RETRY_LONGEST_MS = 15_000

/** Follows the server's events over one request that is opened again, from where it was, for as long as the page lives. */
class Stream {
  connection: Connection = {
    state: 'connecting',
    heardAt: null,
    startedAt: Date.now(),
    databaseAwaySince: null,
    skewMs: 0,
  }
  readonly #changed = new Set<() => void>()
  readonly #listeners = new Set<Listener>()
  #position: string | null = null
  #retryMs = RETRY_FIRST_MS
  #started = false
  #current: AbortController | null = null
  #wake: (() => void) | null = null

  start(): void {
    if (this.#started) return
    this.#started = true
    // a phone that wakes, a laptop that comes back: try at once
    const now = (): void => {
      this.#retryMs = RETRY_FIRST_MS
      this.#wake?.()
    }
    globalThis.addEventListener('online', now)
    document.addEventListener('visibilitychange', () => {
      if (document.visibilityState === 'visible') now()
    })
    globalThis.addEventListener('offline', () => this.#current?.abort())
    void this.#run()
  }

  /** Ends the request that is open and opens another: after signing in. */
  restart(): void {
    this.#position = null
    this.#set({ startedAt: Date.now() })
    this.#current?.abort()
    this.#wake?.()
  }

  onConnection = (changed: () => void): (() => void) => {
    this.#changed.add(changed)
    return () => void this.#changed.delete(changed)
  }

  onChange(listener: Listener): () => void {
    this.#listeners.add(listener)
    return () => void this.#listeners.delete(listener)
  }

  #set(part: Partial<Connection>): void {
    this.connection = { ...this.connection, ...part }
    for (const changed of this.#changed) changed()
  }

  async #run(): Promise<void> {
    for (;;) {
      try {
        await this.#follow()
      } catch {
        // the state says it
      }
      this.#set({ state: this.connection.heardAt === null ? 'connecting' : 'reconnecting' })
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        setTimeout(resolve, this.#retryMs * (0.75 + Math.random() / 2))
      })
      this.#wake = null
      this.#retryMs = Math.min(this.#retryMs * 2, RETRY_LONGEST_MS)
    }
  }

  async #follow(): Promise<void> {
    const controller = new AbortController()
    this.#current = controller
    let silence = setTimeout(() => controller.abort(), SILENT_MS)
    try {
      const resumed = this.#position
      const response = await fetch('/api/v1/events', {
        headers: {
          accept: 'text/event-stream',
          ...(resumed === null ? {} : { 'last-event-id': resumed }),
        },
        cache: 'no-store',
        credentials: 'same-origin',
        signal: controller.signal,
      })
      if (!response.ok || response.body === null) throw new Error(`events: ${response.status}`)
      const parser = new EventParser((event) => this.#take(event))
      // what happened before this request was open is read anew, unless it is resumed
      if (resumed === null) this.#tell('reset')
      const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
      for (;;) {
        const { done, value } = await reader.read()
        if (done) return
        clearTimeout(silence)
        silence = setTimeout(() => controller.abort(), SILENT_MS)
        parser.push(value)
      }
    } finally {
      clearTimeout(silence)
      controller.abort()
    }
  }

  #take(event: { name: string; id: string | null; data: string }): void {
    if (event.id !== null) this.#position = event.id
    this.#retryMs = RETRY_FIRST_MS
    if (event.name === 'change') {
      this.#set({ state: 'connected', heardAt: Date.now() })
      this.#tell(JSON.parse(event.data) as Change[])
    } else if (event.name === 'reset') this.#tell('reset')
    else if (event.name === 'beat') {
      const beat = JSON.parse(event.data) as { at: string; databaseAwaySince: string | null }
      this.#set({
        state: 'connected',
        heardAt: Date.now(),
        skewMs: Date.parse(beat.at) - Date.now(),
        databaseAwaySince: beat.databaseAwaySince === null ? null : Date.parse(beat.databaseAwaySince),
      })
    }
  }

  #tell(changes: readonly Change[] | 'reset'): void {
    for (const listener of this.#listeners) listener(changes)
  }
}

/** The lines of `text/event-stream`, in whatever pieces they come. */
export class EventParser {
  readonly #onEvent: (event: { name: string; id: string | null; data: string }) => void
  #rest = ''

  constructor(onEvent: (event: { name: string; id: string | null; data: string }) => void) {
    this.#onEvent = onEvent
  }

  push(text: string): void {
    this.#rest += text
    for (let end = this.#rest.indexOf('\n\n'); end !== -1; end = this.#rest.indexOf('\n\n')) {
      this.#event(this.#rest.slice(0, end))
      this.#rest = this.#rest.slice(end + 2)
    }
  }

  #event(block: string): void {
    let name = 'message'
    let id: string | null = null
    const data: string[] = []
    for (const line of block.split('\n')) {
      const colon = line.indexOf(': ')
      if (colon < 1) continue
      const value = line.slice(colon + 2)
      const field = line.slice(0, colon)
      if (field === 'event') name = value
      else if (field === 'id') id = value
      else if (field === 'data') data.push(value)
    }
    if (data.length > 0) this.#onEvent({ name, id, data: data.join('\n') })
  }
}

export const stream = new Stream()
