import type { ReviewFacts } from './facts.ts'
import type { ReviewAction, ReviewWords } from './words.ts'

type Words = Pick<ReviewWords, 'cause' | 'lessons' | 'owner' | 'reviewOn'>

/**
 * The post-incident review as Markdown, by the operational runbooks' own template: the facts as they were gathered, and
 * what people have written where the template leaves it to them.
 */
export function writeReview(
  facts: ReviewFacts,
  words: Words | null = null,
  actions: readonly ReviewAction[] = [],
): string {
  const said = (text: string | undefined): string[] =>
    text === undefined || text.trim() === '' ? [] : [...written(text), '']
  const cause = said(words?.cause)
  const lessons = said(words?.lessons)
  return [
    `# Incident Report: ${inline(facts.title)}`,
    '',
    ...header(facts),
    '',
    '## Root Cause',
    '',
    ...(cause.length === 0 ? ['_To be written by the owner. What the evidence shows:_', ''] : cause),
    ...(cause.length === 0 ? [] : ['What the evidence shows:', '']),
    ...evidence(facts),
    '',
    '## What was changed',
    '',
    ...changes(facts),
    '',
    '## Verification',
    '',
    ...verification(facts),
    '',
    '## Timeline',
    '',
    ...facts.timeline.map((entry) => `- ${clock(entry.at)} - ${inline(entry.message)} _(${entry.actor})_`),
    '',
    '## Commands',
    '',
    '| started | command | risk | outcome | approved by |',
    '|---|---|---|---|---|',
    ...facts.commands.map(commandRow),
    '',
    ...(lessons.length === 0 ? [] : ['## Lessons', '', ...lessons]),
    '## Preventive Measures',
    '',
    ...measures(facts, actions),
    '',
    `**Owner:** ${words?.owner == null ? 'to be named' : inline(words.owner)}  `,
    `**Review Date:** ${words?.reviewOn ?? nextBusinessDay(facts.resolvedAt ?? facts.openedAt)}`,
    '',
  ].join('\n')
}

function measures(facts: ReviewFacts, actions: readonly ReviewAction[]): string[] {
  const asked = facts.followUp.length > 0 ? facts.followUp : DEFAULT_MEASURES
  return [
    ...actions
      .filter((action) => action.state !== 'dropped')
      .map(
        (action) =>
          `- [${action.state === 'done' ? 'x' : ' '}] ${inline(action.title)} (${inline(action.owner ?? 'nobody yet')}, ${action.dueOn === null ? 'no date' : `due ${action.dueOn}`})`,
      ),
    ...asked.map((item) => `- [ ] ${inline(item)}`),
  ]
}

const DEFAULT_MEASURES = ['Root cause identified', 'Preventive measure created']

