import { parseEffect } from '../effect.ts'
import type { Effect } from '../effect.ts'
import { isKnown } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import type { ToolFacts } from '../tools/facts.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'
import type { Option, ParsedOptions } from './options.ts'

/** Facts made ready: names split, effects read, subcommands as a tree. */
interface Prepared {
  does: Effect
  bare: Effect | null
  values: Set<string>
  options: Map<string, Effect>
  harmless: Set<string>
  tamed: Set<string>
  harmlessBefore: boolean
  dashes: Effect | null
  ends: Set<string>
  only: Set<string> | null
  commands: Map<string, Prepared>
  style: 'gnu' | 'go'
  writesOperand: number | null
  dash: boolean
  operands: [RegExp, Effect][]
  /** Whether the facts say what it does without a subcommand. */
  thought: boolean
  sets: number | null
  shows: Map<string, RegExp>
  runs: number | null
  /** When given, a harmless option is believed only beside these, its like, and options with a value. */
  neutral: Set<string> | null
}

const prepared = new WeakMap<ToolFacts, Prepared>()

/** Judges a call by the facts on its program. */
export function judgeTool(call: Call, facts: ToolFacts): void {
  const own = prepared.get(facts) ?? prepare(facts, null)
  prepared.set(facts, own)
  judgePrepared(call, own, call.args, call.name)
}

function judgePrepared(
  call: Call,
  facts: Prepared,
  args: Argument[],
  path: string,
  harmlessBefore = false,
): void {
  if (isHelp(args, facts)) return call.note('read', `${path} prints its help`, call.word, args.at(-1))
  const parsed = parseOptions(args, {
    values: facts.values,
    names: new Set([...facts.options.keys(), ...facts.harmless, ...(facts.only ?? [])]),
    style: facts.style,
    stops: facts.commands.size > 0 || facts.runs !== null,
  })
  const harmless = harmlessBefore || isHarmless(parsed, facts)
  noteOptions(call, facts, parsed, path, harmless)
  noteSwallowed(call, facts, parsed, path)
  if (facts.dashes !== null && parsed.dashes)
    call.note(facts.dashes.risk, `${path}: ${facts.dashes.why}`, call.word, args.at(-1), facts.dashes.flags)
  const [operand] = parsed.operands
  if (facts.commands.size > 0 && operand !== undefined) {
    const done = judgeSubcommand(call, facts, operand, args.slice(parsed.firstOperand + 1), path, parsed)
    if (done) return
  }
  if (facts.runs !== null) return judgeInner(call, facts, facts.runs, parsed, path)
  if (operand === undefined) noteUnknownAlone(call, facts, parsed, path)
  const effect = operand === undefined && facts.bare !== null ? facts.bare : facts.does
  if (facts.commands.size > 0 && operand !== undefined) {
    return call.note('destructive', `${path} has no subcommand ${operand.value} that is known`, operand)
  }
  if (harmless) return call.note('read', `${path} only shows what it would do`, call.word, args.at(-1))
  if (effect.risk === 'read') noteFurtherVerb(call, facts, operand, path)
  const ends = parsed.options.some((option) => facts.ends.has(option.name) && isOn(option))
  call.note(effect.risk, `${path}: ${effect.why}`, call.word, args.at(-1), ends ? [] : effect.flags)
  noteWrittenOperands(call, facts, parsed, path)
  noteOperands(call, facts, parsed, path)
}

const CHANGING_VERB =
  /^(?:add|apply|attach|clear|create|del|delete|destroy|detach|disable|drop|edit|enable|install|kill|modify|patch|promote|prune|purge|put|remove|rename|reset|restart|restore|rm|rotate|scale|set|suspend|uninstall|unset|update|upgrade|write)$/
const TAKES_WORDS = /(?:search|find|help|grep|show|query|list)$/

/** `fly apps destroy`, should `apps` be known and its own subcommands not: a word like this is hardly a name. */
function noteFurtherVerb(call: Call, facts: Prepared, operand: Argument | undefined, path: string): void {
  if (operand === undefined || !path.includes(' ') || facts.commands.size > 0 || TAKES_WORDS.test(path))
    return
  if (operand.fixed && CHANGING_VERB.test(operand.value))
    call.note('destructive', `${path} may have a subcommand ${operand.value}`, operand)
}

/** A program with subcommands that is called without one: an option can be an old form of one (`ipset -X`). */
function noteUnknownAlone(call: Call, facts: Prepared, parsed: ParsedOptions, path: string): void {
  if (facts.commands.size === 0 || facts.thought) return
  for (const { name, candidates, at } of parsed.options) {
    const known = candidates.some(
      (one) => facts.values.has(one) || facts.options.has(one) || facts.harmless.has(one) || HELP.has(one),
    )
    if (!known) call.note('destructive', `${path} has an option ${name} that is not known`, at)
  }
}

