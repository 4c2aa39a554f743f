import { readFile, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { AppError, messageOf } from '../base/error.ts'
import { loadCommandGrammars } from '../command/index.ts'
import {
  alertingRules,
  coverage,
  listCatalogue,
  loadPages,
  readRunbook,
  renderCatalogue,
  renderCoverage,
  renderPlan,
  toJson,
} from '../runbook/index.ts'
import type { LoadedPage } from '../runbook/index.ts'
import { EXIT } from './exit.ts'
import { addLintCommand } from './lint.ts'
import type { CliDeps } from './program.ts'

/** What can be done with pages without a server. */
export function addRunbookCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  const runbook = program.command('runbook').description('read, check and list runbooks; no server is needed')
  runbook
    .command('show')
    .description('the plan that a person would follow')
    .argument('<file>')
    .option('--json', 'the whole model as JSON', false)
    .action(async (file: string, options: { json: boolean }) => {
      const page = await readPage(file)
      deps.write(
        `${options.json ? JSON.stringify(toJson(page.runbook), null, 2) : renderPlan(page.runbook)}\n`,
      )
    })
  addLintCommand(runbook, deps, setExit)
  runbook
    .command('list')
    .description('the catalogue of a folder: procedures, the alerts they are for, owners, reviews')
    .argument('<dir>')
    .option('--json', 'the catalogue as JSON', false)
    .action(async (folder: string, options: { json: boolean }) => {
      const entries = listCatalogue(await readPages(folder, deps), deps.now())
      deps.write(`${options.json ? JSON.stringify(entries, null, 2) : renderCatalogue(entries)}\n`)
    })
  runbook
    .command('coverage')
    .description('alerts without a page, pages without an alert, links that lead nowhere')
    .requiredOption('--rules <file>', 'a Prometheus rule file')
    .argument('<dir>')
    .option('--json', 'as JSON', false)
    .action(async (folder: string, options: { rules: string; json: boolean }) => {
      const found = coverage(await readText(options.rules), await readPages(folder, deps))
      deps.write(`${options.json ? JSON.stringify(found, null, 2) : renderCoverage(found)}\n`)
      const incomplete = found.withoutPage.length + found.deadLinks.length + found.errors.length > 0
      setExit(incomplete ? EXIT.failed : EXIT.done)
    })
  runbook
    .command('rules')
    .description("Prometheus alerting rules that the pages' triggers state")
    .argument('<dir>')
    .option('--base-url <url>', 'what the paths of pages are appended to in `runbook_url`')
    .option('--output <file>', 'write to a file instead')
    .action(async (folder: string, options: { baseUrl?: string; output?: string }) => {
      const pages = await readPages(folder, deps)
      const rules = alertingRules(pages, options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl })
      for (const skipped of rules.skipped) {
        deps.writeError(
          `${skipped.path}:${skipped.line}: no rule for ${skipped.procedureId}: ${skipped.reason}\n`,
        )
      }
      if (options.output === undefined) deps.write(rules.yaml)
      else await writeFile(options.output, rules.yaml)
    })
}

/** Reads one page from disk. */
export async function readPage(file: string): Promise<LoadedPage> {
  await loadCommandGrammars()
  const source = await readBytes(file)
  return { path: file, source, runbook: readRunbook(source, { path: path.basename(file) }) }
}

/** Reads the pages below a folder, or one file; what cannot be read is said on standard error. */
export async function readPages(root: string, deps: Pick<CliDeps, 'writeError'>): Promise<LoadedPage[]> {
  await loadCommandGrammars()
  const { pages, findings } = await loadPages(root)
  for (const finding of findings) deps.writeError(`${finding.path}: ${finding.message}\n`)
  return pages
}

const readText = async (file: string): Promise<string> => Buffer.from(await readBytes(file)).toString('utf8')

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new AppError('not_found', `${file} cannot be read: ${messageOf(error)}`, {
      action: 'Check the path, and that this user may read it.',
      cause: error,
    })
  }
}
