/** `to.push(...items)` fails on large arrays: every argument takes stack. */
export function append<T>(to: T[], items: Iterable<T>): void {
  for (const item of items) to.push(item)
}

/** `Math.min(...)` and `Math.max(...)` likewise; `start` is the result for none. */
export const smallest = (values: Iterable<number>, start = Number.POSITIVE_INFINITY): number => {
  let found = start
  for (const value of values) if (value < found) found = value
  return found
}

export const largest = (values: Iterable<number>, start = Number.NEGATIVE_INFINITY): number => {
  let found = start
  for (const value of values) if (value > found) found = value
  return found
}
