/** Writes docs/reference from the code. `--check` writes nothing and exits 1 when a page is not up to date. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { configDocs } from '../src/base/config-docs.ts'
import { ERROR_CODES } from '../src/base/error.ts'
import { openApiDocument } from '../src/http/index.ts'
import { OPERATION_NAMES, OPERATIONS } from '../src/operations/index.ts'
import { renderRules } from '../src/runbook/index.ts'

const FOLDER = path.resolve(import.meta.dirname, '..', 'docs', 'reference')

/** Every generated page by its file name. */
export function referencePages(): Record<string, string> {
  return {
    'configuration.md': configDocs(),
    'errors.md': errorsPage(),
    'operations.md': operationsPage(),
    'lint-rules.md': renderRules(),
    'openapi.json': `${JSON.stringify(openApiDocument('1'), null, 1)}\n`,
  }
}

function errorsPage(): string {
  const rows = Object.entries(ERROR_CODES).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`)
  return `# Error codes\n\nCodes are permanent. Every error also says what happened and what to do next.\n\n| code | meaning |\n|---|---|\n${rows.join('\n')}\n`
}

function operationsPage(): string {
  const rows = OPERATION_NAMES.map((name) => {
    const { summary, need, http, effect } = OPERATIONS[name]
    return `| \`${name}\` | ${summary} | ${effect} | ${need} | \`${http.method} /api/v1${http.path}\` |`
  })
  return `# Operations\n\nEvery verb, as HTTP and as \`erlmcp NOUN VERB\`. [openapi.json](openapi.json) has their inputs and answers; a server has its own at \`/api/v1/openapi.json\`. "Needs" is what the caller's role must allow.\n\n| operation | what it does | effect | needs | HTTP |\n|---|---|---|---|---|\n${rows.join('\n')}\n`
}

if (process.argv[1] === import.meta.filename) {
  const stale: string[] = []
  mkdirSync(FOLDER, { recursive: true })
  for (const [name, text] of Object.entries(referencePages())) {
    const file = path.join(FOLDER, name)
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue
    stale.push(name)
    if (!process.argv.includes('--check')) writeFileSync(file, text)
  }
  if (process.argv.includes('--check') && stale.length > 0) {
    console.error(`not up to date: ${stale.join(', ')}; run \`npm run reference\``)
    process.exit(1)
  }
}
