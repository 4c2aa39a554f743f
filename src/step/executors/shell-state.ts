import { z } from 'zod'

/**
 * What one command of a run leaves for the next, taken from bash itself when it ends.
 * Only literal `declare` statements are read back: a value can never run as code. Functions are code by nature.
 */
const ShellState = z.strictObject({
  version: z.literal(1),
  cwd: z.string(),
  /** `declare` words as bash printed them: attributes, name, quoted value or null when declared without one. */
  variables: z.array(z.strictObject({ name: z.string(), flags: z.string(), source: z.string().nullable() })),
  /** `declare -f` text. */
  functions: z.string(),
  exportedFunctions: z.array(z.string()),
  options: z.array(z.string()),
  shopts: z.array(z.string()),
})
export type ShellState = z.infer<typeof ShellState>

/** Larger states would be written to the run row with every command. */
export const MAX_STATE_BYTES = 262_144

const OPTIONS = new Set(['errexit', 'nounset', 'pipefail', 'noglob', 'noclobber', 'allexport', 'errtrace'])
const SHOPTS = new Set([
  'globstar',
  'nullglob',
  'failglob',
  'dotglob',
  'extglob',
  'nocaseglob',
  'lastpipe',
  'inherit_errexit',
])
/** Set by bash or by erlmcp for every shell; keeping them would carry one shell's facts into another. */
const OWN =
  /^(?:BASH.*|COMP_.*|DIRSTACK|EPOCH.*|EUID|FUNCNAME|GROUPS|HISTCMD|HOSTNAME|HOSTTYPE|LINENO|MACHTYPE|OPTERR|OPTIND|OPTARG|OSTYPE|PIPESTATUS|PPID|PS[0-4]|PWD|RANDOM|SECONDS|SHELL|SHELLOPTS|SHLVL|SRANDOM|UID|_|IFS|READLINE_.*|ERLMCP_.*|__erlmcp.*)$/
const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/

export const parseState = (text: string): ShellState | null => {
  try {
    return ShellState.parse(JSON.parse(text))
  } catch {
    return null
  }
}

/** Statements that bring the state back, for variables that the new shell was not given from outside. */
export function restoreStatements(state: ShellState, given: ReadonlySet<string>): string {
  const variables = state.variables
    .filter(({ name }) => NAME.test(name) && !OWN.test(name) && !given.has(name))
    .map(({ name, flags, source }) => `declare ${flags} ${name}${source === null ? '' : `=${source}`}`)
  return [
    ...variables,
    state.functions,
    ...state.exportedFunctions.map((name) => `export -f -- ${name}`),
    ...state.shopts.filter((name) => SHOPTS.has(name)).map((name) => `shopt -s ${name}`),
    ...state.options.filter((name) => OPTIONS.has(name)).map((name) => `set -o ${name}`),
  ].join('\n')
}

/**
 * Statements that make bash write its state to `file` when it ends: sections separated by NUL, the word `end` last, so
 * that half a file is noticed. `trap` is wrapped so that a script's own exit trap runs as well, after it.
 */
export const saveStatements = (file: string): string => `__erlmcp_save=${quote(`__erlmcp_status=$?
__erlmcp_o=$SHELLOPTS
{ set +exu; } 2>/dev/null
builtin unset -f trap
{ builtin printf "%s\\0" 1 "$PWD" "$__erlmcp_o" "$BASHOPTS"
builtin declare -p; builtin printf "\\0"; builtin local -p; builtin printf "\\0"
builtin declare -f; builtin printf "\\0"; builtin declare -Fx; builtin printf "\\0end"
} >|${quote(file)} 2>/dev/null`)}
trap() {
  builtin trap "$@" || return
  [ "\${BASHPID:-$$}" = "$$" ] || return 0
  local __erlmcp_t
  __erlmcp_t=$(builtin trap -p EXIT)
  case $__erlmcp_t in *__erlmcp_status*) return 0 ;; esac
  eval "set -- \${__erlmcp_t#trap -- }"
  builtin trap "$__erlmcp_save\${1:+
(exit \\"\\$__erlmcp_status\\")
$1}" EXIT
}
builtin trap "$__erlmcp_save" EXIT`

