import { forTerminal } from '../base/text.ts'
import type { OperationName } from '../operations/index.ts'
import { renderCluster } from './render-cluster.ts'

type Row = Record<string, unknown>

/** What an operation's result looks like in a terminal. */
export function renderResult(name: OperationName, result: unknown): string {
  const value = result as Row
  const onCluster = renderCluster(name, value, table)
  if (onCluster !== null) return onCluster
  switch (name) {
    case 'incident.list':
      return table(
        rows(value['incidents']),
        ['name', 'severity', 'state', 'openedAt', 'title'],
        'No incidents.',
      )
    case 'run.list':
      return table(
        rows(value['runs']),
        ['id', 'incident', 'state', 'procedureId', 'startedAt', 'reason'],
        'No runs.',
      )
    case 'audit.list':
      return table(
        rows(value['entries']),
        ['seq', 'at', 'actor', 'operation', 'subject', 'outcome'],
        'No rows.',
      )
    case 'incident.show':
      return incident(value)
    case 'run.show':
      return run(value)
    case 'run.output':
      return rows(value['chunks'])
        .map((chunk) => text(chunk['text']))
        .join('')
    case 'review.show':
      return text(value['markdown'])
    case 'audit.verify':
      return value['intact'] === true
        ? `The audit is intact: ${text(value['entries'])} rows, head ${text(value['head']).slice(0, 16)}`
        : `The audit is BROKEN at row ${text(value['brokenAt'])}: ${text(value['reason'])}`
    case 'page.list':
      return table(
        brief(rows(value['pages'])),
        ['source', 'path', 'state', 'commit', 'owner', 'lastReviewed', 'proof', 'alerts', 'reason'],
        'No pages.',
      )
    case 'replica.list':
      return table(
        rows(value['replicas']).map((each) => ({
          ...each,
          state: each['silent'] === true ? 'silent' : 'up',
        })),
        ['id', 'host', 'version', 'state', 'at'],
        'No replica has said anything yet.',
      )
    case 'backup.list':
      return table(
        rows(value['backups']).map((each) => ({
          ...each,
          failure: each['failure'] === null ? '' : text((each['failure'] as Row)['message']),
        })),
        ['id', 'target', 'state', 'cause', 'startedAt', 'sizeBytes', 'rows', 'verifiedAt', 'failure'],
        'No backups.',
      )
    case 'restore.list':
      return table(
        rows(value['restores']),
        ['id', 'target', 'backup', 'state', 'requestedBy', 'requestedAt', 'reason'],
        'No restores.',
      )
    case 'rehearsal.list':
      return table(
        rows(value['rehearsals']).map((each) => ({
          ...each,
          result: each['passed'] === true ? 'proved' : 'failed',
        })),
        ['id', 'at', 'scenario', 'page', 'procedure', 'target', 'result', 'secondsToResolve', 'reason'],
        'No rehearsals.',
      )
    case 'rehearsal.status':
      return table(
        rows(value['procedures']).map((each) => ({ ...each, proof: (each['proof'] as Row)['text'] })),
        ['page', 'procedure', 'proof'],
        'No procedures that an alert can start.',
      )
    case 'page.show':
      return text(value['content'])
    case 'page.history':
      return table(
        brief(rows(value['revisions'])),
        ['commit', 'contentHash', 'committedAt', 'author', 'current', 'refused', 'subject'],
        'No revisions.',
      )
    case 'page.diff':
      return text(value['diff'])
    case 'source.list':
      return table(
        brief(rows(value['sources'])),
        ['name', 'kind', 'state', 'pages', 'broken', 'commit', 'goodAt', 'reason'],
        'No sources.',
      )
    case 'message.list':
      return table(
        rows(value['messages']).map((each) => ({
          ...each,
          to: placeText(each['to']),
          missing: (each['missing'] as string[]).join(', '),
          body: text(each['body']).split('\n', 1)[0],
        })),
        ['id', 'kind', 'state', 'to', 'missing', 'body'],
        'No messages wait.',
      )
    case 'message.preview':
      return `${text(value['body'])}\n\nto ${placeText(value['to'])}; missing: ${(value['missing'] as string[]).join(', ') || 'nothing'}`
    case 'status-page.show':
      return [
        ...rows(value['components']).map((each) => `${text(each['name'])}: ${text(each['state'])}`),
        ...rows(value['entries']).flatMap((entry) => [
          `${text(entry['id'])} ${text(entry['title'])}${entry['closedAt'] === null ? '' : ' (closed)'}`,
          ...rows(entry['posts']).map(
            (post) =>
              `  ${text(post['at'])} ${text(post['state'])} by ${text(post['by'])}: ${text(post['text'])}`,
          ),
        ]),
      ].join('\n')
    case 'oncall.calendar':
      return text(value['calendar'])
    case 'oncall.shifts':
      return table(rows(value['shifts']), ['from', 'to', 'person', 'by'], 'No shifts.')
    case 'oncall.who':
      return [
        table(rows(value['rotations']), ['rotation', 'name', 'by', 'until'], 'No rotations.'),
        '',
        ...rows(value['severities']).map(
          (rule) =>
            `${text(rule['severity'])}  ${rows(rule['links'])
              .map(
                (link) =>
                  `${text(link['link'])}: ${(link['people'] as unknown[]).map(text).join(', ') || 'NOBODY'}`,
              )
              .join('  then  ')}`,
        ),
      ].join('\n')
    case 'oncall.check':
      return table(rows(value['findings']), ['level', 'about', 'message'], 'All is covered.')
    case 'severity.list':
      return [
        table(rows(value['matrix']), ['severity', 'responseMinutes', 'updateMinutes'], 'No matrix.'),
        '',
        table(rows(value['ranges']), ['range', 'rule', 'confirmedBy', 'page', 'procedure'], 'No ranges.'),
      ].join('\n')
    case 'integration.test':
      return rows(value['findings'])
        .map(
          (finding) =>
            `${finding['ok'] === true ? 'good ' : 'WRONG'}  ${text(finding['what'])}: ${text(finding['said'])}`,
        )
        .join('\n')
    default:
      return Object.entries(value)
        .map(
          ([key, member]) => `${key}: ${typeof member === 'object' ? JSON.stringify(member) : text(member)}`,
        )
        .join('\n')
  }
}

