import { assertNever } from '../../base/error.ts'
import { UNKNOWN } from '../placeholders.ts'
import { joinArguments } from './argument.ts'
import type { Argument, Source } from './argument.ts'
import { expandBraces } from './braces.ts'
import type {
  Assignment, CommandArgument, HereDoc, ParameterExpansionPart, ParsedScript, Word, WordPart,
} from './parse.ts' // prettier-ignore
import { variableValue } from './variables.ts'
import type { Variables } from './variables.ts'

/** What evaluation needs to know about where a word stands. */
export interface EvaluationScope {
  source: Source
  variables: Variables
  /** What a substitution prints, as far as its own text says so. */
  outputOf: (script: ParsedScript, scope: EvaluationScope) => SubstitutionOutput
}

/** `text` is known but for its `UNKNOWN`s, `data` comes from elsewhere, `open` was made up by the command itself. */
export type SubstitutionOutput = { kind: 'text'; text: string } | { kind: 'data' | 'open' }

/** `known` text, one `unknown` value, or `open`: whatever the author of the command chose, options included. */
interface Piece {
  kind: 'known' | 'unknown' | 'open'
  text: string
  offsets: number[]
  quoted: boolean
  glob: boolean
  fixed: boolean
}

const MAX_WORDS = 64

/** The arguments a word becomes: none, one, or several by brace expansion and word splitting. */
export function evaluateWord(word: Word, scope: EvaluationScope): Argument[] {
  const start = scope.source.at(word.pos)
  const end = endIn(scope.source, word.end)
  if (word.parts === undefined) {
    const piece = literalPiece(word.value, word.text, word.pos, scope, false)
    const quoted = word.text !== word.value
    return [toArgument([{ ...piece, quoted }], start, end)]
  }
  let alternatives: Piece[][] = [[]]
  for (const part of word.parts) {
    const options = part.type === 'BraceExpansion' ? bracePieces(part, scope) : [piecesOf(part, scope, false)]
    if (alternatives.length * options.length > MAX_WORDS) return [openArgument(start, end)]
    const [only] = options
    // In place: a word of many parts must not be copied for each of them.
    if (only !== undefined && options.length === 1) for (const pieces of alternatives) pieces.push(...only)
    else alternatives = alternatives.flatMap((pieces) => options.map((option) => [...pieces, ...option]))
  }
  return alternatives.flatMap((pieces) => splitWords(pieces, start, end))
}

/** A word where no splitting happens: an assigned value, a redirection's target, a test's operand. */
export function evaluateSingle(word: Word, scope: EvaluationScope): Argument {
  const start = scope.source.at(word.pos)
  const end = endIn(scope.source, word.end)
  if (word.parts === undefined) {
    return toArgument([literalPiece(word.value, word.text, word.pos, scope, false)], start, end)
  }
  const pieces = word.parts.flatMap((part) =>
    piecesOf(part, scope, false).map((piece) => ({ ...piece, quoted: true })),
  )
  return toArgument(pieces, start, end)
}

/** Arguments of a command in order; `NAME=value` behind `export` and its kin is one argument. */
export function evaluateArguments(words: readonly CommandArgument[], scope: EvaluationScope): Argument[] {
  return words.flatMap((word) =>
    word.type === 'Word' ? evaluateWord(word, scope) : [evaluateAssignment(word, scope)],
  )
}

function evaluateAssignment(assignment: Assignment, scope: EvaluationScope): Argument {
  const start = scope.source.at(assignment.pos)
  const end = endIn(scope.source, assignment.end)
  const name =
    assignment.index === undefined ? assignment.name : `${assignment.name}[${assignment.index.text}]`
  const left = `${name}${assignment.append === true ? '+' : ''}=`
  const before: Argument = {
    value: left, offsets: Array.from({ length: left.length }, () => start), start, end,
    open: false, glob: false, fixed: true,
  } // prettier-ignore
  const value =
    assignment.value.type === 'Word'
      ? evaluateSingle(assignment.value, scope)
      : joinArguments(assignment.value.elements.flatMap((element) => evaluateWord(element, scope)))
  return { ...joinArguments([before, value], ''), open: false, start, end }
}

