import { spawn } from 'node:child_process'
import { stringify } from 'yaml'
import { asText } from '../base/text.ts'
import type { OperationName } from '../operations/index.ts'
import { renderResult } from './render.ts'
import type { Terminal } from './terminal.ts'

export const FORMATS = ['table', 'wide', 'json', 'yaml', 'id'] as const
export type Format = (typeof FORMATS)[number]

/** What an answer looks like. `json` and `yaml` are the API's own answer, and stay as they are; the others are for eyes. */
export function showResult(
  name: OperationName,
  result: unknown,
  format: Format,
  width: number | null,
): string {
  switch (format) {
    case 'json':
      return JSON.stringify(result, null, 2)
    case 'yaml':
      return stringify(result, { aliasDuplicateObjects: false }).trimEnd()
    case 'id':
      return idsOf(result).join('\n')
    default: {
      const text = renderResult(name, result)
      return format === 'wide' || width === null ? text : fitTable(text, width)
    }
  }
}

/** Names of what an answer is about, one a line, for the next command. */
function idsOf(result: unknown): string[] {
  if (result === null || typeof result !== 'object') return []
  const list = Object.values(result).find((each) => Array.isArray(each)) as unknown[] | undefined
  const isOne = 'id' in result || 'name' in result
  const items = isOne || list === undefined ? [result] : list
  return items
    .map((item) => (item === null || typeof item !== 'object' ? {} : (item as Record<string, unknown>)))
    .map((item) =>
      asText(item['name'] ?? item['id'] ?? item['path'] ?? item['run'] ?? item['incident'] ?? item['seq']),
    )
    .filter((id) => id !== '')
}

const HEADER = /^[A-Z]+(?: {2,}[A-Z]+)+$/
const NARROWEST = 8

/** Shortens the widest columns of a table until its lines fit; other text is left alone. */
export function fitTable(text: string, width: number): string {
  const lines = text.split('\n')
  const header = lines[0] ?? ''
  if (!HEADER.test(header) || lines.every((line) => line.length <= width)) return text
  const starts = [...header.matchAll(/\S+ */g)].map((match) => match.index)
  const end = lines.findIndex((line) => line === '')
  const table = end === -1 ? lines : lines.slice(0, end)
  const cells = table.map((line) =>
    starts.map((start, index) => line.slice(start, starts[index + 1]).trimEnd()),
  )
  const widths = starts.map((_, index) => Math.max(...cells.map((row) => row[index]?.length ?? 0)))
  const total = (): number => widths.reduce((sum, each) => sum + each + 2, -2)
  while (total() > width) {
    const widest = widths.indexOf(Math.max(...widths))
    const now = widths[widest] ?? 0
    if (now <= NARROWEST) break
    widths[widest] = Math.max(NARROWEST, now - (total() - width))
  }
  const fitted = cells.map((row) =>
    row
      .map((cell, index) => cut(cell, widths[index] ?? 0).padEnd(widths[index] ?? 0))
      .join('  ')
      .trimEnd(),
  )
  return [...fitted, ...lines.slice(table.length)].join('\n')
}

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`

/** Shows a text; where it is longer than the terminal, in the pager that the person uses. */
export async function showText(
  terminal: Terminal,
  write: (text: string) => void,
  text: string,
): Promise<void> {
  const size = terminal.size()
  const { pager } = terminal
  if (size === null || pager === null || pager === '' || text.split('\n').length < size.height) {
    write(text)
    return
  }
  const shown = await new Promise<boolean>((resolve) => {
    const [command = 'less', ...args] = pager.split(/\s+/)
    const child = spawn(command, command === 'less' && args.length === 0 ? ['-FRX'] : args, {
      stdio: ['pipe', 'inherit', 'inherit'],
    })
    child.on('error', () => resolve(false))
    child.on('close', () => resolve(true))
    // the person has seen enough and left
    child.stdin.on('error', () => undefined)
    child.stdin.end(text)
  })
  if (!shown) write(text)
}
