import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { AppError } from '../base/error.ts'
import { fixPage, formatFindings, LINT_FORMATS, lintPage, renderRules } from '../runbook/index.ts'
import type { Finding, LintFormat } from '../runbook/index.ts'
import { EXIT } from './exit.ts'
import type { CliDeps } from './program.ts'
import { readPages } from './pages.ts'

interface LintOptions {
  format: string
  fix: boolean
  rules: boolean
}

/** `runbook lint`: what would go wrong, before it does. Exit code 1 when there is an error. */
export function addLintCommand(runbook: Command, deps: CliDeps, setExit: (code: number) => void): void {
  runbook
    .command('lint')
    .description('say what would go wrong in pages, with the remedy; exit code 1 on errors')
    .argument('[paths...]', 'pages or folders')
    .option('--format <name>', LINT_FORMATS.join(', '), 'human')
    .option('--json', 'the same as --format json', false)
    .option('--fix', 'mend what is safe to mend, in place', false)
    .option('--rules', 'list every rule with an example', false)
    .action(async (paths: string[], options: LintOptions & { json: boolean }) => {
      if (options.rules) {
        deps.write(`${renderRules()}\n`)
        return
      }
      const format = options.json ? 'json' : formatOf(options.format)
      if (paths.length === 0) {
        throw new AppError('usage', 'there is nothing to lint', { action: 'Name pages or folders.' })
      }
      const findings: Finding[] = []
      let pages = 0
      for (const place of paths) {
        const linted = await lintPath(place, options.fix, deps)
        findings.push(...linted.findings)
        pages += linted.pages
      }
      deps.write(formatFindings(findings, format, { pages, version: deps.version }))
      setExit(findings.some((finding) => finding.severity === 'error') ? EXIT.failed : EXIT.done)
    })
}

function formatOf(name: string): LintFormat {
  const format = LINT_FORMATS.find((candidate) => candidate === name)
  if (format !== undefined) return format
  throw new AppError('usage', `${JSON.stringify(name)} is not a format`, {
    action: `Use one of: ${LINT_FORMATS.join(', ')}.`,
  })
}

async function lintPath(
  place: string,
  fix: boolean,
  deps: CliDeps,
): Promise<{ findings: Finding[]; pages: number }> {
  const findings: Finding[] = []
  const pages = await readPages(place, deps)
  for (const page of pages) {
    const file = page.path === path.basename(place) ? place : path.join(place, page.path)
    const found = lintPage(page.source, { path: file, now: deps.now(), runbook: page.runbook })
    const fixed = fix ? fixPage(page.source, found) : null
    if (fixed === null || fixed.fixed.length === 0) {
      findings.push(...found)
      continue
    }
    await writeFile(file, fixed.text)
    deps.writeError(`${file}: ${fixed.fixed.length} mended\n`)
    findings.push(...lintPage(fixed.text, { path: file, now: deps.now() }))
  }
  return { findings, pages: pages.length }
}
