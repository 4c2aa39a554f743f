/**
 * What a kubectl command line says and what kubectl would refuse about it, without running it.
 * Grammar: cobra finds the command, pflag reads the flags; both are followed rule by rule. Facts: the help of
 * kubectl 1.27 to 1.36 (`data/kubectl.json`).
 */
import { checkArguments } from './check-arguments.ts'
import { checkCommand } from './check-command.ts'
import { checkValues } from './check-values.ts'
import { findCommand, firstArgument } from './find-command.ts'
import type { GivenFlag } from './parse-flags.ts'
import { parseFlags } from './parse-flags.ts'
import type { UsageProblem } from './problem.ts'
import type { Word } from './words.ts'

export { USAGE_PROBLEM_KINDS } from './problem.ts'
export type { UsageProblem, UsageProblemKind } from './problem.ts'
export type { GivenFlag } from './parse-flags.ts'
export { builtInType, isClusterScoped } from './resources.ts'

export interface KubectlCommand {
  /** Canonical words of the command: `['rollout', 'undo']`; empty when it is not known. */
  path: string[]
  /** First word of the command, also of an unknown one or a plug-in; `''` when not known before it runs. */
  verb: string
  /** Arguments before `--`; `null` where a word is not known before it runs. */
  args: (string | null)[]
  /** In order, by long name, also those before the verb. A boolean flag has `'true'` or what follows its `=`. */
  flags: GivenFlag[]
  /** Words after `--`, `null` without one. */
  afterDash: (string | null)[] | null
  problems: UsageProblem[]
  /** It can only be a plug-in; then nothing else of it is known. */
  plugin: boolean
}

/** `argv` starts with the program itself. Words that nobody knows yet are `null` and never a problem. */
export function parseKubectl(argv: readonly (string | null)[]): KubectlCommand {
  const words = argv.slice(1).map((text, at) => ({ text: isElision(text) ? null : text, index: at + 1 }))
  const { node, words: left } = findCommand(words)
  const first = node.children.size === 0 ? undefined : firstArgument(left, node)
  const unknownVerb = node.path.length === 0 && first !== undefined
  const flagsBefore = words[0]?.text?.startsWith('-') === true
  const commandProblems = checkCommand(node, first, flagsBefore)
  const plugin = commandProblems.some((problem) => problem.kind === 'plugin')
  if (unknownVerb) return unknownCommand(words, first, commandProblems, plugin)

  const parsed = parseFlags(left, node)
  const verbIndex = words.find((word) => !left.includes(word))?.index ?? 0
  const clean = commandProblems.length === 0 && parsed.problems.length === 0
  return {
    path: node.path,
    verb: node.path[0] ?? '',
    args: parsed.args.map((word) => word.text),
    flags: parsed.flags,
    afterDash: parsed.afterDash?.map((word) => word.text) ?? null,
    problems: [
      ...commandProblems,
      ...(commandProblems.length === 0 ? parsed.problems : []),
      ...(commandProblems.length === 0 ? checkValues(node, parsed.flags) : []),
      ...(clean ? checkArguments(node.path, verbIndex, parsed) : []),
    ],
    plugin,
  }
}

/** `...` in an example stands for words that are left out. */
const isElision = (text: string | null): boolean => text === '...' || text === '…' || text === '[...]'

function unknownCommand(
  words: Word[],
  verb: Word,
  problems: UsageProblem[],
  plugin: boolean,
): KubectlCommand {
  const args = words.filter((word) => word !== verb).map((word) => word.text)
  return { path: [], verb: verb.text ?? '', args, flags: [], afterDash: null, problems, plugin }
}
