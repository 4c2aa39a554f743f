import type { Command } from 'commander'
import { AppError, messageOf } from '../base/error.ts'
import {
  analyseCommand,
  classifyMany,
  commandText,
  explainCommand,
  loadCommandGrammars,
} from '../command/index.ts'
import { LANGUAGES } from '../command/index.ts'
import type { Language } from '../command/index.ts'
import type { CliDeps } from './program.ts'

/** `command explain` and `command classify`: what a command may do, without running it. No server is needed. */
export function addCommandCommands(program: Command, deps: CliDeps): void {
  const command = program.command('command').description('say what a command may do, without running it')
  command
    .command('explain')
    .description(
      'risk, flags, what it sees through, inputs, and why; the command follows `--` or comes on standard input',
    )
    .argument('[command...]')
    .option('--language <name>', `one of ${LANGUAGES.join(', ')}; found out from the text by default`)
    .option('--json', 'the whole analysis as JSON', false)
    .action(async (words: string[], options: { language?: string; json: boolean }) => {
      const text = words.length > 0 ? commandText(words) : await deps.readInput()
      if (text.trim() === '') {
        throw new AppError('usage', 'there is no command to explain', {
          action: 'Give it after `--`, or on standard input.',
        })
      }
      await loadCommandGrammars()
      const language = languageOf(options.language)
      const analysis = analyseCommand(text, language === undefined ? {} : { language })
      deps.write(`${options.json ? JSON.stringify(analysis, null, 2) : explainCommand(analysis, text)}\n`)
    })
  command
    .command('classify')
    .description('judge many: a JSON array of {id, language, command} on standard input')
    .option('--json', 'print JSON (the only form there is)', true)
    .action(async () => {
      const input = parse(await deps.readInput())
      await loadCommandGrammars()
      deps.write(`${JSON.stringify(classifyMany(input))}\n`)
    })
}

function languageOf(name: string | undefined): Language | undefined {
  if (name === undefined) return undefined
  const language = LANGUAGES.find(
    (candidate) => candidate === name || (name === 'sh' && candidate === 'bash'),
  )
  if (language !== undefined) return language
  throw new AppError('usage', `${JSON.stringify(name)} is not a language that erlmcp knows`, {
    action: `Use one of: ${LANGUAGES.join(', ')}.`,
  })
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new AppError('input_invalid', `standard input is not JSON: ${messageOf(error)}`, {
      action: 'Send one JSON array of {"id", "language", "command"}.',
      cause: error,
    })
  }
}
