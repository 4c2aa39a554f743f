/**
 * The form in which facts on a program are written. Effects are short texts, read by `parseEffect`:
 * `read`, `change: why`, `destructive: why`, `read endless: why`, `change file: why`, `change output: why` (where `-` is standard output). Names of options are written
 * without dashes, several in one string separated by spaces. Where the verbs of a program were compared with
 * its documentation, the table says so above it. A verb that is not written down is not understood: the safe side.
 */
export interface ToolFacts {
  /** What it does when no option or subcommand says otherwise. Default `read`. */
  does?: string
  /** What it does without operands, where that differs. */
  bare?: string
  /** Options that take a value: needed to tell values from operands and subcommands. */
  values?: string
  /** Options with an effect of their own, by name. They must stand in `values` too when they take a value. */
  options?: Record<string, string>
  /** Options that take what it does away (`dry-run`); effects of other options stay. */
  harmless?: string
  /** Options whose effect `harmless` takes away as well: `rsync -n --delete` deletes nothing. */
  tamed?: string
  /** `harmless` options count before a subcommand too: `apt-get -s upgrade`. */
  harmlessBefore?: boolean
  /** What words behind `--` do: `etcdctl watch KEY -- COMMAND` runs one. */
  dashes?: string
  /** Options with which it returns by itself, and asks nobody: `tcpdump -c 5`. */
  ends?: string
  /** When given, `harmless` holds only if all other options are among these, or take a value. */
  neutral?: string
  /** When given, every option outside `only`, `values` and `options` counts as not understood. */
  only?: string
  /** Subcommands: `get`, `list ls` for several names, `config.view` for nested ones, `describe-*` for a prefix. */
  commands?: Record<string, string | ToolFacts>
  /** `go`: `-long` is one option. Default `gnu`. */
  style?: 'gnu' | 'go'
  /** Operand number from which on files are written: `uniq IN OUT` is 1. */
  writesOperand?: number
  /** Operands with an effect of their own, by a regular expression that one of them matches: `postconf NAME=VALUE`. */
  operands?: Record<string, string>
  /** Options whose value is a command, by name, with a regular expression of those that only show; others are not understood. */
  shows?: Record<string, string>
  /** Operand number from which on it sets what it is given: `resolvectl dns LINK SERVER` is 1. */
  sets?: number
  /** Whether `-` among those is standard output. Default true. */
  dash?: boolean
  /** Its operands from this number on are a command, as for `timeout 5 ls` (1) or `nice ls` (0). */
  runs?: number
}

/** Facts by program name; several names in one key are separated by spaces. */
export type ToolTable = Record<string, ToolFacts | string>
