import { AppError } from '../base/error.ts'

export interface GroupCommitOptions<T, R> {
  /** Writes a group in one transaction; resolves with one result for each, in order. */
  write(group: readonly T[]): Promise<readonly R[]>
  /** What an item weighs: its alerts. */
  weigh(item: T): number
  /** At most this much in one transaction, unless one item alone is heavier. */
  maxWeight: number
  maxItems: number
  /** At most this much waits, beside what is being written; more is refused. */
  maxWaitingWeight: number
  /** Transactions at the same time. */
  writers: number
}

interface Waiting<T, R> {
  item: T
  weight: number
  resolve(result: R): void
  reject(error: unknown): void
}

/**
 * Group commit: what arrives while a transaction is under way shares the next one. Nothing waits for company: an item
 * that comes alone is written at once. A group that fails is written again one by one, so that one bad item does not
 * take the others along.
 */
export class GroupCommit<T, R> {
  readonly #options: GroupCommitOptions<T, R>
  readonly #waiting: Waiting<T, R>[] = []
  #waitingWeight = 0
  #writing = 0
  readonly #idle: (() => void)[] = []

  constructor(options: GroupCommitOptions<T, R>) {
    this.#options = options
  }

  get waitingWeight(): number {
    return this.#waitingWeight
  }

  /** Whether nothing more should be read from the network for now. */
  get isFull(): boolean {
    return this.#waitingWeight >= this.#options.maxWaitingWeight
  }

  /** Resolves once the item is committed. @throws AppError `unavailable` when too much waits already */
  add(item: T): Promise<R> {
    if (this.isFull) return Promise.reject(overloaded())
    return new Promise((resolve, reject) => {
      const weight = this.#options.weigh(item)
      this.#waiting.push({ item, weight, resolve, reject })
      this.#waitingWeight += weight
      // what came with the same turn of the event loop goes into the same transaction
      setImmediate(() => this.#next())
    })
  }

  /** Resolves when nothing waits and nothing is being written. */
  async drained(): Promise<void> {
    if (this.#writing === 0 && this.#waiting.length === 0) return
    await new Promise<void>((resolve) => this.#idle.push(resolve))
  }

  #next(): void {
    while (this.#writing < this.#options.writers && this.#waiting.length > 0) {
      const group = this.#take()
      this.#writing += 1
      void this.#write(group).finally(() => {
        this.#writing -= 1
        if (this.#waiting.length > 0) this.#next()
        else if (this.#writing === 0) for (const resolve of this.#idle.splice(0)) resolve()
      })
    }
  }

  #take(): Waiting<T, R>[] {
    const { maxItems, maxWeight } = this.#options
    let weight = 0
    let count = 0
    for (const { weight: more } of this.#waiting) {
      if (count >= maxItems || (count > 0 && weight + more > maxWeight)) break
      count += 1
      weight += more
    }
    this.#waitingWeight -= weight
    return this.#waiting.splice(0, count)
  }

  async #write(group: readonly Waiting<T, R>[]): Promise<void> {
    try {
      const results = await this.#options.write(group.map(({ item }) => item))
      for (const [index, { resolve, reject }] of group.entries()) {
        const result = results[index]
        if (result === undefined) reject(new Error('no result for a committed item'))
        else resolve(result)
      }
    } catch (error) {
      const [first] = group
      if (group.length === 1) first?.reject(error)
      else for (const each of group) await this.#write([each])
    }
  }
}

const overloaded = (): AppError =>
  new AppError('unavailable', 'more alerts wait than can be stored at the moment', {
    action: 'Send them again; nothing was accepted and nothing was lost.',
    retryable: true,
  })
