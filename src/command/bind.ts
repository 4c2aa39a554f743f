import { AppError, assertNever } from '../base/error.ts'
import { inspectCommand } from './analyse.ts'
import type { CommandInput } from './model.ts'
import { UNKNOWN, maskPlaceholders } from './placeholders.ts'
import type { Argument } from './shell/argument.ts'
import { parseShell } from './shell/parse.ts'
import type { ParsedScript } from './shell/parse.ts'
import { quotingAt } from './shell/quoting.ts'
import type { Quoting } from './shell/quoting.ts'

/** The environment variable that carries the value of an input into the shell. */
export function inputVariable(name: string): string {
  return `ERLMCP_INPUT_${name.toUpperCase().replace(/[^A-Z0-9]/g, '_')}`
}

/** Of placeholders in one command; real ones have under 20. */
const MAX_PLACES = 500

interface Place {
  name: string
  start: number
  end: number
}

/**
 * The shell source that runs: each place of each input becomes a quoted reference to its environment variable, so a
 * value is one word, or a part of one, whatever it holds, and never source text. Inside code for another interpreter
 * (SQL, awk, a shell elsewhere) a value has to be part of a text that is read again: there the reference drops all
 * characters but letters, digits and `_.:@%+,=/-`; see `plainInputs`.
 * Throws `input_invalid` where no safe reference exists.
 */
export function bindInputs(text: string, inputs: readonly CommandInput[]): string {
  const places = placesOf(inputs)
  if (places.length === 0) return text
  if (places.length > MAX_PLACES) throw refusal(text, `it has ${places.length} placeholders`)
  const { script, code, localCode } = prepare(text)
  const pieces: string[] = []
  let last = 0
  for (const place of places) {
    const written = text.slice(place.start, place.end)
    const local = localCode.find((argument) => innerPlace(argument, place) !== null)
    const quoting = quotingAt(script, place)
    const inCode = code.some((span) => place.start >= span.start && place.end <= span.end)
    const reference =
      local !== undefined && !inCode
        ? referenceInside(local, place, quoting, written)
        : referenceFor(quoting, place.name, inCode, written)
    pieces.push(text.slice(last, place.start), reference)
    last = place.end
  }
  return `${pieces.join('')}${text.slice(last)}`
}

/** Names of inputs with a place inside code of another interpreter: their values must be plain words. */
export function plainInputs(text: string, inputs: readonly CommandInput[]): string[] {
  const { code } = inspectCommand(text)
  const inCode = ({ start, end }: { start: number; end: number }): boolean =>
    code.some((span) => start >= span.start && end <= span.end)
  return inputs.filter((input) => input.places.some(inCode)).map((input) => input.name)
}

function placesOf(inputs: readonly CommandInput[]): Place[] {
  const places = inputs.flatMap(({ name, places: all }) =>
    all.map(({ start, end }) => ({ name, start, end })),
  )
  return places.sort((a, b) => a.start - b.start)
}

function prepare(text: string): {
  script: ParsedScript
  code: { start: number; end: number }[]
  localCode: Argument[]
} {
  const parsed = parseShell(maskPlaceholders(text, 'bash').text)
  if (parsed.script === undefined) throw refusal(text, `the command does not parse: ${parsed.error}`)
  const { code, localCode } = inspectCommand(text)
  return { script: parsed.script, code, localCode }
}

/** Characters that no shell, SQL or awk gives a meaning of their own. */
const PLAIN = '[!A-Za-z0-9_.:@%+,=\\/-]'

function referenceFor(quoting: Quoting, name: string, inCode: boolean, written: string): string {
  const variable = inputVariable(name)
  const expansion = inCode ? `\${${variable}//${PLAIN}/}` : `\${${variable}}`
  switch (quoting.kind) {
    case 'plain':
      return `"${expansion}"`
    case 'double':
    case 'heredoc':
      return expansion
    case 'single':
      return `'"${expansion}"'`
    case 'ansi':
      return `'"${expansion}"$'`
    case 'comment':
      return written
    case 'verbatim':
      throw refusal(written, 'it stands in a heredoc whose end mark is quoted, where nothing is replaced')
    case 'refuse':
      throw refusal(written, quoting.why)
    default:
      return assertNever(quoting)
  }
}

/** Code of a shell that has the same environment: the reference is left to that shell. */
function referenceInside(code: Argument, place: Place, quoting: Quoting, written: string): string {
  const at = innerPlace(code, place) ?? 0
  const parsed = parseShell(code.value)
  if (parsed.script === undefined)
    throw refusal(written, `the code around it does not parse: ${parsed.error}`)
  const inner = referenceFor(quotingAt(parsed.script, { start: at, end: at + 1 }), place.name, false, written)
  switch (quoting.kind) {
    case 'single':
      return inner.replaceAll("'", String.raw`'\''`)
    case 'double':
      return inner.replace(/[\\"$`]/g, String.raw`\$&`)
    case 'heredoc':
      return inner.replace(/[\\$`]/g, String.raw`\$&`)
    case 'verbatim':
      return inner
    case 'plain':
    case 'ansi':
      throw refusal(written, 'it stands in code that is not quoted')
    case 'comment':
      return written
    case 'refuse':
      throw refusal(written, quoting.why)
    default:
      return assertNever(quoting)
  }
}

/** Where the placeholder at `place` is in the text of the code, if it is in it. */
function innerPlace(code: Argument, place: Place): number | null {
  for (let index = 0; index < code.value.length; index++) {
    if (code.value[index] === UNKNOWN && code.offsets[index] === place.start) return index
  }
  return null
}

function refusal(written: string, why: string): AppError {
  return new AppError('input_invalid', `no value can be put in place of ${written.slice(0, 200)}: ${why}`, {
    action: 'Write the placeholder as a word of its own, or inside double quotes.',
  })
}