export const quote = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`

export interface TakenState {
  state: ShellState
  /** Variables left out because the state would be too large. */
  dropped: string[]
}

/** Reads what the exit trap wrote. `given` are the variables that came from outside, with their values. */
export function takeState(
  text: string,
  given: Readonly<Record<string, string>>,
  hidden: ReadonlySet<string>,
): TakenState | null {
  const [version, cwd, options, shopts, declared, locals, functions, exported, end] = text.split('\0')
  if (version !== '1' || end !== 'end' || cwd === undefined) return null
  const local = new Set(parseDeclarations(locals ?? '').map(({ name }) => name))
  const variables = parseDeclarations(declared ?? '').filter(
    ({ name, flags, source }) =>
      !OWN.test(name) &&
      !local.has(name) &&
      !hidden.has(name) &&
      !flags.includes('r') &&
      (given[name] === undefined || source === null || given[name] !== unquote(source)),
  )
  return fit({
    version: 1,
    cwd,
    variables,
    functions: functions ?? '',
    exportedFunctions: [...(exported ?? '').matchAll(/^declare -f\S* (\S+)$/gm)]
      .map(([, name = '']) => name)
      .filter((name) => NAME.test(name)),
    options: (options ?? '').split(':').filter((name) => OPTIONS.has(name)),
    shopts: (shopts ?? '').split(':').filter((name) => SHOPTS.has(name)),
  })
}

function fit(state: ShellState): TakenState {
  const dropped: string[] = []
  const variables = [...state.variables]
  const size = (): number => Buffer.byteLength(JSON.stringify({ ...state, variables }))
  for (let left = size(); left > MAX_STATE_BYTES && variables.length > 0; left = size()) {
    const largest = variables.reduce((a, b) => ((b.source ?? '').length > (a.source ?? '').length ? b : a))
    variables.splice(variables.indexOf(largest), 1)
    dropped.push(largest.name)
  }
  if (size() <= MAX_STATE_BYTES) return { state: { ...state, variables }, dropped }
  return {
    state: { ...state, variables, functions: '', exportedFunctions: [] },
    dropped: [...dropped, 'all functions'],
  }
}

/** A bash word as `declare -p` prints it: `"…"`, `$'…'`, a bare word, or a parenthesised list of `[key]=word`. */
const WORD = `(?:"(?:[^"\\\\]|\\\\[\\s\\S])*"|\\$'(?:[^'\\\\]|\\\\[\\s\\S])*'|'[^']*'|[A-Za-z0-9_@%+:,./-]+)`
const KEY = `\\[(?:${WORD}|[^\\]"'$\`]*)\\]`
const DECLARATION = new RegExp(
  `^declare (-[A-Za-z-]+) ([A-Za-z_][A-Za-z0-9_]*)(?:=(${WORD}|\\((?:${KEY}=${WORD}? *)*\\)))?$`,
  'gm',
)

function parseDeclarations(text: string): ShellState['variables'] {
  return [...text.matchAll(DECLARATION)]
    .map(([, flags = '', name = '', source]) => ({ name, flags, source: source ?? null }))
    .filter(({ source, flags }) => (source === null || isLiteral(source)) && !flags.includes('n'))
}

/** No expansion may hide in double quotes: bash escapes every `$` and backtick that it prints there. */
const isLiteral = (source: string): boolean =>
  ![...source.matchAll(/"((?:[^"\\]|\\[\s\S])*)"/g)].some(([, inside = '']) =>
    /(?<!\\)(?:\\\\)*[$`]/.test(inside),
  )

/** The value of a scalar as printed by `declare -p`; `null` for lists and forms that are not understood. */
export function unquote(source: string): string | null {
  if (source.startsWith('"')) return source.slice(1, -1).replace(/\\([$`"\\])/g, '$1')
  if (!source.startsWith("$'")) return null
  const simple: Record<string, string> = {
    n: '\n',
    t: '\t',
    r: '\r',
    '\\': '\\',
    "'": "'",
    E: '\u001B',
    a: '\u0007',
    b: '\b',
    f: '\f',
    v: '\v',
  }
  return source
    .slice(2, -1)
    .replace(/\\(?:([0-7]{1,3})|(.))/g, (_, octal: string | undefined, letter: string) =>
      octal === undefined ? (simple[letter] ?? letter) : String.fromCharCode(Number.parseInt(octal, 8)),
    )
}
