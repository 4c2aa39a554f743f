import { asText, forTerminal } from '../base/text.ts'

type Row = Record<string, unknown>

/** What the screen of one incident is made of: the answers of incident.show, run.show of its last run, incident.signal. */
export interface IncidentScene {
  incident: Row
  run: Row | null
  signal: Row | null
  /** The end of the output of what runs now. */
  output: string
}

export interface ScreenOptions {
  width: number
  height: number
  colour: boolean
  /** The last line: what can be done, or what was just said. */
  footer: string
}

const BARS = '▁▂▃▄▅▆▇█'

/** The screen of an incident: what is wrong, what was found, what can be done, what is happening, who knows. */
export function incidentScreen(scene: IncidentScene, options: ScreenOptions): string[] {
  const bold = (text: string): string => (options.colour ? `\u001B[1m${text}\u001B[0m` : text)
  const { incident, run } = scene
  const head = [
    bold(`${words(incident['name'])}  ${words(incident['severity'])}  ${words(incident['state'])}`),
    words(incident['title']),
    ...signalLines(scene.signal, options.width),
  ]
  const middle =
    run === null ? [] : [...runLines(run, bold), ...tail(scene.output, 6).map((line) => `  │ ${line}`)]
  const told = listOf(incident, 'messages').length
  const known = told === 0 ? [] : [`${told} messages sent`]
  const room = Math.max(3, options.height - head.length - middle.length - known.length - 4)
  const timeline = listOf(incident, 'timeline')
    .slice(-room)
    .map((entry) => `${clock(entry['at'])}  ${words(entry['message'])}  (${words(entry['actor'])})`)
  const lines = [...head, '', ...middle, '', ...timeline, ...known]
  return [...lines.slice(0, options.height - 1), options.footer].map((line) => clip(line, options.width))
}

function signalLines(signal: Row | null, width: number): string[] {
  if (signal === null) return []
  const values = listOf(signal, 'samples').flatMap(({ value }) => (typeof value === 'number' ? [value] : []))
  if (values.length === 0) return []
  const shown = values.slice(-Math.max(10, Math.min(60, width - 40)))
  const top = Math.max(...shown, 1e-9)
  const bars = shown.map((value) => BARS[Math.min(7, Math.floor((value / top) * 7.999))] ?? ' ').join('')
  const limit = (signal['trigger'] ?? null) as Row | null
  const against = limit === null ? '' : `, alert ${words(limit['comparison'])} ${words(limit['threshold'])}`
  return [`${words(signal['signal'])} ${bars} ${round(shown.at(-1))}${against}`]
}

function runLines(run: Row, bold: (text: string) => string): string[] {
  const procedure = (run['procedure'] ?? {}) as Row
  const lines = [`${words(procedure['title'])}: ${words(run['state'])} ${words(run['reason'])}`.trimEnd()]
  for (const each of listOf(run, 'executions').slice(-4)) {
    const exit =
      each['exitCode'] === null || each['exitCode'] === undefined ? '' : ` (${words(each['exitCode'])})`
    lines.push(`  ${words(each['state']).padEnd(8)} ${words(each['command'])}${exit}`)
  }
  if (run['waitsFor'] === null || run['waitsFor'] === undefined) return lines
  const question = ((run['waitsFor'] as Row)['question'] ?? {}) as Row
  lines.push(bold(`WAITS FOR A PERSON: ${words(question['text'])}`))
  for (const option of offered(run))
    lines.push(
      `  ${words(option['number'])}. ${words(option['title'])}  [${words(option['risk'])}]${proposed(option)}`,
    )
  return lines
}

/** The options that the question offers now. */
export function offered(run: Row): Row[] {
  const question = ((run['waitsFor'] as Row | null)?.['question'] ?? {}) as Row
  const ids = new Set(listOf(question, 'options').map((option) => option['id']))
  return listOf(run, 'options').filter((option) => ids.has(option['id']))
}

const proposed = (option: Row): string => {
  const proposal = (option['proposed'] ?? null) as Row | null
  return proposal === null ? '' : `  proposed by ${words(proposal['proposedBy'] ?? proposal['by'])}`
}

/** The exact commands of an option, for the one who is about to approve it. */
export function commandLines(option: Row): string[] {
  return listOf(option, 'commands').flatMap((command) => [
    `  [${words(command['risk'])}] as ${words(command['identity'])}`,
    ...forTerminal(command['text'])
      .split('\n')
      .map((line) => `    ${line}`),
    ...listOf(command, 'inputs').map(
      ({ name, value }) => `    ${words(name)} = ${value === null ? 'MISSING' : words(value)}`,
    ),
  ])
}

const listOf = (row: Row, key: string): Row[] => (Array.isArray(row[key]) ? (row[key] as Row[]) : [])
const words = (value: unknown): string => forTerminal(value).replaceAll(/\s+/g, ' ')
const clock = (value: unknown): string => asText(value).slice(11, 19)
const round = (value: number | undefined): string =>
  value === undefined ? '' : String(Number(value.toPrecision(3)))
const tail = (text: string, lines: number): string[] =>
  forTerminal(text)
    .trimEnd()
    .split('\n')
    .slice(-lines)
    .filter((line) => line !== '')

function clip(line: string, width: number): string {
  if (line.startsWith('\u001B[1m')) return `\u001B[1m${clip(line.slice(4, -4), width)}\u001B[0m`
  return line.length <= width ? line : `${line.slice(0, Math.max(0, width - 1))}…`
}