/** The text a heredoc gives to its command. */
export function evaluateHeredoc(heredoc: HereDoc, scope: EvaluationScope): Argument {
  const { body } = heredoc
  const start = scope.source.at(body.pos)
  const end = endIn(scope.source, body.end)
  if (heredoc.delimiter?.quoted === true || body.parts === undefined) {
    return toArgument([literalPiece(body.text, body.text, body.pos, scope, true)], start, end)
  }
  return toArgument(
    body.parts.flatMap((part) => piecesOf(part, scope, true)),
    start,
    end,
  )
}

function piecesOf(part: WordPart, scope: EvaluationScope, quoted: boolean): Piece[] {
  switch (part.type) {
    case 'Literal':
      return [literalPiece(part.value, part.text, part.pos, scope, quoted || part.value !== part.text)]
    case 'Glob':
      return [{ ...literalPiece(part.value, part.text, part.pos, scope, quoted), glob: !quoted }]
    case 'ExtendedGlob':
      return [{ ...literalPiece(part.text, part.text, part.pos, scope, quoted), glob: true }]
    case 'SingleQuoted':
    case 'AnsiCQuoted':
      return [literalPiece(part.value, part.text, part.pos, scope, true)]
    case 'DoubleQuoted':
    case 'LocaleString':
      if (part.parts.length === 0) return [known('', [], true)]
      return part.parts.flatMap((child) => piecesOf(child, scope, true))
    case 'SimpleExpansion':
      return variablePieces(part.text.replace(/^\$/, ''), part.pos, scope, quoted)
    case 'ParameterExpansion':
      return parameterPieces(part, scope, quoted)
    case 'CommandExpansion':
      return substitutionPieces(part.script, part.pos, scope, quoted)
    case 'ArithmeticExpansion':
    case 'ProcessSubstitution':
      return [unknown('unknown', scope.source.at(part.pos), true)]
    case 'BraceExpansion':
      return [unknown('open', scope.source.at(part.pos), quoted)]
    default:
      return assertNever(part)
  }
}

