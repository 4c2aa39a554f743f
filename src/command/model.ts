/**
 * What a command may do. `read` observes only; `change` is normally recoverable;
 * `destructive` loses something, or could not be judged.
 */
export const RISKS = ['read', 'change', 'destructive'] as const
export type Risk = (typeof RISKS)[number]

/** `endless` does not return by itself; `interactive` wants a person at a terminal; `secret` shows credentials. */
export const COMMAND_FLAGS = ['endless', 'interactive', 'secret'] as const
export type CommandFlag = (typeof COMMAND_FLAGS)[number]

/** Languages a code block can turn out to be, judged by content as well as by its tag. */
export const LANGUAGES = [
  'bash', 'sql', 'promql', 'erlang', 'slack', 'powershell', 'python', 'ruby', 'javascript', 'json', 'yaml',
  'hcl', 'log', 'output', 'text',
] as const // prettier-ignore
export type Language = (typeof LANGUAGES)[number]

/** Why a command has its risk or flag, with the words of the command that caused it. */
export interface Reason {
  /** The words of the command, verbatim. */
  text: string
  /** One sentence, without a full stop. */
  why: string
  risk: Risk
  flag?: CommandFlag
  /** UTF-16 offsets of `text` in the command as it was given. */
  start: number
  end: number
}

export const PLACEHOLDER_FORMS = [
  'angle', 'brace', 'square', 'at-brace', 'upper', 'unset-variable', 'xxx', 'example',
] as const // prettier-ignore
export type PlaceholderForm = (typeof PLACEHOLDER_FORMS)[number]

/** A value that a person, an alert label or a look-up has to give before the command can run. */
export interface CommandInput {
  /** Environment-variable style name, unique within the command: `POD_NAME`, `NAMESPACE`. */
  name: string
  form: PlaceholderForm
  /** The placeholder as written: `<pod-name>`, `POD_NAME`, `$NAMESPACE`. */
  text: string
  /** UTF-16 offsets of every place in the command as it was given. */
  places: { start: number; end: number }[]
}

/** One simple command found anywhere inside: pipelines, substitutions, `bash -c`, `kubectl exec … --`, ssh. */
export interface InnerCommand {
  /** Words after quote removal; a word that is not known before it runs is `null`. */
  argv: (string | null)[]
  risk: Risk
  flags: CommandFlag[]
  start: number
  end: number
  /** How it was reached, outermost first: `['sudo', 'kubectl exec']`. */
  through: string[]
}

export interface CommandAnalysis {
  language: Language
  risk: Risk
  flags: CommandFlag[]
  reasons: Reason[]
  inputs: CommandInput[]
  commands: InnerCommand[]
  /** False when the text does not parse in its language; the risk is then `destructive`. */
  parsed: boolean
  parseError?: string
  /** Whether later commands of the same shell can depend on it: assignment, cd, export, source, function, set. */
  changesShell: boolean
  /** Whether a program could act on it at all; comment-only and other-language text is for a person. */
  runnable: boolean
}
