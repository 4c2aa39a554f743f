import { delay } from '../base/clock.ts'

/**
 * The end of an engine, in order: no step begins any more, those under way may finish, the rest is aborted. A workflow
 * that would go on stands still instead; what it has recorded is taken up by the next start, or by another replica.
 */
export class Drain {
  readonly #aborting = new AbortController()
  #draining = false
  #active = 0

  get draining(): boolean {
    return this.#draining
  }

  /** Aborts when the time for finishing is over. */
  get signal(): AbortSignal {
    return this.#aborting.signal
  }

  /** The body of a step. @returns never, once draining has begun. */
  async run<T>(body: () => Promise<T>): Promise<T> {
    if (this.#draining) return standStill()
    this.#active += 1
    try {
      return await body()
    } finally {
      this.#active -= 1
    }
  }

  /** Whatever the engine answers while it is being taken down, also an error: the workflow does not see it. */
  async hold<T>(answer: Promise<T>): Promise<T> {
    try {
      const value = await answer
      return this.#draining ? await standStill() : value
    } catch (error) {
      if (this.#draining) return standStill()
      throw error
    }
  }

  async finish(drainMs: number, abortMs: number): Promise<void> {
    this.#draining = true
    await this.#idle(drainMs)
    this.#aborting.abort(new Error('erlmcp is stopping'))
    await this.#idle(abortMs)
  }

  async #idle(limitMs: number): Promise<void> {
    const limit = performance.now() + limitMs
    while (this.#active > 0 && performance.now() < limit) await delay(10)
  }
}

export const standStill = (): Promise<never> => new Promise(() => undefined)
