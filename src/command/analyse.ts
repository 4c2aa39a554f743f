import { highestRisk } from './effect.ts'
import { queryLanguage } from './language.ts'
import { COMMAND_FLAGS } from './model.ts'
import type { CommandAnalysis, CommandInput, InnerCommand, Language, Reason } from './model.ts'
import { maskPlaceholders } from './placeholders.ts'
import { checkPromql } from './promql.ts'
import { syntheticArgument } from './shell/argument.ts'
import type { Argument } from './shell/argument.ts'
import { findUnsetVariables } from './shell/inputs.ts'
import { outputOf } from './shell/output.ts'
import { MAX_SHELL_LENGTH, parseShell } from './shell/parse.ts'
import { TooLarge, addReason, openSession } from './shell/session.ts'
import type { Session } from './shell/session.ts'
import { walkShell } from './shell/walk.ts'
import { loadSqlGrammar } from './sql/judge.ts'
import { judgeSqlScript } from './sql/script.ts'

/** Prepares the grammars that need it; call once before `analyseCommand`, else no SQL can be judged. */
export async function loadCommandGrammars(): Promise<void> {
  await loadSqlGrammar()
}

export interface AnalyseOptions {
  /** Default: SQL or PromQL where the text can be nothing else, else `bash`. */
  language?: Language
}

/**
 * What a command may do: its risk is the maximum over everything that would run, and what cannot be understood is
 * `destructive`. Never throws; time and memory are bounded for any text.
 */
export function analyseCommand(text: string, options: AnalyseOptions = {}): CommandAnalysis {
  return inspectCommand(text, options).analysis
}

export interface Inspection {
  analysis: CommandAnalysis
  /** Stretches that are code for SQL, awk, or a shell elsewhere: a value must not be pasted into them. */
  code: { start: number; end: number }[]
  /** Texts that a shell started right here runs. */
  localCode: Argument[]
}

export function inspectCommand(text: string, options: AnalyseOptions = {}): Inspection {
  const language = options.language ?? queryLanguage(text)
  try {
    if (text.length > MAX_SHELL_LENGTH)
      return refused(text, language, `longer than ${MAX_SHELL_LENGTH} characters`)
    switch (language) {
      case 'bash':
        return inspectShell(text)
      case 'sql':
        return inspectSql(text)
      case 'promql':
        return inspectPromql(text)
      default:
        return refused(
          text,
          language,
          `${language} is not for a program to run here`,
          maskPlaceholders(text, language).inputs,
        )
    }
  } catch (error) {
    const why =
      error instanceof TooLarge
        ? error.message
        : error instanceof RangeError
          ? 'nested too deeply'
          : 'the text could not be followed'
    return refused(text, language, why)
  }
}

function inspectShell(text: string): Inspection {
  const masked = maskPlaceholders(text, 'bash')
  const parsed = parseShell(masked.text)
  if (parsed.script === undefined) return refused(text, 'bash', parsed.error, masked.inputs)
  const session = openSession(text)
  const whole = {
    ...syntheticArgument('', { start: 0, end: text.length }),
    value: masked.text,
    offsets: upTo(masked.text.length),
  }
  const runs = parsed.script.commands.length > 0
  if (runs)
    walkShell(
      whole,
      {
        session,
        source: { text, at: (offset) => offset },
        variables: { values: new Map(), positional: 'data' },
        outputOf,
        functions: new Set(),
        through: [],
        where: 'local',
        contained: false,
        bounded: false,
      },
      { through: '', where: 'local' },
    )
  else addReason(session, 'read', 'nothing that runs', 0, text.length)
  const inputs = [...placesInCode(masked.inputs, parsed.script.commands, session)]
  const unset = findUnsetVariables(parsed.script, text, inputs)
  return finish(session, 'bash', unset, session.commands, { parsed: true, runnable: runs })
}

/** A loop, not `Array.from`: it runs once for each character of every command. */
function upTo(length: number): number[] {
  const out: number[] = []
  for (let at = 0; at < length; at += 1) out.push(at)
  return out
}

