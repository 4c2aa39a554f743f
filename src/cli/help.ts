import type { Command } from 'commander'
import { AppError } from '../base/error.ts'
import type { CliDeps } from './program.ts'
import { showText } from './show.ts'

/** Stands below the help of the program itself. */
export const EXAMPLES = `
Examples:
  erlmcp start                                 play an incident on this machine
  erlmcp incident list --state active          what is open
  erlmcp incident watch INC-7                  follow one, and decide
  erlmcp run start orders-failing --dry-run    what a runbook would do
  erlmcp runbook lint runbooks                 what would go wrong in pages

Exit codes: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 waiting for a person.
Help: erlmcp COMMAND --help; all of it at once: erlmcp help --all; a man page: erlmcp help --man.
`

export function addHelpCommand(program: Command, deps: CliDeps): void {
  program.helpCommand(false)
  program
    .command('help')
    .description('help for a command, or for all of them')
    .argument('[command...]', 'noun and verb')
    .option('--all', 'every command with its options', false)
    .option('--man', 'the same as a man page (roff)', false)
    .addHelpText(
      'after',
      '\nExamples:\n  erlmcp help incident watch\n  erlmcp help --all\n  erlmcp help --man > ~/.local/share/man/man1/erlmcp.1\n',
    )
    .action(async (words: string[], options: { all: boolean; man: boolean }) => {
      const command = find(program, words)
      if (options.man) return deps.write(manPage(program, deps.version))
      const text = options.all
        ? all(command)
            .map(helpOf)
            .join(`\n${'-'.repeat(60)}\n\n`)
        : helpOf(command)
      return showText(deps.terminal, deps.write, text)
    })
}

function find(program: Command, words: readonly string[]): Command {
  let command = program
  for (const word of words) {
    const child = command.commands.find((each) => each.name() === word)
    if (child === undefined) {
      const names = command.commands.map((each) => each.name()).join(', ')
      throw new AppError('usage', `there is no command ${JSON.stringify(words.join(' '))}`, {
        action: names === '' ? 'It has no verbs.' : `Use one of: ${names}.`,
      })
    }
    command = child
  }
  return command
}

const all = (command: Command): Command[] => [command, ...command.commands.flatMap(all)]

/** Everything, with what stands after the list of options. */
function helpOf(command: Command): string {
  let text = ''
  command.configureOutput({ writeOut: (part) => (text += part) })
  command.outputHelp()
  return text
}

const roff = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll(/^([.'])/gm, '\\&$1')
    .replaceAll('-', '\\-')

function manPage(program: Command, version: string): string {
  const sections = all(program)
    .slice(1)
    .filter((command) => command.commands.length === 0)
    .map((command) => {
      const names = [command.name()]
      for (let up = command.parent; up !== null; up = up.parent) names.unshift(up.name())
      const options = command.options.map(
        (option) => `.TP\n.B ${roff(option.flags)}\n${roff(option.description)}`,
      )
      return [
        `.SS ${roff(names.join(' '))} ${roff(command.usage())}`,
        roff(command.description()),
        ...options,
      ].join('\n')
    })
  return `${[
    `.TH ERLMCP 1 "" "erlmcp ${roff(version)}"`,
    '.SH NAME',
    'erlmcp \\- on\\-call runbooks that run',
    '.SH SYNOPSIS',
    '.B erlmcp\nCOMMAND [ARGUMENTS]',
    '.SH DESCRIPTION',
    roff(program.description()),
    '.SH EXIT STATUS',
    '0 done, 1 failed, 2 wrong usage, 3 refused, 4 waiting for a person.',
    '.SH COMMANDS',
    ...sections,
  ].join('\n')}\n`
}
