import { UNKNOWN } from '../placeholders.ts'

/** A word of a command after quote removal and expansion, as far as it is known before it runs. */
export interface Argument {
  /** Each part that is not known is one `UNKNOWN`. */
  value: string
  /** Offset in the command as given, for each UTF-16 unit of `value`. */
  offsets: number[]
  start: number
  end: number
  /** May turn out to be an option, or several words, whatever the command's author chose. */
  open: boolean
  /** Contains an unquoted `*`, `?` or `[…]`. */
  glob: boolean
  /** Written out, without any variable or substitution. */
  fixed: boolean
}

/** A text that is judged, with the way back from its offsets to those of the command as given. */
export interface Source {
  text: string
  at: (offset: number) => number
}

export function sourceOf(argument: Argument): Source {
  const { value, offsets, start, end } = argument
  return {
    text: value,
    at: (offset) => offsets[offset] ?? (offset >= value.length ? (offsets.at(-1) ?? start - 1) + 1 : end),
  }
}

export function isKnown(argument: Argument): boolean {
  return !argument.open && !argument.value.includes(UNKNOWN)
}

/** The rest of a word from `from` on: the value of `--flag=value` or of `-oFILE`. */
export function tail(argument: Argument, from: number): Argument {
  return {
    ...argument,
    value: argument.value.slice(from),
    offsets: argument.offsets.slice(from),
    start: argument.offsets[from] ?? argument.end,
  }
}

/** Words joined by spaces, as ssh, watch and eval do. */
export function joinArguments(parts: readonly Argument[], separator = ' '): Argument {
  const first = parts[0]
  const value: string[] = []
  const offsets: number[] = []
  for (const [index, part] of parts.entries()) {
    if (index > 0) {
      value.push(separator)
      for (let count = 0; count < separator.length; count++) offsets.push(part.start)
    }
    value.push(part.value)
    for (const offset of part.offsets) offsets.push(offset)
  }
  return {
    value: value.join(''),
    offsets,
    start: first?.start ?? 0,
    end: parts.at(-1)?.end ?? first?.end ?? 0,
    open: parts.some((part) => part.open),
    glob: parts.some((part) => part.glob),
    fixed: parts.every((part) => part.fixed),
  }
}

/** A word made up by a judge, such as what `xargs` will append, placed at `at`. */
export function syntheticArgument(value: string, at: { start: number; end: number }, open = false): Argument {
  return {
    value,
    offsets: Array.from({ length: value.length }, () => at.start),
    start: at.start,
    end: at.end,
    open,
    glob: false,
    fixed: false,
  }
}
