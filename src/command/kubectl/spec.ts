import data from '../data/kubectl.json' with { type: 'json' }

/** One flag of one command, as `scripts/crawl-kubectl.ts` found it. */
export interface FlagSpec {
  /** What a value must look like; `bool` needs none. */
  type: 'bool' | 'int' | 'duration' | 'string'
  /** One letter. */
  short?: string
  /** A value may follow only as `--flag=value`; without one kubectl has its own (`--dry-run`, `--cascade`). */
  optional?: boolean
  /** Still accepted, but no longer in the help. */
  deprecated?: boolean
  /** First and last kubectl version with it, left out at the ends of what was crawled. */
  since?: string
  until?: string
}

export interface CommandSpec {
  since?: string
  until?: string
  aliases?: string[]
  flags: Record<string, FlagSpec>
}

export interface KubectlSpec {
  /** Oldest first: `1.27`. */
  versions: string[]
  global: Record<string, FlagSpec>
  /** By path: `rollout undo`. */
  commands: Record<string, CommandSpec>
}

export const SPEC = readSpec(data)

/** TypeScript widens the strings of a JSON module; the crawler wrote the file from this very type. */
function readSpec(json: unknown): KubectlSpec {
  return json as KubectlSpec
}

/** A command of the tree: kubectl itself, a group (`rollout`) or a leaf (`rollout undo`). */
export interface CommandNode {
  path: string[]
  children: Map<string, CommandNode>
  /** Own and global flags by long name, and by letter. */
  flags: Map<string, FlagSpec>
  shorts: Map<string, string>
  until?: string
}

const HELP: FlagSpec = { type: 'bool', short: 'h' }

export const ROOT = buildTree()

function buildTree(): CommandNode {
  const root = makeNode([], {})
  for (const [name, command] of Object.entries(SPEC.commands)) {
    const path = name.split(' ')
    const parent = path.slice(0, -1).reduce((at, word) => at.children.get(word) ?? at, root)
    const node = makeNode(path, command.flags)
    if (command.until !== undefined) node.until = command.until
    for (const word of [path.at(-1) ?? '', ...(command.aliases ?? [])]) parent.children.set(word, node)
  }
  return root
}

function makeNode(path: string[], own: Record<string, FlagSpec>): CommandNode {
  const flags = new Map([['help', HELP], ...Object.entries(SPEC.global), ...Object.entries(own)])
  const shorts = new Map(
    [...flags].flatMap(([name, flag]) => (flag.short === undefined ? [] : [[flag.short, name]])),
  )
  return { path, children: new Map(), flags, shorts }
}

/** A flag that stands alone without taking the next word: boolean, or with a value of its own. */
export const standsAlone = (flag: FlagSpec): boolean => flag.type === 'bool' || flag.optional === true

/** kubectl takes `_` for `-` in long flags, with a warning. */
export const normalFlagName = (name: string): string => name.replaceAll('_', '-')