function bracePieces(part: Extract<WordPart, { type: 'BraceExpansion' }>, scope: EvaluationScope): Piece[][] {
  const words = /['"\\$`]/.test(part.text) ? null : expandBraces(part.text, MAX_WORDS)
  const at = scope.source.at(part.pos)
  if (words === null) return [[unknown('open', at, false)]]
  return words.map((word) => [
    known(
      word,
      Array.from({ length: word.length }, () => at),
      true,
    ),
  ])
}

function variablePieces(name: string, pos: number, scope: EvaluationScope, quoted: boolean): Piece[] {
  const at = scope.source.at(pos)
  const value = variableValue(name, scope.variables)
  if (value.kind !== 'text') return [unknown(value.kind === 'data' ? 'unknown' : 'open', at, quoted)]
  const offsets = Array.from({ length: value.text.length }, () => at)
  return [{ ...known(value.text, offsets, quoted), fixed: false }]
}

function parameterPieces(part: ParameterExpansionPart, scope: EvaluationScope, quoted: boolean): Piece[] {
  const at = scope.source.at(part.pos)
  const { operation } = part
  if (part.prefix === '#') return [unknown('unknown', at, quoted)]
  if (part.prefix === '!') return [unknown('open', at, quoted)]
  const value = variableValue(part.parameter, scope.variables)
  if (operation === undefined || (operation.type === 'Default' && operation.operator.includes('?'))) {
    return variablePieces(part.parameter, part.pos, scope, quoted)
  }
  if (operation.type === 'Default') {
    const operand = evaluateSingle(operation.operand, scope)
    const plain = (text: string): boolean => !/^-|[\s{}*?]/.test(text)
    const either = value.kind === 'data' || (value.kind === 'text' && plain(value.text))
    return [unknown(either && !operand.open && plain(operand.value) ? 'unknown' : 'open', at, quoted)]
  }
  if (operation.type === 'Names' || operation.type === 'Unknown') return [unknown('open', at, quoted)]
  if (operation.type === 'Replace') {
    const replacement = evaluateSingle(operation.replacement, scope)
    if (replacement.open || replacement.value.startsWith('-')) return [unknown('open', at, quoted)]
  }
  return [unknown(value.kind === 'data' ? 'unknown' : 'open', at, quoted)]
}

function substitutionPieces(
  script: ParsedScript | undefined,
  pos: number,
  scope: EvaluationScope,
  quoted: boolean,
): Piece[] {
  const at = scope.source.at(pos)
  if (script === undefined) return [unknown('open', at, quoted)]
  const output = scope.outputOf(script, { ...scope, source: { text: '', at: () => at } })
  if (output.kind !== 'text') return [unknown(output.kind === 'data' ? 'unknown' : 'open', at, quoted)]
  const text = output.text.replace(/\n+$/, '')
  return [
    {
      ...known(
        text,
        Array.from({ length: text.length }, () => at),
        quoted,
      ),
      fixed: false,
    },
  ]
}

function known(text: string, offsets: number[], quoted: boolean): Piece {
  return { kind: 'known', text, offsets, quoted, glob: false, fixed: true }
}

function unknown(kind: 'unknown' | 'open', at: number, quoted: boolean): Piece {
  return { kind, text: UNKNOWN, offsets: [at], quoted, glob: false, fixed: false }
}

/** Runs of masked characters shrink to one; offsets follow quote and backslash removal. */
function literalPiece(
  value: string,
  text: string,
  pos: number,
  scope: EvaluationScope,
  quoted: boolean,
): Piece {
  const chars: string[] = []
  const offsets: number[] = []
  let source = 0
  let fixed = true
  for (let index = 0; index < value.length; index++) {
    const char = value[index] ?? ''
    let next = source
    while (next < text.length && text[next] !== char) next++
    if (next < text.length) source = next
    if (char === UNKNOWN) fixed = false
    if (char !== UNKNOWN || chars.at(-1) !== UNKNOWN) {
      chars.push(char)
      offsets.push(scope.source.at(pos + source))
    }
    if (source < text.length - 1) source++
  }
  return { kind: 'known', text: chars.join(''), offsets, quoted, glob: false, fixed }
}

/** Splits at white space that came from an unquoted variable; literals never contain any unquoted. */
function splitWords(pieces: Piece[], start: number, end: number): Argument[] {
  const words: Piece[][] = [[]]
  let solid = false
  for (const piece of pieces) {
    if (piece.kind !== 'known' || piece.quoted || piece.fixed || !/\s/.test(piece.text)) {
      if (piece.kind !== 'known' || piece.quoted || piece.text !== '') solid = true
      words.at(-1)?.push(piece)
      continue
    }
    let offset = 0
    for (const [index, text] of piece.text.split(/\s+/).entries()) {
      if (index > 0) words.push([])
      if (text !== '')
        words.at(-1)?.push({ ...piece, text, offsets: piece.offsets.slice(offset, offset + text.length) })
      offset += text.length + 1
    }
  }
  const full = words.filter((word) => word.length > 0)
  if (full.length === 0 || (!solid && full.every((word) => word.every((piece) => piece.text === ''))))
    return []
  return full.map((word) => toArgument(word, start, end))
}

function toArgument(pieces: Piece[], start: number, end: number): Argument {
  const value = pieces.map((piece) => piece.text).join('')
  const open = pieces.some(
    (piece, index) =>
      piece.kind === 'open' &&
      (!piece.quoted || pieces.slice(0, index).every((before) => /^-*$/.test(before.text))),
  )
  return {
    value,
    offsets: pieces.flatMap((piece) => piece.offsets),
    start,
    end,
    open,
    glob: pieces.some(
      (piece) =>
        piece.glob || (piece.kind === 'known' && !piece.quoted && !piece.fixed && /[*?[]/.test(piece.text)),
    ),
    fixed: pieces.every((piece) => piece.fixed),
  }
}

function openArgument(start: number, end: number): Argument {
  return { value: UNKNOWN, offsets: [start], start, end, open: true, glob: false, fixed: false }
}

function endIn(source: Source, end: number): number {
  return end === 0 ? source.at(0) : source.at(end - 1) + 1
}
