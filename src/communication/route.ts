import type { Destination } from './queue.ts'

/** Where the messages of pages go: what the configuration says of them. */
export interface MessageRoutes {
  /** Channels that are configured. */
  channels: readonly string[]
  /** By what stands behind `Channel:` on a page, such as `#incidents`. */
  places: Readonly<Record<string, Destination>>
  /** Where a message goes whose page names no place; `null`: Slack where it is configured, else the console. */
  standard: Destination | null
  /** Where a message goes as well when its place is down or refuses, in this order. */
  reserves: readonly Destination[]
}

export interface Route {
  to: Destination
  fallbacks: Destination[]
}

export const CONSOLE_ONLY: MessageRoutes = {
  channels: ['console'],
  places: {},
  standard: null,
  reserves: [],
}

/** The place that a page's `**Channel:** #incidents (Slack)` means here. */
export function routeMessage(written: string | null, routes: MessageRoutes): Route {
  const to = placeOf(written, routes) ?? standardOf(written, routes)
  const reserves = [standardOf(null, routes), ...routes.reserves, { channel: 'console', target: null }]
  const fallbacks = reserves.filter(
    (one, index) =>
      !isSame(one, to) &&
      reserves.findIndex((other) => isSame(one, other)) === index &&
      to.channel !== 'console',
  )
  return { to, fallbacks }
}

function placeOf(written: string | null, { channels, places }: MessageRoutes): Destination | null {
  if (written === null) return null
  const name = /(?:^|\s)(#[\w.-]{1,80})/.exec(written)?.[1]
  for (const [key, place] of Object.entries(places)) {
    const plain = key.trim().toLowerCase()
    if (plain === written.trim().toLowerCase() || plain === name?.toLowerCase()) return place
  }
  const address = /[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63})+/.exec(written)?.[0]
  const wanted: [string, RegExp, string | null][] = [
    ['email', /e-?mail|@[\w-]+\./i, address ?? null],
    ['slack', /slack|(?:^|\s)#/i, name ?? null],
    ['webhook', /webhook/i, null],
  ]
  const found = wanted.find(([channel, words]) => channels.includes(channel) && words.test(written))
  return found === undefined ? null : { channel: found[0], target: found[2] }
}

function standardOf(written: string | null, { standard, channels }: MessageRoutes): Destination {
  if (standard !== null) return standard
  return channels.includes('slack')
    ? { channel: 'slack', target: null }
    : { channel: 'console', target: written }
}

const isSame = (a: Destination, b: Destination): boolean => a.channel === b.channel && a.target === b.target
