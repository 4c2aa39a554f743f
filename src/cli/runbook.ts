import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import {
  alertingRules,
  coverage,
  listCatalogue,
  renderCatalogue,
  renderCoverage,
  renderPlan,
  toJson,
} from '../runbook/index.ts'
import { EXIT } from './exit.ts'
import { addLintCommand } from './lint.ts'
import { readPage, readPages, readText } from './pages.ts'
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
    .description('the catalogue of a folder: procedures, the alerts they are for, owners, reviews, proofs')
    .argument('<dir>')
    .option('--json', 'the catalogue as JSON', false)
    .action(async (folder: string, options: { json: boolean }) => {
      const pages = await readPages(folder, deps)
      const tell = await deps.rehearsal.proofTeller(folder)
      const entries = listCatalogue(pages, deps.now()).map((entry, index) => ({
        ...entry,
        procedures: entry.procedures.map((each) => {
          const page = pages[index]
          return page === undefined ? each : { ...each, proof: tell(page, each.id) }
        }),
      }))
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
