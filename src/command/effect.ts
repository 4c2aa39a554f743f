import { COMMAND_FLAGS, RISKS } from './model.ts'
import type { CommandFlag, Risk } from './model.ts'

/** What a program, subcommand or option does. */
export interface Effect {
  risk: Risk
  flags: CommandFlag[]
  why: string
  /** The effect is that of writing the file which its value names; with `output`, `-` is standard output. */
  writes: 'file' | 'output' | null
}

const WHY: Record<Risk, string> = {
  read: 'only reads',
  change: 'changes something',
  destructive: 'may lose something for good',
}

/**
 * Reads the short form used by the facts on tools: a risk, then any of the flags and the word `file` or `output`,
 * then after a colon the reason. `read`, `read endless: follows the log`, `change file: writes its output to a file`.
 */
export function parseEffect(text: string): Effect {
  const colon = text.indexOf(':')
  const [risk = '', ...words] = (colon === -1 ? text : text.slice(0, colon)).trim().split(' ')
  const known = RISKS.find((name) => name === risk)
  if (known === undefined) throw new Error(`no risk in the effect ${JSON.stringify(text)}`)
  const flags = COMMAND_FLAGS.filter((flag) => words.includes(flag))
  const writes = (['file', 'output'] as const).find((word) => words.includes(word)) ?? null
  if (flags.length + (writes === null ? 0 : 1) !== words.length)
    throw new Error(`unknown word in ${JSON.stringify(text)}`)
  return { risk: known, flags, writes, why: colon === -1 ? WHY[known] : text.slice(colon + 1).trim() }
}

const ORDER: Record<Risk, number> = { read: 0, change: 1, destructive: 2 }

export function compareRisks(a: Risk, b: Risk): number {
  return ORDER[a] - ORDER[b]
}

export function highestRisk(risks: Iterable<Risk>): Risk {
  let highest: Risk = 'read'
  for (const risk of risks) if (compareRisks(risk, highest) > 0) highest = risk
  return highest
}
