/** Which command the words name, by the rules of cobra's `Command.Find`, which kubectl is built on. */
import type { CommandNode } from './spec.ts'
import { ROOT, normalFlagName, standsAlone } from './spec.ts'
import type { Word } from './words.ts'

export interface FoundCommand {
  node: CommandNode
  /** What is left for the command: its arguments and all flags, also those before the verb. */
  words: Word[]
}

export function findCommand(words: Word[], node: CommandNode = ROOT): FoundCommand {
  const next = firstArgument(words, node)
  const child = next === undefined || next.text === null ? undefined : node.children.get(next.text)
  if (child === undefined) return { node, words }
  return findCommand(
    words.filter((word) => word !== next),
    child,
  )
}

/** The first word that is neither a flag nor, as far as this level knows its flags, the value of one. */
export function firstArgument(words: Word[], node: CommandNode): Word | undefined {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at]
    const text = word?.text
    if (text === null || text === undefined) return word
    if (text === '--') return undefined
    if (text === '' || text === '-') continue
    if (!text.startsWith('-')) return word
    if (takesNext(text, node)) at += 1
  }
  return undefined
}

function takesNext(text: string, node: CommandNode): boolean {
  if (text.includes('=')) return false
  if (!text.startsWith('--') && text.length !== 2) return false
  const name = text.startsWith('--') ? normalFlagName(text.slice(2)) : node.shorts.get(text.slice(1))
  const flag = name === undefined ? undefined : node.flags.get(name)
  return flag === undefined || !standsAlone(flag)
}