const HELP = new Set(['help', 'h', 'version', 'v', 'V', 'q', 'quiet', 'a', 'all', 'l', 'json', 'no-pager'])

/** Operands that set something, or that mean more than a name. */
function noteOperands(call: Call, facts: Prepared, parsed: ParsedOptions, path: string): void {
  const set = facts.sets === null ? undefined : parsed.operands[facts.sets]
  if (set !== undefined) call.note('change', `${path} sets what it is given`, set)
  for (const operand of parsed.operands) {
    for (const [form, effect] of facts.operands) {
      if (form.test(operand.value))
        call.note(effect.risk, `${path}: ${effect.why}`, operand, operand, effect.flags)
    }
  }
}

/** `true` when a subcommand was found and judged. */
function judgeSubcommand(
  call: Call,
  facts: Prepared,
  verb: Argument,
  rest: Argument[],
  path: string,
  parsed: ParsedOptions,
): boolean {
  if (!isKnown(verb) || !verb.fixed || verb.glob) {
    call.note('destructive', `the subcommand of ${path} is not known before it runs`, verb)
    return true
  }
  if (parsed.open.some((word) => word.start < verb.start)) {
    call.note(
      'destructive',
      `words before the subcommand of ${path} are not known before it runs`,
      call.word,
      verb,
    )
    return true
  }
  const child = findCommand(facts.commands, verb.value)
  if (child === null) return false
  judgePrepared(call, child, rest, `${path} ${verb.value}`, facts.harmlessBefore && isHarmless(parsed, facts))
  return true
}

function findCommand(commands: Map<string, Prepared>, verb: string): Prepared | null {
  const exact = commands.get(verb)
  if (exact !== undefined) return exact
  for (const [name, child] of commands) {
    if (name.endsWith('*') && verb.startsWith(name.slice(0, -1))) return child
  }
  return null
}

/** Only alone: behind further words `--help` may be meant for another program. */
function isHelp(args: Argument[], facts: Prepared): boolean {
  const [only, ...more] = args
  if (only === undefined || more.length > 0) return false
  return (
    only.value === '--help' || only.value === '--version' || (facts.style === 'go' && only.value === '-h')
  )
}

function isHarmless(parsed: ParsedOptions, facts: Prepared): boolean {
  const { neutral } = facts
  const others = parsed.options.every(
    ({ name }) => neutral === null || facts.harmless.has(name) || facts.values.has(name) || neutral.has(name),
  )
  return (
    others &&
    parsed.open.length === 0 &&
    parsed.options.some((option) => facts.harmless.has(option.name) && isOn(option))
  )
}

/** `--dry-run`, but not `--dry-run=none`. */
function isOn({ candidates, value }: Option): boolean {
  return (
    candidates.length === 1 &&
    (value === null || (isKnown(value) && !/^(?:false|none|no|0|)$/.test(value.value)))
  )
}

function noteOptions(
  call: Call,
  facts: Prepared,
  parsed: ParsedOptions,
  path: string,
  harmless: boolean,
): void {
  for (const option of parsed.options) {
    if (harmless && option.candidates.every((name) => facts.tamed.has(name))) continue
    noteOption(call, facts, option, path)
    const shown = facts.shows.get(option.name)
    if (shown !== undefined && (option.value === null || !shown.test(option.value.value)))
      call.note(
        'destructive',
        `${path} is given a command that is not known`,
        option.at,
        option.value ?? option.at,
      )
  }
  const risky =
    facts.only !== null ||
    facts.operands.length > 0 ||
    [...facts.options.values()].some((effect) => effect.risk !== 'read')
  for (const word of parsed.open) {
    if (risky) call.note('destructive', `options of ${path} that are not known before it runs`, word)
  }
}

/**
 * An option thought to take a value may take none in this subcommand (`git show -s`): the word behind it is
 * then an option of its own, so its effect counts as well.
 */
function noteSwallowed(call: Call, facts: Prepared, parsed: ParsedOptions, path: string): void {
  const words = parsed.options.flatMap(({ value, at }) =>
    value !== null && value.start >= at.end && /^-{1,2}[a-zA-Z]/.test(value.value) ? [value] : [],
  )
  for (const word of words) {
    const inner = parseOptions([word], {
      values: facts.values,
      names: new Set(facts.options.keys()),
      style: facts.style,
      stops: false,
    })
    for (const option of inner.options) {
      if (option.candidates.some((name) => facts.options.has(name))) noteOption(call, facts, option, path)
    }
  }
}