/** Placeholders in comments are for the reader. */
function placesInCode(
  inputs: CommandInput[],
  statements: readonly { pos: number; end: number }[],
  session: Session,
): CommandInput[] {
  const comments = commentSpans(session.text, statements)
  return inputs
    .map((input) => ({
      ...input,
      places: input.places.filter(
        ({ start }) => !comments.some((span) => start >= span.start && start < span.end),
      ),
    }))
    .filter((input) => input.places.length > 0)
}

/** Comments between statements; those inside a loop or function stay, which only asks for one value more. */
function commentSpans(
  text: string,
  statements: readonly { pos: number; end: number }[],
): { start: number; end: number }[] {
  const spans: { start: number; end: number }[] = []
  for (const match of text.matchAll(/(?:^|[\s;])(#[^\n]*)/g)) {
    const start = match.index + match[0].length - (match[1]?.length ?? 0)
    const outside = !statements.some((statement) => start >= statement.pos && start < statement.end)
    // Behind the last word of a statement with a heredoc the body follows.
    const heredoc = statements.some(
      (statement) => statement.end <= start && text.slice(statement.pos, statement.end).includes('<<'),
    )
    if (outside && !heredoc) spans.push({ start, end: match.index + match[0].length })
  }
  return spans
}

function inspectSql(text: string): Inspection {
  const masked = maskPlaceholders(text, 'sql')
  const script = judgeSqlScript(masked.text)
  const session = openSession(text)
  for (const { risk, why, start, end, flags } of script.findings)
    addReason(session, risk, why, start, end, flags ?? [])
  const reasons =
    session.reasons.length === 0
      ? [{ text, why: 'nothing that runs', risk: 'read' as const, start: 0, end: text.length }]
      : session.reasons
  session.reasons = reasons
  session.code.push({ start: 0, end: text.length })
  const bad = script.parsed
    ? undefined
    : reasons.find((reason) => reason.why.startsWith('cannot be judged'))?.why
  return finish(session, 'sql', masked.inputs, [], {
    parsed: script.parsed,
    runnable: !script.empty,
    ...(bad === undefined ? {} : { parseError: bad }),
  })
}

function inspectPromql(text: string): Inspection {
  const masked = maskPlaceholders(text, 'promql')
  const error = checkPromql(masked.text.replace(/^[ \t]*#.*$/gm, (line) => ' '.repeat(line.length)))
  if (error !== null) return refused(text, 'promql', error.message, masked.inputs)
  const session = openSession(text)
  addReason(session, 'read', 'a query of metrics only reads', 0, text.length)
  session.code.push({ start: 0, end: text.length })
  return finish(session, 'promql', masked.inputs, [], { parsed: true, runnable: true })
}

function finish(
  session: Session,
  language: Language,
  inputs: CommandInput[],
  commands: InnerCommand[],
  facts: { parsed: boolean; runnable: boolean; parseError?: string },
): Inspection {
  const reasons = distinct(session.reasons)
  const flags = COMMAND_FLAGS.filter((flag) => reasons.some((reason) => reason.flag === flag))
  const risk = highestRisk(reasons.map((reason) => reason.risk))
  const { changesShell, code, localCode } = session
  return {
    analysis: { language, risk, flags, reasons, inputs, commands, ...facts, changesShell },
    code,
    localCode,
  }
}

function distinct(reasons: readonly Reason[]): Reason[] {
  const seen = new Set<string>()
  return reasons.filter((reason) => {
    const key = `${reason.start}:${reason.end}:${reason.risk}:${reason.flag ?? ''}:${reason.why}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
}

function refused(text: string, language: Language, why: string, inputs: CommandInput[] = []): Inspection {
  const message = why.startsWith('cannot be judged') ? why : `cannot be judged: ${why}`
  const shown = text.slice(0, 1_000)
  const reason: Reason = { text: shown, why: message, risk: 'destructive', start: 0, end: shown.length }
  const analysis: CommandAnalysis = {
    language, risk: 'destructive', flags: [], reasons: [reason], inputs, commands: [], parsed: false, parseError: why,
    changesShell: false, runnable: language === 'bash' || language === 'sql' || language === 'promql',
  } // prettier-ignore
  return { analysis, code: [{ start: 0, end: text.length }], localCode: [] }
}
