import { UNKNOWN } from '../placeholders.ts'
import type { Argument } from '../shell/argument.ts'
import { tail } from '../shell/argument.ts'

export interface OptionSyntax {
  /** Names, without dashes, of options that take a value. */
  values: ReadonlySet<string>
  /** Long names known beside those of `values`: an abbreviation is resolved among both. */
  names?: ReadonlySet<string>
  /** `gnu`: `-abc`, `--long`. `go`: `-long` and `--long` are the same, no bundles. */
  style: 'gnu' | 'go'
  /** Options end at the first operand. */
  stops: boolean
}

export interface Option {
  /** Without dashes. */
  name: string
  /** Every name that an abbreviation may stand for. */
  candidates: string[]
  value: Argument | null
  at: Argument
}

export interface ParsedOptions {
  options: Option[]
  operands: Argument[]
  /** Index in the arguments of the first operand, or their number. */
  firstOperand: number
  /** Words that may be options, but are not known. */
  open: Argument[]
  /** Whether `--` was met. */
  dashes: boolean
}

/** Tells options from operands as `getopt_long`, or Go's `flag`, does. */
export function parseOptions(args: readonly Argument[], syntax: OptionSyntax): ParsedOptions {
  const parsed: ParsedOptions = {
    options: [],
    operands: [],
    firstOperand: args.length,
    open: [],
    dashes: false,
  }
  for (let index = 0; index < args.length; index++) {
    const arg = args[index]
    if (arg === undefined) break
    if (arg.open) parsed.open.push(arg)
    const operand = !arg.value.startsWith('-') || arg.value === '-'
    if (operand || parsed.dashes) {
      parsed.firstOperand = Math.min(parsed.firstOperand, index)
      if (syntax.stops) {
        parsed.operands.push(...args.slice(index))
        return parsed
      }
      parsed.operands.push(arg)
    } else if (arg.value === '--') {
      parsed.dashes = true
    } else {
      const taken =
        arg.value.startsWith('--') || syntax.style === 'go'
          ? longOption(arg, args[index + 1], syntax, parsed)
          : shortOptions(arg, args[index + 1], syntax, parsed)
      if (taken) index++
    }
  }
  return parsed
}

/** Returns whether the next argument was its value. */
function longOption(
  arg: Argument,
  next: Argument | undefined,
  syntax: OptionSyntax,
  parsed: ParsedOptions,
): boolean {
  const dashes = arg.value.startsWith('--') ? 2 : 1
  const equals = arg.value.indexOf('=')
  const name = arg.value.slice(dashes, equals === -1 ? undefined : equals)
  if (name.includes(UNKNOWN)) parsed.open.push(arg)
  const candidates = candidatesOf(name, syntax)
  if (equals !== -1) {
    parsed.options.push({ name, candidates, value: tail(arg, equals + 1), at: arg })
    return false
  }
  const valued = candidates.length > 0 && candidates.every((candidate) => syntax.values.has(candidate))
  parsed.options.push({ name, candidates, value: valued ? (next ?? null) : null, at: arg })
  return valued && next !== undefined
}

function candidatesOf(name: string, syntax: OptionSyntax): string[] {
  if (syntax.style === 'go' || name.length < 2 || syntax.values.has(name) || syntax.names?.has(name) === true)
    return [name]
  const all = [...syntax.values, ...(syntax.names ?? [])]
  const longer = all.filter((candidate) => candidate.length > 1 && candidate.startsWith(name))
  return longer.length === 0 ? [name] : longer
}

function shortOptions(
  arg: Argument,
  next: Argument | undefined,
  syntax: OptionSyntax,
  parsed: ParsedOptions,
): boolean {
  for (let index = 1; index < arg.value.length; index++) {
    const name = arg.value[index] ?? ''
    if (name === UNKNOWN) parsed.open.push(arg)
    if (syntax.values.has(name)) {
      const attached = index + 1 < arg.value.length
      parsed.options.push({
        name,
        candidates: [name],
        value: attached ? tail(arg, index + 1) : (next ?? null),
        at: arg,
      })
      return !attached && next !== undefined
    }
    parsed.options.push({ name, candidates: [name], value: null, at: arg })
  }
  return false
}
