/**
 * How many commands a second are judged: the labelled set, over and over, for some seconds.
 * Usage: node bench/command-classify.ts [seconds]
 */
import { readFileSync } from 'node:fs'
import { analyseCommand, loadCommandGrammars } from '../src/command/index.ts'
import { LANGUAGES } from '../src/command/index.ts'
import type { Language } from '../src/command/index.ts'

const seconds = Number(process.argv[2] ?? 5)
const file = new URL('../src/command/data/labelled.json', import.meta.url)
const rows: unknown = JSON.parse(readFileSync(file, 'utf8'))
if (!Array.isArray(rows)) throw new Error('the labelled set is not a list')

const commands = rows.map((row: unknown): { language: Language; text: string } => {
  const [name, , , text] = Array.isArray(row) ? row.map(String) : []
  return { language: LANGUAGES.find((language) => language === name) ?? 'bash', text: text ?? '' }
})

await loadCommandGrammars()
for (const { text, language } of commands) analyseCommand(text, { language })

const times: number[] = []
let bytes = 0
const end = performance.now() + seconds * 1_000
while (performance.now() < end) {
  for (const { text, language } of commands) {
    const start = performance.now()
    analyseCommand(text, { language })
    times.push(performance.now() - start)
    bytes += text.length
  }
}
times.sort((a, b) => a - b)
const total = times.reduce((sum, time) => sum + time, 0)
const at = (share: number): string =>
  `${((times[Math.floor(times.length * share)] ?? 0) * 1_000).toFixed(0)} µs`
console.log(`${commands.length} commands, ${times.length} judged in ${(total / 1_000).toFixed(1)} s`)
console.log(
  `${Math.round(times.length / (total / 1_000))} commands/s, ${(bytes / total / 1_000).toFixed(2)} MB/s`,
)
console.log(`median ${at(0.5)}, p99 ${at(0.99)}, slowest ${((times.at(-1) ?? 0) * 1_000).toFixed(0)} µs`)
