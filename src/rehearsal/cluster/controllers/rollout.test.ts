import { array, assert, integer, property, record } from 'fast-check'
import { describe, expect, test } from 'vitest'
import { nextSizes, scaledSizes } from './rollout.ts'
import type { RolloutView } from './rollout.ts'

const view = (over: Partial<RolloutView>): RolloutView => ({
  desired: 3,
  maxSurge: 1,
  maxUnavailable: 0,
  fresh: { replicas: 0, available: 0 },
  old: [{ replicas: 3, available: 3 }],
  ...over,
})

/** Plays a rollout in which every new pod works at once. */
function play(start: RolloutView): { seen: RolloutView[]; rounds: number } {
  const seen = [start]
  let state = start
  for (let round = 0; round < 100; round += 1) {
    const step = nextSizes(state)
    const next: RolloutView = {
      ...state,
      fresh: { replicas: step.fresh, available: step.fresh },
      old: state.old.map((set, index) => {
        const replicas = step.old[index] ?? 0
        return { replicas, available: Math.min(replicas, set.available) }
      }),
    }
    if (JSON.stringify(next) === JSON.stringify(state)) return { seen, rounds: round }
    state = next
    seen.push(state)
  }
  return { seen, rounds: 100 }
}

describe('a rolling update', () => {
  test('begins with one pod more and takes an old one away only when the new one works', () => {
    expect(nextSizes(view({}))).toEqual({ fresh: 1, old: [3] })
    expect(nextSizes(view({ fresh: { replicas: 1, available: 0 } }))).toEqual({ fresh: 1, old: [3] })
    expect(nextSizes(view({ fresh: { replicas: 1, available: 1 } }))).toEqual({ fresh: 1, old: [2] })
  })

  test('a new release that never works leaves all old pods serving', () => {
    const stuck = view({ fresh: { replicas: 1, available: 0 } })
    expect(nextSizes(stuck)).toEqual({ fresh: 1, old: [3] })
  })

  test('old pods that do not work go first', () => {
    const sets = view({
      maxUnavailable: 1,
      fresh: { replicas: 1, available: 1 },
      old: [
        { replicas: 2, available: 2 },
        { replicas: 1, available: 0 },
      ],
    })
    expect(nextSizes(sets).old).toEqual([1, 0])
  })

  test('never has more pods than the surge allows nor fewer available ones than are promised, and comes to its end', () => {
    const shape = record({ desired: integer({ min: 1, max: 12 }), surge: integer({ min: 0, max: 4 }), down: integer({ min: 0, max: 4 }) }) // prettier-ignore
    assert(
      property(shape, ({ desired, surge, down }) => {
        const start = view({
          desired,
          maxSurge: surge,
          maxUnavailable: down,
          old: [{ replicas: desired, available: desired }],
        })
        const { seen, rounds } = play(start)
        const allowed = surge === 0 && down === 0 ? 1 : down
        for (const state of seen) {
          const old = state.old.reduce((sum, set) => sum + set.replicas, 0)
          const available = state.fresh.available + state.old.reduce((sum, set) => sum + set.available, 0)
          expect(state.fresh.replicas + old).toBeLessThanOrEqual(desired + surge)
          expect(available).toBeGreaterThanOrEqual(desired - allowed)
        }
        expect(rounds).toBeLessThan(100)
        expect(seen.at(-1)).toMatchObject({ fresh: { replicas: desired }, old: [{ replicas: 0 }] })
      }),
    )
  })
})

describe('scaling in the middle of a rollout', () => {
  test('keeps the shares of the replica sets', () => {
    expect(scaledSizes([3, 1], 8)).toEqual([6, 2])
    expect(scaledSizes([3], 5)).toEqual([5])
    expect(scaledSizes([2, 1], 0)).toEqual([0, 0])
  })

  test('hands out exactly the number that is wanted', () => {
    const sizes = array(integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 5 })
    assert(
      property(sizes, integer({ min: 1, max: 40 }), (present, wanted) => {
        expect(scaledSizes(present, wanted).reduce((sum, size) => sum + size, 0)).toBe(wanted)
      }),
    )
  })
})
