import { share } from './deps.ts'

/** What a rolling update sees of one replica set. */
export interface SetView {
  /** What its spec asks for. */
  replicas: number
  available: number
}

export interface RolloutView {
  desired: number
  maxSurge: number | string
  maxUnavailable: number | string
  fresh: SetView
  /** Oldest first. */
  old: readonly SetView[]
}

export interface RolloutStep {
  fresh: number
  old: number[]
}

/**
 * The next sizes of the replica sets: the new one grows as far as the surge allows, and the old ones shrink as
 * far as enough pods stay available, those that do not work first.
 */
export function nextSizes(view: RolloutView): RolloutStep {
  const surge = share(view.maxSurge, view.desired, 'up')
  let unavailable = share(view.maxUnavailable, view.desired, 'down')
  // both zero could never move
  if (surge === 0 && unavailable === 0) unavailable = 1
  const old = view.old.map((set) => set.replicas)
  const total = view.fresh.replicas + sum(old)
  const fresh = freshSize(view, view.desired + surge - total)
  if (fresh !== view.fresh.replicas) return { fresh, old }
  return { fresh, old: shrinkOld(view, view.desired - unavailable, total) }
}

function freshSize(view: RolloutView, room: number): number {
  if (view.fresh.replicas >= view.desired) return view.desired
  return Math.min(view.desired, view.fresh.replicas + Math.max(0, room))
}

function shrinkOld(view: RolloutView, minAvailable: number, total: number): number[] {
  const sizes = view.old.map((set) => set.replicas)
  let spare = total - minAvailable - (view.fresh.replicas - view.fresh.available)
  if (spare <= 0) return sizes
  for (const [index, set] of view.old.entries()) {
    const broken = Math.min(Math.max(0, (sizes[index] ?? 0) - set.available), spare)
    sizes[index] = (sizes[index] ?? 0) - broken
    spare -= broken
  }
  const available =
    view.fresh.available + sum(view.old.map((set, index) => Math.min(set.available, sizes[index] ?? 0)))
  let removable = Math.max(0, available - minAvailable)
  for (const index of sizes.keys()) {
    const taken = Math.min(sizes[index] ?? 0, removable)
    sizes[index] = (sizes[index] ?? 0) - taken
    removable -= taken
  }
  return sizes
}

/** Sizes after the number of replicas was changed in the middle of a rollout: each set keeps its share. */
export function scaledSizes(sizes: readonly number[], wanted: number): number[] {
  const total = sum(sizes)
  if (total === 0 || wanted === 0) return sizes.map(() => 0)
  const exact = sizes.map((size) => (size * wanted) / total)
  const result = exact.map(Math.floor)
  const order = exact
    .map((value, index) => ({ index, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest)
  for (let left = wanted - sum(result), at = 0; left > 0; left -= 1, at += 1) {
    const index = order[at % order.length]?.index ?? 0
    result[index] = (result[index] ?? 0) + 1
  }
  return result
}

const sum = (values: readonly number[]): number => values.reduce((total, value) => total + value, 0)
