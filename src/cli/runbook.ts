import { readFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { AppError, messageOf } from '../base/error.ts'
import { loadCommandGrammars } from '../command/index.ts'
import { loadPages, readRunbook, renderPlan, toJson } from '../runbook/index.ts'
import type { CliDeps } from './program.ts'

/** What can be done with pages without a server. */
export function addRunbookCommands(program: Command, deps: CliDeps, _setExit: (code: number) => void): void {
  const runbook = program.command('runbook').description('read, check and list runbooks; no server is needed')
  runbook
    .command('show')
    .description('the plan that a person would follow')
    .argument('<file>')
    .option('--json', 'the whole model as JSON', false)
    .action(async (file: string, options: { json: boolean }) => {
      await loadCommandGrammars()
      const page = readRunbook(await readPage(file), { path: file })
      deps.write(`${options.json ? JSON.stringify(toJson(page), null, 2) : renderPlan(page)}\n`)
    })
  void loadPages
}

async function readPage(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new AppError('not_found', `${file} cannot be read: ${messageOf(error)}`, {
      action: 'Check the path, and that this user may read it.',
      cause: error,
    })
  }
}
