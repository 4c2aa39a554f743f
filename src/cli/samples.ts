import type { Operation } from '../operations/index.ts'

/** Values that stand in examples, by the name of the input. */
const SAMPLES: Readonly<Record<string, string>> = {
  page: 'orders/high-error-rate.md',
  path: 'orders/high-error-rate.md',
  option: '2',
  reason: '"the error rate is normal again"',
  text: '"the last release was at 14:02"',
  title: '"checkout answers slowly"',
  command: '"kubectl delete pod web-0"',
  severity: 'P2',
  service: 'orders',
  rotation: 'primary',
  person: 'ada',
  login: 'ada',
  name: 'laptop',
  role: 'responder',
  from: '2026-12-24T12:00',
  to: '2026-12-26T12:00',
  channel: 'email',
  execution: 'exe_5f0c2a',
  planHash: '3f9a0c…',
  dedupeKey: 'orders-slow',
  step: 'check-pods',
}

/** An example of a command, from the catalogue: what has to be said, and nothing more. */
export function exampleOf(operation: Operation): string {
  const positional = operation.positional ?? []
  const words = [
    `erlmcp ${operation.name.replace('.', ' ')}`,
    ...positional.map((key) => sampleOf(operation, key)),
  ]
  for (const [key, schema] of Object.entries(operation.input.shape)) {
    if (positional.includes(key)) continue
    if ((schema as { safeParse(value: unknown): { success: boolean } }).safeParse(undefined).success) continue
    const flag = key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)
    words.push(`--${flag} ${sampleOf(operation, key)}`)
  }
  return words.join(' ')
}

function sampleOf({ name }: Operation, key: string): string {
  if (key === 'name' && name.startsWith('source.')) return 'pages'
  if (key !== 'id') return SAMPLES[key] ?? key.toUpperCase()
  if (/^(incident|review)\./.test(name)) return 'INC-7'
  if (name.startsWith('run.')) return 'run_8f3a01'
  if (name.startsWith('person.')) return 'ada'
  return `${name.split('.')[0] ?? ''}_8f3a01`
}
