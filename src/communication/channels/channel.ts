/** What a channel is asked to send. The same message may come again after a crash: `id` and `dedupKey` stay the same. */
export interface ChannelMessage {
  id: string
  /** One key for one message, for services that deduplicate; at most 300 characters. */
  dedupKey: string
  /** `null`: it belongs to no incident (an announcement, a test). */
  incidentId: string | null
  /** What it is: `page`, `acknowledgement`, `status-update`, `resolution`, `summary`, `card`, `test`, ... */
  kind: string
  /** Where it goes, in the channel's own words: `#incidents`, `ada@example.com`, a URL's name; `null`: its default. */
  target: string | null
  /** One line, for channels that have a subject; else the first line of the body serves. */
  subject: string | null
  /** Plain text, redacted. */
  body: string
  /** Facts for channels that draw or act by themselves: severity, incident name, action. Redacted. */
  data: Readonly<Record<string, unknown>>
  /** 0 goes first: pages and everything of a P1. Normal is 5. */
  lane: number
  /** The reference that this channel returned for the message that this one is a newer version of; `null`: none yet. */
  replaces: string | null
  /** The reference of the message in whose thread this one belongs; `null`: none. */
  parent: string | null
}

/** What became of one try. Expected failures are values; whatever is thrown counts as `retry` with its message. */
export type Sent =
  | {
      outcome: 'sent'
      /** What the service calls the message, so that it can be edited or answered in a thread; `null`: it does not say. */
      reference: string | null
    }
  | {
      /** 429, 5xx, network, time-out: the same message later, and until then nothing else to this destination. */
      outcome: 'retry'
      reason: string
      /** What the service asked for (`Retry-After`); `null`: growing pauses of our own, 1 s to 5 min. */
      retryAfterMs: number | null
    }
  | {
      /** The service will never take this message (400-like). It is not tried again; the next channel is. */
      outcome: 'refused'
      reason: string
    }

export interface ChannelLimits {
  /** Messages a second to one destination. 1 unless the service says otherwise. */
  perSecond: number
  /** Longer bodies are cut at a line, and say so. */
  maxBodyCharacters: number
}

/** Limits of a service that states none. */
export const DEFAULT_LIMITS: ChannelLimits = { perSecond: 1, maxBodyCharacters: 20_000 }

/** One thing that was looked at while a channel was tried out, in words for the person who set it up. */
export interface ChannelFinding {
  ok: boolean
  /** What was tried: `name of the server resolves`, `login`, `the test message was taken`. */
  what: string
  /** What was seen; where it is not good, also what to do. */
  said: string
}

/**
 * A way to reach people. Order, rate, pauses, repeats and fall-backs are the queue's work (`deliver.ts`); a channel turns
 * one message into one request. It holds no state that a restart would lose, and never retries by itself.
 */
export interface Channel {
  /** As configuration and contacts name it: `slack`, `email`. */
  readonly name: string
  readonly limits: ChannelLimits
  /** Aborted after 10 s, and when erlmcp stops. */
  send(message: ChannelMessage, signal: AbortSignal): Promise<Sent>
  /** Tries the settings out, as far as possible without telling anybody; then sends one test message to `target`. */
  check?(target: string | null, signal: AbortSignal): Promise<ChannelFinding[]>
}
