/**
 * Works on the items in their order, at most `jobs` at a time; each job has a slot of its own from 0 on, for what two of
 * them must not share. Begins nothing new after `signal`. The results keep the order of the items.
 */
export async function runJobs<Item, Result>(
  items: readonly Item[],
  jobs: number,
  signal: AbortSignal,
  work: (item: Item, slot: number) => Promise<Result>,
): Promise<Result[]> {
  const results = new Map<number, Result>()
  let next = 0
  const worker = async (slot: number): Promise<void> => {
    while (!signal.aborted && next < items.length) {
      const index = next
      next += 1
      const item = items[index]
      if (item !== undefined) results.set(index, await work(item, slot))
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, Math.min(jobs, items.length)) }, (_, slot) => worker(slot)))
  return [...results].sort(([a], [b]) => a - b).map(([, result]) => result)
} // prettier-ignore
