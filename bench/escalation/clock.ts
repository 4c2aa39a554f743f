import type { Clock } from '../../src/base/clock.ts'

/** A clock that all processes of a trial share: it runs `speed` times as fast as the wall's from `epochMs` on. */
export const fastClock = (epochMs: number, speed: number): Clock => ({
  now: () => new Date(epochMs + (Date.now() - epochMs) * speed),
})
