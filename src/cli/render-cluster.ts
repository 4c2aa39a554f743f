import { forTerminal } from '../base/text.ts'
import type { OperationName } from '../operations/index.ts'

type Row = Record<string, unknown>
type Table = (items: readonly Row[], columns: readonly string[], empty: string) => string

const text = forTerminal
const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : [])

const SHOWN: ReadonlySet<OperationName> = new Set(['change.show', 'rollout.undo', 'scale.horizontal', 'scale.vertical']) // prettier-ignore

/** What the verbs on a cluster look like in a terminal; `null`: another verb. */
export function renderCluster(name: OperationName, value: Row, table: Table): string | null {
  if (name === 'cluster.diagnose') return diagnosis(value)
  if (name === 'cluster.status') return status(value, table)
  if (name === 'rollout.history') return revisions(value, table)
  if (name === 'scale.recommend') return advice(value)
  if (name === 'change.list')
    return table(rows(value['changes']), ['change', 'state', 'title', 'requestedBy', 'createdAt', 'outcome'], 'No changes.') // prettier-ignore
  if (name === 'guard.list')
    return table(rows(value['rollouts']), ['workload', 'revision', 'state', 'seenAt', 'endedAt', 'reason'], 'The guard has watched no rollout.') // prettier-ignore
  if (SHOWN.has(name)) return change(value)
  return null
}

function diagnosis(value: Row): string {
  const found = rows(value['findings'])
  const head = `${text(value['symptom'])}: ${text(value['workload'])}${value['namespace'] === '' ? '' : ` in ${text(value['namespace'])}`}`
  const lines =
    found.length === 0
      ? ['', 'Nothing that is known to cause this was found.']
      : found.flatMap((finding, index) => findingLines(finding, index + 1))
  return [head, ...lines, ...unchecked(value)].join('\n')
}

function findingLines(finding: Row, number: number): string[] {
  const mend = finding['mend'] as Row | null
  const option = mend?.['option'] === null || mend === null ? '' : `: ${text(mend['option'])}`
  return [
    '',
    `${number}. ${text(finding['says'])} (${text(finding['certainty'])})`,
    `   ${text(finding['about'])}`,
    ...(finding['evidence'] as unknown[]).map((line) => `   | ${text(line)}`),
    ...(mend === null
      ? []
      : [
          `   mend: ${text(mend['page'])}:${text(mend['line'])} #${text(mend['procedure'])} ${text(mend['title'])}${option}`,
        ]),
  ]
}

function unchecked(value: Row): string[] {
  const checks = rows(value['checks'])
  const missing = checks.filter((check) => check['done'] !== true)
  const done = checks.length - missing.length
  return [
    '',
    `Checked: ${done} of ${checks.length}.`,
    ...missing.map((check) => `NOT checked: ${text(check['check'])} (${text(check['reason'])})`),
  ]
}

function status(value: Row, table: Table): string {
  const pods = rows(value['pods']).map((pod) => ({ ...pod, age: age(pod['ageSeconds']) }))
  const signals = rows(value['signals']).map(
    (signal) =>
      `${text(signal['service'])} ${text(signal['signal'])}: ${signal['value'] === null ? `not measured (${text(signal['error'])})` : percent(Number(signal['value']))}`,
  )
  const onCall = rows(value['onCall']).map((each) => `${text(each['rotation'])}: ${text(each['name'] ?? 'NOBODY')}`) // prettier-ignore
  return [
    table(rows(value['workloads']), ['name', 'state', 'ready', 'wanted', 'updated', 'image', 'cause'], 'No workloads.'), // prettier-ignore
    '',
    table(pods, ['name', 'ready', 'status', 'restarts', 'age', 'cpu', 'memory', 'node'], 'No pods.'),
    '',
    table(rows(value['services']), ['name', 'type', 'ports', 'ready', 'selector'], 'No services.'),
    '',
    ...(signals.length === 0 ? ['No signal is configured.'] : signals),
    '',
    table(rows(value['incidents']), ['incident', 'severity', 'state', 'service', 'title'], 'No open incidents.'), // prettier-ignore
    '',
    onCall.length === 0 ? 'Nobody is on call: there is no rotation.' : `On call: ${onCall.join(', ')}`,
    ...unchecked(value).slice(2),
  ].join('\n')
}

const percent = (value: number): string => `${(value * 100).toFixed(2)} %`

function age(seconds: unknown): string {
  if (typeof seconds !== 'number') return ''
  if (seconds < 120) return `${seconds}s`
  if (seconds < 7_200) return `${Math.round(seconds / 60)}m`
  return seconds < 172_800 ? `${Math.round(seconds / 3_600)}h` : `${Math.round(seconds / 86_400)}d`
}

function change(value: Row): string {
  const notes = rows(value['notes']).map((note) => `${MARKS[String(note['level'])] ?? ''}${text(note['text'])}`) // prettier-ignore
  const approvals = rows(value['approvals']).map((each) => `approved by ${text(each['by'])} at ${text(each['at'])}`) // prettier-ignore
  const open = value['state'] === 'proposed'
  return [
    `${text(value['change'])}  ${text(value['state'])}  ${text(value['title'])}`,
    `by ${text(value['requestedBy'])}: ${text(value['reason'])}`,
    '',
    text(value['diff']).trimEnd(),
    '',
    ...notes,
    '',
    `$ ${text(value['command'])}`,
    ...(value['revert'] === null ? ['It is not taken back by itself when it does not hold.'] : [`taken back by: ${text(value['revert'])}`]), // prettier-ignore
    ...approvals,
    ...(value['outcome'] === null ? [] : ['', text(value['outcome'])]),
    ...(open
      ? ['', 'Somebody who may approve it:', `  erlmcp change approve ${text(value['change'])} --hash ${text(value['hash'])}`] // prettier-ignore
      : []),
  ].join('\n')
}

const MARKS: Readonly<Record<string, string>> = {
  info: '  - ',
  warn: '  ! ',
  stop: '  STOP: it cannot be applied: ',
}

function revisions(value: Row, table: Table): string {
  const items = rows(value['revisions']).map((each) => ({
    ...each,
    revision: `${text(each['revision'])}${each['current'] === true ? ' *' : ''}`,
    images: (each['images'] as unknown[]).map(text).join(', '),
    earlier: (each['earlier'] as unknown[]).map(text).join(', '),
  }))
  return [
    table(items, ['revision', 'createdAt', 'images', 'cause', 'by', 'earlier', 'replicas', 'irreversible'], 'No revisions.'), // prettier-ignore
    ...(typeof value['diff'] === 'string' ? ['', value['diff'] === '' ? 'They do not differ.' : text(value['diff'])] : []), // prettier-ignore
  ].join('\n')
}

function advice(value: Row): string {
  const resources = { requests: value['requests'], limits: value['limits'] }
  return [
    `container ${text(value['container'])} of ${text(value['workload'])}, from ${text(value['days'])} days of usage`,
    `now:         ${JSON.stringify(value['now'])}`,
    `recommended: ${JSON.stringify(resources)}`,
    ...(value['arithmetic'] as unknown[]).map((line) => `  ${text(line)}`),
  ].join('\n')
}
