import { Client } from 'pg'

export interface Listener {
  stop(): Promise<void>
}

const CONNECT_TIMEOUT_MS = 10_000
const RETRY_FIRST_MS = 100
const RETRY_LONGEST_MS = 5_000
/** A connection that died without a word is found by asking it something. */
const PROBE_EVERY_MS = 10_000
const PROBE_LIMIT_MS = 5_000

/**
 * Listens on one channel over a connection of its own and keeps doing so. `onConnection(true)` follows each (re)connect:
 * notifications of the time between were missed, so read then. Never throws.
 */
export function listenTo(
  url: string,
  channel: string,
  heard: { onNotify(): void; onConnection(connected: boolean): void },
): Listener {
  let stopped = false
  let client: Client | null = null
  let retryMs = RETRY_FIRST_MS
  let timer: NodeJS.Timeout | null = null

  const lose = (lost: Client): void => {
    if (client !== lost) return
    client = null
    // its socket may hang
    void lost.end().catch(() => undefined)
    if (stopped) return
    heard.onConnection(false)
    timer = setTimeout(connect, retryMs)
    retryMs = Math.min(retryMs * 2, RETRY_LONGEST_MS)
  }
  const probe = (probed: Client): void => {
    if (client !== probed || stopped) return
    timer = setTimeout(() => {
      const limit = setTimeout(() => lose(probed), PROBE_LIMIT_MS)
      probed
        .query('select 1')
        .then(() => probe(probed))
        .catch(() => lose(probed))
        .finally(() => clearTimeout(limit))
    }, PROBE_EVERY_MS)
  }
  const open = async (fresh: Client): Promise<void> => {
    await fresh.connect()
    await fresh.query(`listen ${fresh.escapeIdentifier(channel)}`)
    if (client !== fresh || stopped) return
    retryMs = RETRY_FIRST_MS
    heard.onConnection(true)
    probe(fresh)
  }
  const connect = (): void => {
    const fresh = new Client({
      connectionString: url,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      application_name: `erlmcp ${channel}`,
    })
    client = fresh
    fresh.on('error', () => lose(fresh))
    fresh.on('end', () => lose(fresh))
    fresh.on('notification', () => heard.onNotify())
    void open(fresh).catch(() => lose(fresh))
  }
  connect()
  return {
    async stop() {
      stopped = true
      if (timer !== null) clearTimeout(timer)
      const last = client
      client = null
      await last?.end().catch(() => undefined)
    },
  }
}
