import type { CommunicationTemplate } from '../runbook/index.ts'

export const MESSAGE_KINDS = ['acknowledgement', 'status-update', 'resolution', 'summary'] as const
export type MessageKind = (typeof MESSAGE_KINDS)[number]

/** Facts by the name a template uses, in snake case: `title`, `severity`, `time`, `error_rate`, `resolution`. */
export type Facts = Readonly<Record<string, string>>

export interface RenderedMessage {
  channel: string | null
  body: string
  /** Fields of the template for which there is no fact; their lines are left out, never invented. */
  missing: string[]
}

const TITLES: Record<MessageKind, RegExp> = {
  acknowledgement: /acknowledg|initial alert/i,
  'status-update': /status update|ongoing/i,
  resolution: /resol(ution|ved)/i,
  summary: /post-incident|summary|report/i,
}

/** The page's own template for a kind of message, else `null`. */
export const templateFor = (
  templates: readonly CommunicationTemplate[],
  kind: MessageKind,
): CommunicationTemplate | null => templates.find((template) => TITLES[kind].test(template.title)) ?? null

const PLACEHOLDER = /@?\{([A-Za-z][\w .-]*)\}|<([A-Za-z][\w .-]*)>|\[([A-Z][\w .-]*)\]/g

/** Names that pages use for the same fact. */
const ALIASES: Record<string, string> = {
  name: 'actor',
  responder: 'actor',
  engineer: 'actor',
  acknowledged_by: 'actor',
  p1: 'severity',
  p2: 'severity',
  p3: 'severity',
  p4: 'severity',
  error_rate_now: 'value',
  error_rate_currently: 'value',
  error_rate: 'value',
  current_value: 'value',
  expected_resolution: 'response_time',
  eta: 'response_time',
  post_mortem: 'review',
  incident_report: 'title',
  status_update: 'title',
  resolved: 'title',
  investigation_findings: 'findings',
  cause: 'root_cause',
}

/** What stands behind these labels is always about one incident, also where it has no digit. */
const ALWAYS_FACTS = new Set([
  'title',
  'severity',
  'impact',
  'findings',
  'resolution',
  'root_cause',
  'review',
  'owner',
  'timeline',
  'preventive_measures',
  'next_steps',
  'workaround',
])

const factName = (written: string): string => {
  const name = written
    .trim()
    .toLowerCase()
    .replaceAll(/[\s.-]+/g, '_')
  return ALIASES[name] ?? name
}

/**
 * Fills a template from facts. A line that needs a fact nobody has is left out and named in `missing`. A template that is
 * written as an example ("Time: 14:32 UTC", "Root cause: Connection pool exhaustion", a list below "Findings:") says
 * nothing of this incident: the fact of its label takes its place, or it is left out.
 */
export function renderMessage(template: CommunicationTemplate, facts: Facts): RenderedMessage {
  const missing = new Set<string>()
  const lines: string[] = []
  const written = template.body.split('\n')
  for (let index = 0; index < written.length; index += 1) {
    const line = written[index] ?? ''
    const sample = sampleBelow(written, index)
    if (sample === null) {
      const rendered = renderLine(line, facts, missing)
      if (rendered !== null) lines.push(rendered)
      continue
    }
    const fact = facts[sample.name]
    if (fact === undefined) missing.add(sample.name)
    else lines.push(line, fact)
    index += sample.lines
  }
  return { channel: template.channel, body: collapse(lines), missing: [...missing] }
}

const HEADING = /^#{2,6}\s+([^{[<]+?)\s*$/
const BARE_LABEL = /^[^\p{L}\p{N}]*([A-Z][\p{L} -]{1,40}?):\**\s*$/u
const BULLET = /^\s*(?:[-*+]|\d+[.)])\s/

/** A heading or a bare label of a fact, and how many lines of example stand below it. */
function sampleBelow(written: readonly string[], index: number): { name: string; lines: number } | null {
  const line = written[index] ?? ''
  const heading = HEADING.exec(line)?.[1]
  const label = heading ?? BARE_LABEL.exec(line)?.[1]
  if (label === undefined) return null
  const name = factName(label)
  if (!ALWAYS_FACTS.has(name)) return null
  const rest = written.slice(index + 1)
  const found =
    heading === undefined
      ? rest.findIndex((next) => !BULLET.test(next))
      : rest.findIndex((next) => /^#{1,6}\s/.test(next))
  const lines = found === -1 ? rest.length : found
  // what has places of its own is no example
  const below = rest.slice(0, lines)
  return below.some((next) => next.search(PLACEHOLDER) >= 0) ? null : { name, lines }
}

function renderLine(line: string, facts: Facts, missing: Set<string>): string | null {
  let lost = false
  let placed = false
  let severityOnly = true
  const filled = line.replaceAll(PLACEHOLDER, (whole, brace?: string, angle?: string, square?: string) => {
    const name = factName(brace ?? angle ?? square ?? '')
    const fact = facts[name]
    placed = true
    if (square === undefined || name !== 'severity') severityOnly = false
    if (fact !== undefined) return square !== undefined && name === 'severity' ? `[${fact}]` : fact
    lost = true
    missing.add(name)
    return whole
  })
  if (lost) return null
  if (!placed) return replaceSample(line, facts, missing)
  return severityOnly ? withTitle(line, filled, facts) : filled
}

/** "[P2] High Error Rate Alert - erlmcp": what stands behind the severity is the title of another incident. */
function withTitle(line: string, filled: string, facts: Facts): string {
  const severity = /^[^\p{L}\p{N}]*\[[^\]]*\]\s+\S/u.test(line) ? /\[[^\]]*\]/.exec(filled) : null
  if (severity === null || facts['title'] === undefined) return filled
  return `${filled.slice(0, severity.index + severity[0].length)} ${facts['title']}`
}

function replaceSample(line: string, facts: Facts, missing: Set<string>): string | null {
  const labelled = /^([^\p{L}\p{N}]*)([A-Z][\p{L} -]{1,40}?):(\**)\s+(\S.*)$/u.exec(line)
  if (labelled === null) return line
  const [, before = '', label = '', bold = '', value = ''] = labelled
  const name = factName(label)
  if (!/\d/.test(value) && !ALWAYS_FACTS.has(name)) return line
  const fact = facts[name]
  if (fact !== undefined) return `${before}${label}:${bold} ${fact}`
  missing.add(name)
  return null
}

const collapse = (lines: readonly string[]): string =>
  lines
    .join('\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim()

/** What is said where a page brings no template of its own. */
export function defaultTemplate(kind: MessageKind): CommunicationTemplate {
  const bodies: Record<MessageKind, string> = {
    acknowledgement:
      '[P2] {title}\nService: {service}\nSince: {time}\nExpected resolution: {response_time}\nRunbook: {runbook}',
    'status-update': 'Status update: {title}\n{update}\nNow: {value}',
    resolution: 'RESOLVED: {title}\nResolution: {resolution}\nNow: {value}\nDuration: {duration}',
    summary: 'Incident report: {title}\nDuration: {duration}\nReview: {review}',
  }
  return { id: kind, title: kind, channel: null, body: bodies[kind], fields: [], line: 0 }
}