function noteOption(call: Call, facts: Prepared, option: Option, path: string): void {
  const effects = option.candidates.flatMap((name) => facts.options.get(name) ?? [])
  const { name, value, at } = option
  if (effects.length === 0) {
    const known = option.candidates.some(
      (one) =>
        facts.only?.has(one) === true ||
        facts.values.has(one) ||
        facts.harmless.has(one) ||
        facts.ends.has(one),
    )
    if (facts.only !== null && !known && name !== 'help' && name !== 'version') {
      call.note('destructive', `${path} has an option ${name} that is not known`, at)
    }
    return
  }
  for (const effect of effects) {
    if (effect.writes !== null && value !== null && isNoFile(value, effect.writes === 'output')) continue
    call.note(
      effect.risk,
      `${path} ${name.length === 1 && facts.style === 'gnu' ? '-' : '--'}${name}: ${effect.why}`,
      at,
      value ?? at,
      effect.flags,
    )
  }
}

/** Output that lands in no file. */
export function isNoFile(argument: Argument, dash = true): boolean {
  if (argument.value === '-') return dash
  return isKnown(argument) && /^\/dev\/(?:null|stdout|stderr|tty|fd\/[012])$/.test(argument.value)
}

function noteWrittenOperands(call: Call, facts: Prepared, parsed: ParsedOptions, path: string): void {
  if (facts.writesOperand === null) return
  for (const operand of parsed.operands.slice(facts.writesOperand)) {
    if (!isNoFile(operand, facts.dash)) call.note('change', `${path} writes the file`, operand)
  }
}

function judgeInner(call: Call, facts: Prepared, skip: number, parsed: ParsedOptions, path: string): void {
  const effect = parsed.operands.length <= skip ? (facts.bare ?? facts.does) : facts.does
  if (
    parsed.open.length > 0 &&
    parsed.open.some((word) => parsed.operands.slice(0, skip + 1).includes(word))
  ) {
    call.note('destructive', `what ${path} runs is not known before it runs`, call.word, parsed.open[0])
  }
  if (effect.risk !== 'read' || effect.flags.length > 0 || parsed.operands.length <= skip) {
    call.note(
      effect.risk,
      `${path}: ${effect.why}`,
      call.word,
      parsed.operands[skip - 1] ?? call.word,
      effect.flags,
    )
  }
  const after = parsed.operands.slice(skip)
  const words = after[0]?.value === '--' ? after.slice(1) : after
  if (words.length > 0) call.run(words, { through: path, bounded: call.name === 'timeout' })
}

function prepare(facts: ToolFacts, parent: Prepared | null): Prepared {
  const own: Prepared = {
    does: parseEffect(facts.does ?? 'read'),
    bare: facts.bare === undefined ? null : parseEffect(facts.bare),
    values: new Set([...(parent?.values ?? []), ...names(facts.values)]),
    options: new Map(parent?.options ?? []),
    harmless: new Set([...(parent?.harmless ?? []), ...names(facts.harmless)]),
    tamed: new Set([...(parent?.tamed ?? []), ...names(facts.tamed)]),
    harmlessBefore: facts.harmlessBefore ?? false,
    dashes: facts.dashes === undefined ? (parent?.dashes ?? null) : parseEffect(facts.dashes),
    ends: new Set(names(facts.ends)),
    only:
      facts.only === undefined
        ? (parent?.only ?? null)
        : new Set([...(parent?.only ?? []), ...names(facts.only)]),
    commands: new Map(),
    style: facts.style ?? parent?.style ?? 'gnu',
    writesOperand: facts.writesOperand ?? null,
    dash: facts.dash ?? true,
    operands: Object.entries(facts.operands ?? {}).map(([text, effect]) => [
      new RegExp(text, 's'),
      parseEffect(effect),
    ]),
    sets: facts.sets ?? null,
    thought: facts.does !== undefined || facts.bare !== undefined,
    shows: new Map([
      ...(parent?.shows ?? []),
      ...Object.entries(facts.shows ?? {}).flatMap(([keys, text]) =>
        names(keys).map((name): [string, RegExp] => [name, new RegExp(text)]),
      ),
    ]),
    runs: facts.runs ?? null,
    neutral: facts.neutral === undefined ? null : new Set(names(facts.neutral)),
  }
  for (const [keys, effect] of Object.entries(facts.options ?? {})) {
    for (const key of names(keys)) own.options.set(key, parseEffect(effect))
  }
  for (const [keys, child] of Object.entries(facts.commands ?? {})) {
    for (const key of names(keys))
      addCommand(own, key.split('.'), typeof child === 'string' ? { does: child } : child)
  }
  return own
}

/** `repo.list` becomes `list` below `repo`; a group that was not described itself only holds its children. */
function addCommand(parent: Prepared, [name = '', ...rest]: string[], facts: ToolFacts): void {
  const known = parent.commands.get(name)
  if (rest.length > 0) {
    const group = known ?? prepare({ bare: 'read: prints its help' }, parent)
    parent.commands.set(name, group)
    addCommand(group, rest, facts)
    return
  }
  const own = prepare(facts, parent)
  parent.commands.set(name, known === undefined ? own : { ...own, commands: known.commands })
}

function names(list: string | undefined): string[] {
  return (list ?? '').split(/\s+/).filter((name) => name !== '')
}
