/**
 * How fast pages are read and linted: `node bench/lint.ts [PATHS...]`, by default the shipped runbooks and the
 * examples of all rules. Beside it, what markdown-it alone takes for the same pages (its block pass is the floor).
 * Time is what this thread used of a processor, so that other work on the machine does not count.
 */
import { globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import MarkdownIt from 'markdown-it'
import { loadCommandGrammars } from '../src/command/index.ts'
import { LINT_RULES, lintPage, readRunbook } from '../src/runbook/index.ts'
import { quantile, round } from './support/measure.ts'

const ROUNDS = 5
const now = new Date('2026-11-24T00:00:00Z')

const paths = process.argv.slice(2)
const files = (paths.length === 0 ? ['runbooks'] : paths)
  .flatMap((one) => (statSync(one).isDirectory() ? globSync(path.join(one, '**/*.{md,erb}')) : [one]))
  .filter((file) => statSync(file).isFile())
const pages = [
  ...files.map((file) => ({ path: file, text: readFileSync(file, 'utf8') })),
  ...(paths.length > 0
    ? []
    : LINT_RULES.flatMap(({ id, bad, good }) => [bad, good].map((text) => ({ path: `${id}.md`, text })))),
]
const megabytes = pages.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0) / 1e6

await loadCommandGrammars()
const markdown = new MarkdownIt()
let findings = 0
const rates = {
  lint: rate(() => {
    findings = pages.reduce((sum, page) => sum + lintPage(page.text, { path: page.path, now }).length, 0)
  }),
  read: rate(() => pages.forEach((page) => readRunbook(page.text, { path: page.path }))),
  markdownIt: rate(() => pages.forEach((page) => markdown.parse(page.text, {}))),
}
console.log(
  `${pages.length} pages, ${round(megabytes, 2)} MB, ${findings} findings, median of ${ROUNDS} rounds`,
)
console.log(
  `lint (read and all ${LINT_RULES.length} rules)  ${rates.lint} MB/s, ${round((pages.length / megabytes) * rates.lint, 0)} pages/s`,
)
console.log(`read alone                       ${rates.read} MB/s`)
console.log(`markdown-it alone                ${rates.markdownIt} MB/s`)

/** Megabytes a second of one processor, after one round to warm up. */
function rate(work: () => void): number {
  work()
  const seconds = Array.from({ length: ROUNDS }, () => {
    const start = process.threadCpuUsage()
    work()
    const { user, system } = process.threadCpuUsage(start)
    return (user + system) / 1e6
  })
  return round(megabytes / quantile(seconds, 0.5), 2)
}
