import { quickHash } from './fingerprint.ts'
import { episodeKey } from './model.ts'
import type { EpisodeAlert } from './model.ts'

/** A firing episode that belongs to an incident: a repeat of it brings nothing new. */
interface Episode {
  source: string
  fingerprint: string
  startsAt: Date
  annotations: number
  repeats: number
  lastSeenAt: Date
  expiresAt: Date | null
}

/** What repeats left to be written down, in key order. */
export interface Sighting {
  source: string
  fingerprint: string
  startsAt: Date
  lastSeenAt: Date
  expiresAt: Date | null
  repeats: number
}

/**
 * The firing episodes that this process has seen committed, so that their repeats need no look at the database. A hint,
 * never the truth: what is not in here takes the long path. At most `limit` episodes, some 200 bytes each; the one
 * longest unheard of goes first.
 */
export class KnownEpisodes {
  readonly #limit: number
  readonly #episodes = new Map<string, Episode>()
  readonly #repeated = new Set<Episode>()

  constructor(limit = 100_000) {
    this.#limit = limit
  }

  get size(): number {
    return this.#episodes.size
  }

  /** How many episodes have repeats that are not written down yet. */
  get unwritten(): number {
    return this.#repeated.size
  }

  /** Whether it is a mere repeat: firing as before, with the annotations as before. */
  isRepeat(source: string, alert: EpisodeAlert): boolean {
    if (alert.status !== 'firing' || alert.heldBy !== null) return false
    const known = this.#episodes.get(episodeKey(source, alert.fingerprint, alert.startsAt))
    return known !== undefined && known.annotations === hashOf(alert)
  }

  /** A repeat whose delivery is committed. */
  noteRepeat(source: string, alert: EpisodeAlert, at: Date): void {
    const key = episodeKey(source, alert.fingerprint, alert.startsAt)
    const known = this.#episodes.get(key)
    if (known === undefined) return
    known.repeats += 1
    known.lastSeenAt = at
    known.expiresAt = alert.expiresAt
    this.#repeated.add(known)
    this.#episodes.delete(key)
    this.#episodes.set(key, known)
  }

  remember(source: string, alert: EpisodeAlert, at: Date): void {
    const key = episodeKey(source, alert.fingerprint, alert.startsAt)
    const { fingerprint, startsAt, expiresAt } = alert
    const annotations = hashOf(alert)
    this.#episodes.delete(key)
    this.#episodes.set(key, {
      source,
      fingerprint,
      startsAt,
      annotations,
      repeats: 0,
      lastSeenAt: at,
      expiresAt,
    })
    for (const oldest of this.#episodes.keys()) {
      if (this.#episodes.size <= this.#limit) break
      this.#episodes.delete(oldest)
    }
  }

  forget(source: string, alert: EpisodeAlert): void {
    this.#episodes.delete(episodeKey(source, alert.fingerprint, alert.startsAt))
  }

  /** Hands out what repeats left, and starts to count anew. */
  takeSightings(): Sighting[] {
    const taken = [...this.#repeated].map((episode): Sighting => {
      const { source, fingerprint, startsAt, lastSeenAt, expiresAt, repeats } = episode
      episode.repeats = 0
      return { source, fingerprint, startsAt, lastSeenAt, expiresAt, repeats }
    })
    this.#repeated.clear()
    return taken
  }
}

const hashOf = (alert: EpisodeAlert): number => quickHash(JSON.stringify(alert.annotations))
