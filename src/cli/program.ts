import { Command, CommanderError } from 'commander'
import { AppError } from '../base/error.ts'
import { OPERATIONS } from '../operations/index.ts'
import type { Operation, OperationName } from '../operations/index.ts'
import { addAccessCommands } from './access.ts'
import { addBackupCommands } from './backup.ts'
import type { BackupCommands } from './backup.ts'
import type { Client } from './client.ts'
import { addCommandCommands } from './command.ts'
import { addConfigCommands } from './config.ts'
import { describeError, EXIT, exitCodeOf } from './exit.ts'
import { addRehearsalCommands } from './rehearsal.ts'
import type { RehearsalCommands } from './rehearsal.ts'
import { renderResult } from './render.ts'
import { addRunbookCommands } from './runbook.ts'
import { addSandboxCommands } from './sandbox.ts'

export interface CliDeps {
import { addStatusPageCommands } from './status-page.ts'
  version: string
  write(text: string): void
  writeError(text: string): void
  readInput(): Promise<string>
  now(): Date
  /** A running server, or the local store. */
  connect(server: string | undefined): Promise<Client>
  /** Runs the server until it is told to stop. */
  serve(): Promise<void>
  /** Speaks MCP on standard input and output until the input ends. */
  serveAgent(server: string | undefined): Promise<void>
  rehearsal: RehearsalCommands
  backup: BackupCommands
  /** What the configuration is made of, beside its file. */
  settings(): Promise<{ env: Readonly<Record<string, string | undefined>>; dataDir: string }>
}

/** The command line. @returns the exit code. */
export async function runCli(deps: CliDeps, argv: readonly string[]): Promise<number> {
  let exitCode: number = EXIT.done
  const program = new Command('erlmcp')
    .description('On-call runbooks that run: bound to the alert, gated, proved, audited.')
    .version(deps.version)
    .showHelpAfterError('(add --help for the options)')
    .showSuggestionAfterError()
    .configureOutput({ writeOut: deps.write, writeErr: deps.writeError })
    .exitOverride()
  const setExit = (code: number): void => {
    exitCode = code
  }
  program
    .command('serve')
    .description('run the server (webhooks in, API, runs)')
    .action(() => deps.serve())
  program
    .command('mcp')
    .description('speak MCP on standard input and output, for an agent on this machine')
    .option('--server <url>', 'the server to ask; its token is ERLMCP_TOKEN')
    .action((options: { server?: string }) => deps.serveAgent(options.server))
  addRehearsalCommands(program, deps, setExit)
  addSandboxCommands(program, deps, setExit)
  addRunbookCommands(program, deps, setExit)
  addCommandCommands(program, deps)
  addConfigCommands(program, deps, setExit)
  addOperationCommands(program, deps, setExit)
  addAccessCommands(program, deps, setExit)
  addBackupCommands(program, deps)
  for (const command of program.commands) inheritSettings(command, deps)
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
  addStatusPageCommands(program, deps)
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.done : EXIT.usage
    deps.writeError(`${describeError(error)}\n`)
    return exitCodeOf(error)
  }
}

function inheritSettings(command: Command, deps: CliDeps): void {
  command.exitOverride().configureOutput({ writeOut: deps.write, writeErr: deps.writeError })
  command.showHelpAfterError('(add --help for the options)').showSuggestionAfterError()
  for (const child of command.commands) inheritSettings(child, deps)
}

/** `noun verb` for every operation, from the catalogue. */
function addOperationCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  for (const name of Object.keys(OPERATIONS) as OperationName[]) {
    const operation: Operation = OPERATIONS[name]
    const [noun = '', verb] = operation.words ?? name.split('.')
    const parent =
      verb === undefined
        ? program
        : (program.commands.find((command) => command.name() === noun) ??
          program
            .command(noun)
            .description(`look at and act on ${noun === 'audit' ? 'the audit' : `${noun}s`}`))
    const positional = operation.positional ?? []
    const word = verb ?? noun
    const known = parent.commands.find((each) => each.name() === word)
    const command = (known ?? parent.command(word)).description(operation.summary)
    for (const argument of positional)
      command.argument(`<${argument}>`, describe(operation.input.shape, argument))
    const shape: Record<
      string,
      { description?: string | undefined; safeParse(value: unknown): { success: boolean } }
    > = operation.input.shape
    for (const key of Object.keys(shape)) {
      if (positional.includes(key)) continue
      const flag = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)} <value>`
      const description = shape[key]?.description ?? ''
      if (shape[key]?.safeParse(undefined).success === true) command.option(flag, description)
      else command.requiredOption(flag, description)
    }
    command.option('--json', 'print the result as JSON', false).option('--server <url>', 'the server to ask')
    command.action(async (...values: unknown[]) => {
      const options = values[positional.length] as Record<string, unknown>
      const { json, server, ...rest } = options
      const input: Record<string, unknown> = { ...rest }
      for (const [index, key] of positional.entries()) input[key] = values[index]
      if (typeof input['hashes'] === 'string') input['hashes'] = input['hashes'].split(',')
      const client = await deps.connect(typeof server === 'string' ? server : undefined)
      try {
        const result = await client.call(name, input)
        deps.write(`${json === true ? JSON.stringify(result, null, 2) : renderResult(name, result)}\n`)
        setExit(exitFor(name, result))
      } finally {
        await client.close()
      }
    })
  }
}

const describe = (shape: Record<string, { description?: string | undefined }>, key: string): string =>
  shape[key]?.description ?? ''

function exitFor(name: OperationName, result: unknown): number {
  const value = result as { waitsFor?: unknown; intact?: unknown }
  if (name === 'run.show' && value.waitsFor !== null) return EXIT.waiting
  if (name === 'oncall.check' || name === 'integration.test')
    return (result as { good?: unknown }).good === true ? EXIT.done : EXIT.failed
  if (name === 'gate.deploy')
    return (result as { open?: unknown }).open === true ? EXIT.done : EXIT.refused
  if (name === 'audit.verify' && value.intact !== true) return EXIT.failed
  return EXIT.done
}

export const unknownFile = (file: string, cause: unknown): AppError =>
  new AppError(
    'not_found',
    `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      action: 'Check the path.',
      cause,
    },
  )
