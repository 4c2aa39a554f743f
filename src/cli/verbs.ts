import type { Command } from 'commander'
import { Option } from 'commander'
import { z } from 'zod'
import { OPERATIONS } from '../operations/index.ts'
import type { Operation, OperationName } from '../operations/index.ts'
import type { Client } from './client.ts'
import { EXIT } from './exit.ts'
import type { CliDeps } from './program.ts'
import { exampleOf } from './samples.ts'
import { FORMATS, showResult, showText } from './show.ts'
import type { Format } from './show.ts'

export interface CommonOptions {
  output?: Format
  json: boolean
  yaml: boolean
  quiet: boolean
  verbose: boolean
  pager: boolean
  server?: string
}

/** Verbs that a command of their own stands for. */
const ELSEWHERE: ReadonlySet<OperationName> = new Set(['run.start'])
/** Nouns whose plural is another word. */
const NOUNS: Readonly<Record<string, string>> = {
  audit: 'the audit',
  desk: 'what waits for you',
  oncall: 'who is on call',
  person: 'people',
  policy: 'the policy',
  severity: 'severities',
  scale: 'the size of workloads',
  'status-page': 'the status page',
}
const LOUD_AFTER_MS = 1_000

export function addCommonOptions(command: Command): Command {
  return command
    .addOption(new Option('--output <format>', 'how the answer is shown').choices(FORMATS))
    .option('--json', 'the same as --output json', false)
    .option('--yaml', 'the same as --output yaml', false)
    .option('--quiet', 'only names: the same as --output id', false)
    .option('--verbose', 'say which server answered, and how long it took', false)
    .option('--no-pager', 'show long answers at once')
    .option('--server <url>', 'a server, by its URL or the name of a profile')
}

export const formatOf = (options: CommonOptions): Format =>
  options.output ?? (options.json ? 'json' : options.yaml ? 'yaml' : options.quiet ? 'id' : 'table')

/** `noun verb` for every operation, from the catalogue. */
export function addOperationCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    if (ELSEWHERE.has(name)) continue
    const operation: Operation = OPERATIONS[name]
    const [noun = '', verb] = operation.words ?? name.split('.')
    const parent =
      verb === undefined
        ? program
        : (program.commands.find((command) => command.name() === noun) ??
          program.command(noun).description(`look at and act on ${NOUNS[noun] ?? `${noun}s`}`))
    const word = verb ?? noun
    const known = parent.commands.find((each) => each.name() === word)
    const command = (known ?? parent.command(word)).description(operation.summary)
    const positional = operation.positional ?? []
    for (const argument of positional) command.argument(`<${argument}>`, describe(operation, argument))
    for (const key of Object.keys(operation.input.shape))
      if (!positional.includes(key)) command.addOption(optionFor(operation, key))
    addCommonOptions(command).addHelpText('after', `\nExample:\n  ${exampleOf(operation)}\n`)
    command.action(async (...values: unknown[]) => {
      const given = values[positional.length] as CommonOptions & Record<string, unknown>
      const { json, yaml, output, quiet, verbose, pager, server, ...input } = given
      const common: CommonOptions = { json, yaml, quiet, verbose, pager, ...optional({ output, server }) }
      for (const [index, key] of positional.entries()) input[key] = values[index]
      if (typeof input['hashes'] === 'string') input['hashes'] = input['hashes'].split(',')
      const result = await withClient(deps, common, (client) => callLoudly(deps, common, client, name, input))
      await showAnswer(deps, common, name, result)
      setExit(exitFor(name, result))
    })
  }
}

const optional = <T extends Record<string, unknown>>(
  values: T,
): { [Key in keyof T]?: Exclude<T[Key], undefined> } =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [Key in keyof T]?: Exclude<T[Key], undefined>
  }

function optionFor(operation: Operation, key: string): Option {
  const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} <value>`
  const choices = choicesOf(operation, key)
  const words = [describe(operation, key), choices.length === 0 ? '' : `(${choices.join(', ')})`]
  const option = new Option(flag, words.filter((each) => each !== '').join(' '))
  const schema = operation.input.shape[key] as z.ZodType | undefined
  return option.makeOptionMandatory(schema?.safeParse(undefined).success !== true)
}

/** The values that an input may have, where they are few. */
export function choicesOf(operation: Operation, key: string): string[] {
  const schema = operation.input.shape[key] as z.ZodType | undefined
  if (schema === undefined) return []
  const json = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  return Array.isArray(json.enum) ? json.enum.map(String) : []
}

const describe = (operation: Operation, key: string): string =>
  (operation.input.shape[key] as { description?: string } | undefined)?.description ?? ''

/** A client for one command, closed afterwards. */
export async function withClient<T>(
  deps: CliDeps,
  options: Pick<CommonOptions, 'server'>,
  work: (client: Client) => Promise<T>,
  connecting: { working: boolean } = { working: false },
): Promise<T> {
  const client = await deps.connect(options.server, connecting)
  try {
    return await work(client)
  } finally {
    await client.close()
  }
}

/** Calls, and says what is going on when it takes longer than a second, or when somebody presses Ctrl-C. */
export async function callLoudly(
  deps: CliDeps,
  options: Pick<CommonOptions, 'verbose'>,
  client: Client,
  name: OperationName,
  input: Record<string, unknown>,
): Promise<unknown> {
  const writes = OPERATIONS[name].effect === 'write'
  const quietly = deps.terminal.onInterrupt(
    writes
      ? `stopped waiting: ${name} was sent to ${client.where} and may have taken effect; look before you send it again`
      : 'stopped waiting; nothing was changed',
  )
  const began = performance.now()
  const seconds = (): number => Math.round((performance.now() - began) / 1_000)
  const tick = (): void => deps.writeError(`\r… ${client.where}, ${seconds()} s`)
  const timer = deps.terminal.interactive ? setInterval(tick, LOUD_AFTER_MS) : undefined
  try {
    return await client.call(name, input)
  } finally {
    clearInterval(timer)
    quietly()
    const tookMs = performance.now() - began
    if (timer !== undefined && tookMs > LOUD_AFTER_MS) deps.writeError('\r\u001B[K')
    if (options.verbose) deps.writeError(`${name} at ${client.where}: ${Math.round(tookMs)} ms\n`)
  }
}

export async function showAnswer(
  deps: CliDeps,
  options: CommonOptions,
  name: OperationName,
  result: unknown,
): Promise<void> {
  const text = showResult(name, result, formatOf(options), deps.terminal.size()?.width ?? null)
  if (text === '' && formatOf(options) === 'id') return
  if (options.pager) await showText(deps.terminal, deps.write, `${text}\n`)
  else deps.write(`${text}\n`)
}

function exitFor(name: string, result: unknown): number {
  const value = result as { waitsFor?: unknown; intact?: unknown }
  if (name === 'run.show' && value.waitsFor !== null) return EXIT.waiting
  if (name === 'oncall.check' || name === 'integration.test')
    return (result as { good?: unknown }).good === true ? EXIT.done : EXIT.failed
  if (name === 'gate.deploy') return (result as { open?: unknown }).open === true ? EXIT.done : EXIT.refused
  if (name === 'audit.verify' && value.intact !== true) return EXIT.failed
  return EXIT.done
}
