import { AppError } from '../base/error.ts'

/** One sample of the Prometheus text format. */
export interface Series {
  labels: Record<string, string>
  value: number
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*[ \t]*/
const LABEL = /^[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"((?:[^"\\\n]|\\[\\"n])*)"[ \t]*(?:,|(?=\}))/
const LABELS_END = /^[ \t]*\}/
/** Value, then perhaps a time, then perhaps an exemplar of OpenMetrics. */
const REST = /^[ \t]*(\S+)(?:[ \t]+-?\d+(?:\.\d+)?)?[ \t]*(?:# .*)?$/
const NUMBER = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/

/**
 * The series of one metric in a page of the Prometheus text format (also OpenMetrics). Lines of other metrics are
 * not looked at; a line of this one that is not understood fails, because a missing series would change a ratio.
 */
export function readSeries(page: string, metric: string): Series[] {
  const found: Series[] = []
  const seen = new Set<string>()
  for (const [index, line] of page.split('\n').entries()) {
    if (!line.startsWith(metric) || /^[a-zA-Z0-9_:]/.test(line.slice(metric.length))) continue
    const series = readLine(line.replace(/\r$/, ''))
    if (series === null)
      throw invalid(`line ${index + 1} of the metrics page cannot be read: ${line.slice(0, 200)}`)
    const key = seriesKey(series.labels)
    if (seen.has(key))
      throw invalid(`line ${index + 1} of the metrics page gives ${metric}{${key}} a second time`)
    seen.add(key)
    found.push(series)
  }
  return found
}

/** Equal for equal labels, whatever their order. */
export const seriesKey = (labels: Record<string, string>): string =>
  Object.entries(labels)
    .map(([name, value]) => `${name}=${JSON.stringify(value)}`)
    .sort()
    .join(',')

function readLine(line: string): Series | null {
  let rest = line.replace(NAME, '')
  const labels: Record<string, string> = {}
  if (rest.startsWith('{')) {
    rest = rest.slice(1)
    while (!LABELS_END.test(rest)) {
      const [whole, name, value] = LABEL.exec(rest) ?? []
      if (whole === undefined || name === undefined || value === undefined || Object.hasOwn(labels, name))
        return null
      labels[name] = value.replace(/\\([\\"n])/g, (_, letter: string) => (letter === 'n' ? '\n' : letter))
      rest = rest.slice(whole.length)
    }
    rest = rest.replace(LABELS_END, '')
  }
  const number = REST.exec(rest)?.[1]
  return number !== undefined && NUMBER.test(number) ? { labels, value: Number(number) } : null
}

const invalid = (message: string): AppError =>
  new AppError('input_invalid', message, { action: 'Check what the service serves at its metrics address.' })