/** People's own Markdown, in its place: it opens no section of the document, no HTML, and closes its code blocks. */
function written(text: string): string[] {
  const lines = text
    .trim()
    .split(/\r?\n/)
    .map((line) => line.replace(/^(\s{0,3})(#|=+\s*$|-+\s*$)/, '$1\\$2').replaceAll('<', '&lt;'))
  const fences = lines.filter((line) => /^\s{0,3}(?:```|~~~)/.test(line))
  return fences.length % 2 === 0 ? lines : [...lines, fences.at(-1)?.trim().slice(0, 3) ?? '```']
}

function header(facts: ReviewFacts): string[] {
  const end = facts.resolvedAt === null ? 'not resolved' : `${clock(facts.resolvedAt)} UTC`
  return [
    `**Incident:** ${facts.number} (${facts.incidentId})  `,
    `**Duration:** ${facts.openedAt.slice(0, 10)} ${clock(facts.openedAt)} - ${end} (${duration(facts.durationSeconds)})  `,
    `**Severity:** ${facts.severity}  `,
    `**Service:** ${facts.service ?? 'not stated'}  `,
    `**Impact:** ${impact(facts)}  `,
    `**Acknowledged after:** ${duration(facts.timeToAcknowledgeSeconds)}${within(facts)}  `,
    `**Mitigated after:** ${duration(facts.timeToMitigateSeconds)}  `,
    facts.runbook === null
      ? '**Runbook:** none matched  '
      : `**Runbook:** ${facts.runbook.path}:${facts.runbook.line} (${facts.runbook.commit?.slice(0, 12) ?? `content ${facts.runbook.contentHash.slice(0, 12)}`})  `,
  ]
}

function impact(facts: ReviewFacts): string {
  const parts: string[] = []
  if (facts.impact.failedRequests !== null)
    parts.push(`${facts.impact.failedRequests.toLocaleString('en')} failed requests`)
  if (facts.impact.worst !== null)
    parts.push(`${facts.impact.signal ?? 'signal'} at worst ${ratio(facts.impact.worst)}`)
  if (facts.impact.last !== null) parts.push(`${ratio(facts.impact.last)} at the end`)
  return parts.length === 0 ? 'not measured' : parts.join(', ')
}

const within = (facts: ReviewFacts): string => {
  if (facts.responseTimeMinutes === null || facts.timeToAcknowledgeSeconds === null) return ''
  const met = facts.timeToAcknowledgeSeconds <= facts.responseTimeMinutes * 60
  return ` (${met ? 'within' : 'over'} the ${facts.responseTimeMinutes} minutes of ${facts.severity})`
}

function evidence(facts: ReviewFacts): string[] {
  const reads = facts.commands.filter((command) => command.risk === 'read' && command.summary !== null)
  if (reads.length === 0) return ['- nothing was read']
  return reads
    .slice(0, 20)
    .map((command) => `- ${code(firstLine(command.text))}: ${inline(lastLine(command.summary))}`)
}

function changes(facts: ReviewFacts): string[] {
  const changed = facts.commands.filter((command) => command.risk !== 'read')
  if (changed.length === 0) return ['Nothing was changed.']
  return changed.map(
    (command) =>
      `- ${clock(command.startedAt)} ${code(firstLine(command.text))} - ${command.state}, approved by ${command.approvedBy ?? 'nobody'}`,
  )
}

function verification(facts: ReviewFacts): string[] {
  if (facts.verifications.length === 0) return ['Nothing was measured.']
  return facts.verifications.map((one) => {
    const values = one.samples.map((sample) => (sample.value === null ? 'no value' : ratio(sample.value)))
    const shown = values.length > 12 ? [...values.slice(0, 4), '…', ...values.slice(-6)] : values
    return `- attempt ${one.attempt}: **${one.verdict ?? 'not finished'}**. ${inline(one.reason ?? '')} Samples: ${shown.join(', ')}`
  })
}

const commandRow = (command: ReviewFacts['commands'][number]): string =>
  `| ${clock(command.startedAt)} | ${code(firstLine(command.text)).replaceAll('|', '\\|')} | ${command.risk} | ${command.state}${command.exitCode === null ? '' : ` (exit ${command.exitCode})`} | ${command.approvedBy ?? ''} |`

const clock = (iso: string): string => iso.slice(11, 19)
const ratio = (value: number): string => `${(value * 100).toFixed(2)} %`
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? ''
const lastLine = (text: string | null): string => text?.trim().split('\n').at(-1)?.slice(0, 200) ?? ''
/** Text from outside cannot open a heading, a list or HTML. */
const inline = (text: string): string =>
  text
    .replaceAll(/\s+/g, ' ')
    .replaceAll('<', '&lt;')
    .replaceAll(/([\\`*_[\]])/g, '\\$1')
    .trim()
const code = (text: string): string => {
  const fence = text.includes('`') ? '``' : '`'
  return `${fence}${text}${fence}`
}

export function duration(seconds: number | null): string {
  if (seconds === null) return 'never'
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  return minutes < 60
    ? `${minutes} min ${seconds % 60} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

function nextBusinessDay(iso: string): string {
  const date = new Date(iso)
  do date.setUTCDate(date.getUTCDate() + 1)
  while (date.getUTCDay() === 0 || date.getUTCDay() === 6)
  return date.toISOString().slice(0, 10)
}
