import { parser } from '@prometheus-io/lezer-promql'
import { UNKNOWN } from './placeholders.ts'

/** The longest rule met in public has under 3,000; recovery from errors is slow. */
const MAX_PROMQL_LENGTH = 8_000

/** What is wrong with a PromQL expression, at an offset of the text; `null` when it parses. It never changes anything. */
export function checkPromql(text: string): { message: string; at: number } | null {
  if (text.length > MAX_PROMQL_LENGTH) return { message: 'too long to be parsed', at: 0 }
  const ready = readable(text)
  if (ready.trim() === '') return { message: 'no expression', at: 0 }
  let error: { message: string; at: number } | null = null
  parser.parse(ready).iterate({
    enter: (node) => {
      if (error === null && node.type.isError) {
        error = {
          message: `PromQL does not parse near ${JSON.stringify(text.slice(node.from, node.from + 20))}`,
          at: node.from,
        }
      }
    },
  })
  return error
}

/** Dashboard variables and placeholders become what may stand there: a duration inside brackets, else a name. */
function readable(text: string): string {
  return text
    .replace(
      /\[\s*(?:\$\w+|\$\{[^}]*\}|\uE000+)\s*(:?)/g,
      (match, colon: string) => `[${'1'.repeat(Math.max(1, match.length - 2 - colon.length))}m${colon}`,
    )
    .replace(/\$\{[^}\n]*\}|\$\w+/g, (match) => 'x'.repeat(match.length))
    .replaceAll(UNKNOWN, 'x')
}