function incident(value: Row): string {
  const lines = [
    `${text(value['name'])}  ${text(value['severity'])}  ${text(value['state'])}  ${text(value['title'])}`,
    `opened ${time(value['openedAt'])}${value['acknowledgedBy'] === null ? '' : `, acknowledged by ${text(value['acknowledgedBy'])}`}`,
    ...rows(value['runs']).map((run) => `${text(run['pagePath'])}: ${proofText(run)}`),
    '',
    ...rows(value['timeline']).map(
      (entry) => `${time(entry['at'])}  ${oneLine(entry['message'])}  (${text(entry['actor'])})`,
    ),
  ]
  for (const run of rows(value['runs']))
    lines.push('', `run ${text(run['id'])}: ${text(run['state'])} ${text(run['reason'])}`)
  return lines.join('\n')
}

function run(value: Row): string {
  const page = value['page'] as Row | undefined
  const lines = [
    `run ${text(value['id'])}  ${text(value['state'])}  ${text(value['reason'])}`,
    `${text(page?.['path'])}: ${proofText(value)}`,
    '',
  ]
  for (const execution of rows(value['executions'])) {
    const exit = execution['exitCode'] === null ? '' : ` exit ${text(execution['exitCode'])}`
    lines.push(
      `  ${text(execution['state']).padEnd(8)}${exit}  ${oneLine(execution['command'])}  ${text(execution['id'])}`,
    )
  }
  const waits = value['waitsFor'] as Row | null
  if (waits === null) return lines.join('\n')
  const question = waits['question'] as Row
  lines.push('', `WAITS FOR A PERSON: ${text(question['text'])}`)
  if (waits['kind'] !== 'choose') {
    return [...lines, `  erlmcp run answer ${text(value['id'])} --as done|not-done --reason TEXT`].join('\n')
  }
  const offered = new Map(rows(question['options']).map((option) => [option['id'], option]))
  for (const option of rows(value['options']).filter((candidate) => offered.has(candidate['id']))) {
    const suggestion = offered.get(option['id'])?.['suggestion']
    lines.push(
      '',
      `  ${text(option['number'])}. ${text(option['title'])}  [${text(option['risk'])}]${suggestion === null ? '' : `  ${text(suggestion)}`}`,
    )
    for (const command of rows(option['commands']))
      lines.push(`       ${text(command['text']).replaceAll('\n', '\n       ')}`)
    for (const input of rows(option['commands']).flatMap((command) => rows(command['inputs']))) {
      lines.push(
        `       ${text(input['name'])} = ${input['value'] === null ? 'MISSING' : text(input['value'])}`,
      )
    }
  }
  return [...lines, '', `  erlmcp run approve ${text(value['id'])} NUMBER`].join('\n')
}

/** `slack #incidents` */
const placeText = (to: unknown): string =>
  Object.values(to as Record<string, string | null>)
    .filter((part) => part !== null)
    .join(' ')

/** Commits and hashes as people read them, lists as words. */
const brief = (items: readonly Row[]): Row[] =>
  items.map((item) => ({
    ...item,
    commit: text(item['commit']).slice(0, 12),
    contentHash: text(item['contentHash']).slice(0, 12),
    alerts: Array.isArray(item['alerts']) ? item['alerts'].join(' ') : null,
    proof: proofsText(item),
  }))

/** What rehearsals say about the text of a run. */
const proofText = (item: Row): string =>
  text((item['proof'] as Row | null | undefined)?.['text'] ?? 'no rehearsal known')

/** "2 proved, 1 stale", over the procedures of a page that an alert can start. */
function proofsText(item: Row): string {
  const counts = new Map<string, number>()
  for (const procedure of rows(item['procedures'])) {
    const bound = Array.isArray(procedure['alertNames']) && procedure['alertNames'].length > 0
    if (!bound && procedure['measurable'] !== true) continue
    const state = text((procedure['proof'] as Row | null | undefined)?.['state']) || 'never'
    counts.set(state, (counts.get(state) ?? 0) + 1)
  }
  return [...counts].map(([state, count]) => `${count} ${state}`).join(', ')
}

/** A table that fits what it holds; the last column is not padded. */
export function table(items: readonly Row[], columns: readonly string[], empty: string): string {
  if (items.length === 0) return empty
  const cells = items.map((item) =>
    columns.map((column) =>
      column.endsWith('At') || column === 'at' ? time(item[column]) : oneLine(item[column]),
    ),
  )
  const widths = columns.map((column, index) =>
    Math.max(column.length, ...cells.map((row) => row[index]?.length ?? 0)),
  )
  const line = (row: readonly string[]): string =>
    row.map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0))).join('  ')
  return [line(columns.map((column) => column.toUpperCase())), ...cells.map(line)].join('\n')
}

const rows = (value: unknown): Row[] => (Array.isArray(value) ? (value as Row[]) : [])

const text = forTerminal
const oneLine = (value: unknown): string => text(value).replaceAll(/\s+/g, ' ').slice(0, 140)
const time = (value: unknown): string => text(value).slice(0, 19).replace('T', ' ')
