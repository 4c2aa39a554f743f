import type { CommandFlag, Risk } from '../model.ts'
import type { Argument } from '../shell/argument.ts'

/** What a command reads on standard input. */
export type Stdin =
  /** The terminal, or nothing. */
  | { kind: 'none' }
  /** A heredoc, a here-string, or the output of `echo`. */
  | { kind: 'text'; text: Argument }
  /** A file or another command's output; `made` when the command's own text made it up. */
  | { kind: 'data'; made: boolean }
  /** `< /dev/null`: nothing, and at once. */
  | { kind: 'empty' }

export interface ShellOptions {
  through: string
  stdin?: Stdin
  /** `$1` and `$@` inside are words that the caller chose. */
  positional?: boolean
  /** Where the code runs: `local` sees this shell's environment, `remote` does not. */
  where: 'local' | 'remote'
}

export interface RunOptions {
  through: string
  stdin?: Stdin
  where?: 'local' | 'remote'
  /** Something ends it after a while, so it is never endless. */
  bounded?: boolean
}

/** One command to judge, and what a judge may do about it. */
export interface Call {
  /** Base name of the program. */
  name: string
  /** The word that names it. */
  word: Argument
  args: Argument[]
  stdin: Stdin
  /** Records a reason, on the words from `from` to `to`. */
  note: (risk: Risk, why: string, from?: Argument, to?: Argument, flags?: readonly CommandFlag[]) => void
  /** Judges a text as shell source. */
  shell: (code: Argument, options: ShellOptions) => void
  /** Judges further words as a command of their own. */
  run: (words: Argument[], options: RunOptions) => void
  /** The command's environment, or this shell, gets a variable. */
  assign: (name: string, value: Argument) => void
  /** Says that later commands of the same shell can depend on this one. */
  changeShell: () => void
  /** Marks words as code of another language, into which a value must not be pasted. */
  code: (argument: Argument) => void
}

export type Judge = (call: Call) => void
