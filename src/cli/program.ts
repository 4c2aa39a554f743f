import { Command, CommanderError } from 'commander'
import { AppError } from '../base/error.ts'
import { addAccessCommands } from './access.ts'
import { addAttachCommand } from './attach.ts'
import { addBackupCommands } from './backup.ts'
import type { BackupCommands } from './backup.ts'
import type { Client } from './client.ts'
import { addCommandCommands } from './command.ts'
import { addCompletionCommand, COMPLETE, complete } from './completion.ts'
import { addConfigCommands } from './config.ts'
import { describeError, EXIT, exitCodeOf } from './exit.ts'
import { addHelpCommand, EXAMPLES } from './help.ts'
import { addLoginCommands } from './login.ts'
import { addRehearsalCommands } from './rehearsal.ts'
import type { RehearsalCommands } from './rehearsal.ts'
import { addObserverCommands } from './observer.ts'
import { addRunbookCommands } from './runbook.ts'
import { addStatusPageCommands } from './status-page.ts'
import { addSandboxCommands } from './sandbox.ts'
import { addStartCommand } from './start-run.ts'
import type { Terminal } from './terminal.ts'
import { addOperationCommands } from './verbs.ts'
import { addWatchCommand } from './watch.ts'

export interface ConnectOptions {
  /** Where no server runs, this process does the work until the client is closed. */
  working: boolean
  /** Only a server that runs will do: nothing is started. */
  running?: boolean
}

export interface CliDeps {
  version: string
  write(text: string): void
  writeError(text: string): void
  readInput(): Promise<string>
  now(): Date
  terminal: Terminal
  /** A running server, or the local store. */
  connect(server: string | undefined, options?: ConnectOptions): Promise<Client>
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
    .addHelpText('after', EXAMPLES)
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
    .option('--server <url>', 'a server, by its URL or the name of a profile')
    .action((options: { server?: string }) => deps.serveAgent(options.server))
  addRehearsalCommands(program, deps, setExit)
  addSandboxCommands(program, deps, setExit)
  addRunbookCommands(program, deps, setExit)
  addCommandCommands(program, deps)
  addConfigCommands(program, deps, setExit)
  addObserverCommands(program, deps)
  addOperationCommands(program, deps, setExit)
  addStartCommand(program, deps, setExit)
  addWatchCommand(program, deps, setExit)
  addAttachCommand(program, deps, setExit)
  addLoginCommands(program, deps)
  addCompletionCommand(program, deps)
  addHelpCommand(program, deps)
  addAccessCommands(program, deps, setExit)
  addBackupCommands(program, deps)
  addStatusPageCommands(program, deps)
  for (const command of program.commands) inheritSettings(command, deps)
  if (argv[0] === COMPLETE) {
    deps.write(await complete(program, deps, argv.slice(argv[1] === '--' ? 2 : 1)))
    return EXIT.done
  }
  try {
    await program.parseAsync([...argv], { from: 'user' })
    return exitCode
  } catch (error) {
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

export const unknownFile = (file: string, cause: unknown): AppError =>
  new AppError(
    'not_found',
    `${file} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    {
      action: 'Check the path.',
      cause,
    },
  )
