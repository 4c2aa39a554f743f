/** Flags and arguments by the rules of pflag, with arguments and flags in any order. */
import { removedFlag } from './check-values.ts'
import { didYouMean } from './did-you-mean.ts'
import type { UsageProblem } from './problem.ts'
import { problem } from './problem.ts'
import type { CommandNode, FlagSpec } from './spec.ts'
import { normalFlagName, standsAlone } from './spec.ts'
import type { Word } from './words.ts'

export interface GivenFlag {
  /** The long name without dashes. */
  name: string
  /** `null`: not known before the command runs. */
  value: string | null
  /** Place of the word that names it. */
  index: number
}

export interface ParsedFlags {
  args: Word[]
  flags: GivenFlag[]
  afterDash: Word[] | null
  problems: UsageProblem[]
}

/** What kubectl takes for a flag given without its value. */
const OWN_VALUE: Record<string, string> = {
  'dry-run': 'unchanged',
  cascade: 'background',
  validate: 'strict',
}

export function parseFlags(words: Word[], node: CommandNode): ParsedFlags {
  const out: ParsedFlags = { args: [], flags: [], afterDash: null, problems: [] }
  const rest = [...words]
  for (let word = rest.shift(); word !== undefined; word = rest.shift()) {
    const { text } = word
    if (text === '--') {
      out.afterDash = rest
      return out
    }
    if (text === null || text === '-' || !text.startsWith('-')) out.args.push(word)
    else if (text.startsWith('--')) longFlag(text, word, rest, node, out)
    else shortFlags(text.slice(1), word, rest, node, out)
  }
  return out
}

function longFlag(text: string, word: Word, rest: Word[], node: CommandNode, out: ParsedFlags): void {
  const equals = text.indexOf('=')
  const written = equals === -1 ? text.slice(2) : text.slice(2, equals)
  const name = normalFlagName(written)
  const flag = node.flags.get(name)
  if (flag === undefined) {
    out.problems.push(unknownFlag(`--${written}`, word, node))
    return
  }
  if (equals !== -1) out.flags.push({ name, value: text.slice(equals + 1), index: word.index })
  else takeValue(name, flag, `--${written}`, word, rest, out)
}

function shortFlags(letters: string, word: Word, rest: Word[], node: CommandNode, out: ParsedFlags): void {
  for (let at = 0; at < letters.length; at += 1) {
    const letter = letters.charAt(at)
    const name = node.shorts.get(letter)
    const flag = name === undefined ? undefined : node.flags.get(name)
    if (name === undefined || flag === undefined) {
      out.problems.push(unknownFlag(`-${letters}`, word, node, letter))
      return
    }
    const after = letters.slice(at + 1)
    if (after.length > 1 && after.startsWith('=')) {
      out.flags.push({ name, value: after.slice(1), index: word.index })
      return
    }
    if (!standsAlone(flag) && after !== '') {
      out.flags.push({ name, value: after, index: word.index })
      return
    }
    takeValue(name, flag, `-${letter}`, word, rest, out)
  }
}

function takeValue(
  name: string,
  flag: FlagSpec,
  written: string,
  word: Word,
  rest: Word[],
  out: ParsedFlags,
): void {
  if (standsAlone(flag)) {
    out.flags.push({
      name,
      value: flag.type === 'bool' ? 'true' : (OWN_VALUE[name] ?? ''),
      index: word.index,
    })
    return
  }
  const next = rest.shift()
  if (next === undefined) {
    out.problems.push(
      problem('missing-value', word, `${written} needs a value`, `Write the value after ${written}.`),
    )
  }
  out.flags.push({ name, value: next === undefined ? '' : next.text, index: word.index })
}

function unknownFlag(written: string, word: Word, node: CommandNode, letter?: string): UsageProblem {
  const command = ['kubectl', ...node.path].join(' ')
  const removed = letter === undefined ? removedFlag(node, normalFlagName(written.slice(2))) : null
  if (removed !== null) {
    const message = `${command} ${written} was removed in kubectl ${removed.removedIn}`
    return problem('removed-flag', word, message, removed.instead)
  }
  const guess =
    letter === undefined ? didYouMean(written.slice(2), [...node.flags.keys()]) : longMeant(written, node)
  const what = letter !== undefined && written.length > 2 ? `-${letter} in ${written}` : written
  const remedy = guess === null ? `Run "${command} --help" for its flags.` : `Did you mean --${guess}?`
  return problem('unknown-flag', word, `${command} has no flag ${what}`, remedy)
}

/** `-namespace` is read as letters; the long flag was meant. */
function longMeant(written: string, node: CommandNode): string | null {
  const name = written.slice(1).split('=')[0] ?? ''
  return node.flags.has(name) ? name : null
}
