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
  resolution: 'resolution',
  root_cause: 'root_cause',
  post_mortem: 'review',
  runbook: 'runbook',
}

const factName = (written: string): string => {
  const name = written
    .trim()
    .toLowerCase()
    .replaceAll(/[\s.-]+/g, '_')
  return ALIASES[name] ?? name
}

/**
 * Fills a template from facts. A line that needs a fact nobody has is left out and named in `missing`; a line
 * `Label: sample` whose value is only an example ("14:32 UTC", "8.5%") gets the fact of its label or is left out.
 */
export function renderMessage(template: CommunicationTemplate, facts: Facts): RenderedMessage {
  const missing = new Set<string>()
  const lines: string[] = []
  for (const line of template.body.split('\n')) {
    const rendered = renderLine(line, facts, missing)
    if (rendered !== null) lines.push(rendered)
  }
  return { channel: template.channel, body: collapse(lines), missing: [...missing] }
}

function renderLine(line: string, facts: Facts, missing: Set<string>): string | null {
  let lost = false
  let placed = false
  const filled = line.replaceAll(PLACEHOLDER, (whole, brace?: string, angle?: string, square?: string) => {
    const name = factName(brace ?? angle ?? square ?? '')
    const fact = facts[name]
    placed = true
    if (fact !== undefined) return square !== undefined && name === 'severity' ? `[${fact}]` : fact
    lost = true
    missing.add(name)
    return whole
  })
  if (lost) return null
  if (placed) return filled
  return replaceSample(line, facts, missing)
}

function replaceSample(line: string, facts: Facts, missing: Set<string>): string | null {
  const labelled = /^(\s*(?:[-*]\s+)?)([A-Z][A-Za-z ]{1,40}):\s+(\S.*)$/.exec(line)
  if (labelled === null || !/\d/.test(labelled[3] ?? '')) return line
  const fact = facts[factName(labelled[2] ?? '')]
  if (fact !== undefined) return `${labelled[1]}${labelled[2]}: ${fact}`
  missing.add(factName(labelled[2] ?? ''))
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
