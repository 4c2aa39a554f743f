import { Session } from 'node:inspector/promises'
import type { Profiler } from 'node:inspector'
import { delay } from './clock.ts'
import { AppError } from './error.ts'

/** Opens in Chrome's developer tools, speedscope and VS Code as a `.cpuprofile` file. */
export type CpuProfile = Profiler.Profile

export interface HotFunction {
  /** `render src/http/server.ts:42` */
  name: string
  /** Time in it alone, as a share of all samples, 0 to 1. */
  self: number
  /** Time in it and in what it called. */
  total: number
}

let profiling = false

/**
 * Samples the stacks of this process for some seconds; it goes on working meanwhile.
 * @throws AppError `conflict` while another profile is being taken.
 */
export async function takeProfile(seconds: number): Promise<CpuProfile> {
  if (profiling)
    throw new AppError('conflict', 'a profile is being taken already', {
      action: 'Wait until it is done.',
    })
  profiling = true
  const session = new Session()
  try {
    session.connect()
    await session.post('Profiler.enable')
    await session.post('Profiler.setSamplingInterval', { interval: 1_000 })
    await session.post('Profiler.start')
    await delay(seconds * 1_000)
    const { profile } = await session.post('Profiler.stop')
    return profile
  } finally {
    session.disconnect()
    profiling = false
  }
}

/** The functions that used the time, most first; idle time is not counted. */
export function hotFunctions(profile: CpuProfile, most = 20): HotFunction[] {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const parents = new Map(profile.nodes.flatMap((node) => (node.children ?? []).map((id) => [id, node.id])))
  const self = new Map<string, number>()
  const total = new Map<string, number>()
  let busy = 0
  for (const node of profile.nodes) {
    const hits = node.hitCount ?? 0
    if (hits === 0 || nameOf(node) === '(idle)') continue
    busy += hits
    self.set(nameOf(node), (self.get(nameOf(node)) ?? 0) + hits)
    const seen = new Set<string>()
    for (let id: number | undefined = node.id; id !== undefined; id = parents.get(id)) {
      const each = nodes.get(id)
      if (each !== undefined) seen.add(nameOf(each))
    }
    for (const name of seen) total.set(name, (total.get(name) ?? 0) + hits)
  }
  const share = (hits: number): number => (busy === 0 ? 0 : Math.round((hits / busy) * 1_000) / 1_000)
  return [...self]
    .toSorted(([, left], [, right]) => right - left)
    .slice(0, most)
    .map(([name, hits]) => ({ name, self: share(hits), total: share(total.get(name) ?? hits) }))
}

function nameOf({ callFrame }: Profiler.ProfileNode): string {
  const file = callFrame.url.replace(/^.*\/(?=(?:src|node_modules|dist)\/)/, '').replace(/^file:\/\//, '')
  const name = callFrame.functionName === '' ? '(anonymous)' : callFrame.functionName
  return file === '' ? name : `${name} ${file}:${callFrame.lineNumber + 1}`
}

interface Frame {
  name: string
  hits: number
  children: Map<string, Frame>
}

/** A page that needs nothing else: each bar a function, as wide as its time, its callers above it. */
export function flamePage(profile: CpuProfile, title: string): string {
  const root = tree(profile)
  const bars: string[] = []
  const draw = (frame: Frame, left: number, depth: number): void => {
    const width = (frame.hits / Math.max(1, root.hits)) * 100
    if (width < 0.1) return
    const label = `${escapeHtml(frame.name)}: ${width.toFixed(1)} %`
    const colour = `hsl(${(frame.name.length * 37) % 60} 70% 72%)`
    bars.push(
      `<div title="${label}" style="left:${left.toFixed(3)}%;width:${width.toFixed(3)}%;top:${depth * 19}px;background:${colour}">${escapeHtml(frame.name)}</div>`,
    )
    let next = left
    for (const child of [...frame.children.values()].toSorted((a, b) => b.hits - a.hits)) {
      draw(child, next, depth + 1)
      next += (child.hits / Math.max(1, root.hits)) * 100
    }
  }
  draw(root, 0, 0)
  const style =
    'body{font:12px system-ui;margin:1rem}main{position:relative}main div{position:absolute;height:18px;overflow:hidden;white-space:nowrap;box-sizing:border-box;border:1px solid #fff;padding:0 3px;color:#111}'
  return `<!doctype html><html lang="en"><meta charset="utf-8"><title>${escapeHtml(title)}</title><style>${style}</style><h1>${escapeHtml(title)}</h1><main>${bars.join('')}</main></html>\n`
}

function tree(profile: CpuProfile): Frame {
  const nodes = new Map(profile.nodes.map((node) => [node.id, node]))
  const build = (node: Profiler.ProfileNode, into: Frame): number => {
    const name = nameOf(node)
    if (name === '(idle)') return 0
    const frame = into.children.get(name) ?? { name, hits: 0, children: new Map<string, Frame>() }
    into.children.set(name, frame)
    let hits = node.hitCount ?? 0
    for (const id of node.children ?? []) {
      const child = nodes.get(id)
      if (child !== undefined) hits += build(child, frame)
    }
    frame.hits += hits
    return hits
  }
  const root: Frame = { name: 'all', hits: 0, children: new Map() }
  const [first] = profile.nodes
  for (const id of first?.children ?? []) {
    const child = nodes.get(id)
    if (child !== undefined) root.hits += build(child, root)
  }
  return root
}

const escapeHtml = (text: string): string =>
  text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;').replaceAll('"', '&quot;')
