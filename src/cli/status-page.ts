import { mkdirSync, renameSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import type { Command } from 'commander'
import { AppError, messageOf } from '../base/error.ts'
import type { CliDeps } from './program.ts'

const NAME = /^[a-z][a-z-]{0,40}\.(?:html|css|xml|json)$/

/** `status-page export`: the public page as files, to be hosted where erlmcp is not. */
export function addStatusPageCommands(program: Command, deps: CliDeps): void {
  const parent =
    program.commands.find((command) => command.name() === 'status-page') ?? program.command('status-page')
  parent
    .command('export')
    .description('write the page, its feeds and its style into a folder')
    .argument('<dir>')
    .option('--server <url>', 'the server to ask')
    .action(async (dir: string, options: { server?: string }) => {
      const client = await deps.connect(options.server)
      try {
        const { files } = (await client.call('status-page.files', {})) as { files: Record<string, string> }
        for (const [name, text] of Object.entries(files)) write(dir, name, text)
        deps.write(`${Object.keys(files).length} files in ${dir}\n`)
      } finally {
        await client.close()
      }
    })
}

function write(dir: string, name: string, text: string): void {
  if (!NAME.test(name)) return
  const file = path.join(dir, name)
  try {
    mkdirSync(dir, { recursive: true })
    writeFileSync(`${file}.new`, text)
    renameSync(`${file}.new`, file)
  } catch (error) {
    throw new AppError('input_invalid', `${file} cannot be written: ${messageOf(error)}`, {
      action: 'Name a folder that you may write.',
      cause: error,
    })
  }
}
