/** One section of a page, or a whole page, as a procedure. */
import { alertInTitle, alertsInLabel, alertsInSentence } from './alert-names.ts'
import { measure, parseCondition } from './condition.ts'
import { tableInputs } from './extras.ts'
import { firstSentence, plainText } from './inline.ts'
import { camelKey, LABEL_KEYS, sectionLabels } from './labels.ts'
import type { LabelLine } from './labels.ts'
import type { Block } from './markdown.ts'
import type {
  CommunicationTemplate,
  Condition,
  InputDeclaration,
  Phase,
  Procedure,
  ProcedureKind,
  RunbookCommand,
} from './model.ts'
import type { Section } from './outline.ts'
import type { Page } from './page.ts'
import { allCommands, phasesOf } from './phases.ts'
import { recoveryOf } from './recovery.ts'
import { parseMinutes, parseSeverity } from './severity.ts'
import { githubSlug, idSlug } from './slug.ts'
import { phaseTitle, SECTION_WORDS, unnumbered } from './vocabulary.ts'

export interface PageContext {
  page: Page
  /** Blocks and sections that were read as something else. */
  used: ReadonlySet<Block | Section>
  templates: ReadonlyMap<Section, CommunicationTemplate[]>
  /** The procedure is the whole page: head lines and front matter speak of it. */
  whole: boolean
  metadata: Record<string, string>
  headLabels: LabelLine[]
  alertNames: string[]
  inputs: InputDeclaration[]
}

export function readProcedure(section: Section, title: string, context: PageContext): Procedure {
  const { page } = context
  const { labels: own, used } = sectionLabels(section, page)
  const labels = [...own, ...(context.whole ? context.headLabels : [])]
  const table = tableInputs(section)
  const skip = new Set([...context.used, ...used, ...table.used])
  const trigger = triggerOf(labels, section, context)
  const alertNames = alertNamesOf(section, title, labels, context)
  const forAlert = alertNames.length > 0 && section.children.every((child) => child.depth > 6)
  const phases = phasesOf(section, { page, skip, templates: context.templates, forAlert })
  const value = (key: keyof typeof LABEL_KEYS): LabelLine | undefined =>
    labels.find((label) => LABEL_KEYS[key].test(label.key))
  const front = (key: string): string | undefined => (context.whole ? context.metadata[key] : undefined)
  const severity = parseSeverity(
    plainText(value('severity')?.value ?? front('severity') ?? front('priority') ?? ''),
  )
  const responseTime = value('responseTime')?.value ?? front('responseTime')
  const impact = value('impact')?.value ?? impactOf(section, page)
  const made: Procedure = {
    id: idOf(section, title, alertNames),
    title,
    line: section.line,
    position: page.range(section.line, section.endLine, section.column),
    anchors: anchorsOf(section, title, alertNames),
    alertNames,
    severity: severity?.severity ?? null,
    severityRange: severity?.range ?? null,
    responseTimeMinutes: responseTime === undefined ? null : parseMinutes(plainText(responseTime)),
    trigger,
    recovery: recoveryOf(value('recovery'), trigger, phases, page),
    impact: impact === undefined || impact === '' ? null : plainText(impact),
    metadata: Object.fromEntries(own.map((label) => [camelKey(label.key), plainText(label.value)])),
    phases,
    kind: 'task',
    service: textOr(value('service')?.value, context.metadata['service']),
    owner: textOr(
      value('owner')?.value,
      context.metadata['owner'] ??
        context.metadata['runbookOwner'] ??
        context.metadata['ownerSlack'] ??
        context.metadata['team'],
    ),
    inputs: table.inputs.length > 0 ? table.inputs : context.inputs,
  }
  return { ...made, kind: kindOf(made, phases) }
}

const textOr = (value: string | undefined, other: string | undefined): string | null => {
  const text = plainText(value ?? other ?? '')
  return text === '' ? null : text
}

function kindOf(made: Procedure, phases: Phase[]): ProcedureKind {
  const messages = phases.length > 0 && phases.every((phase) => phase.kind === 'follow-up')
  if (messages || SECTION_WORDS.reference.test(made.title)) return 'reference'
  if (made.alertNames.length > 0 || made.trigger?.stated === 'label' || made.severity !== null)
    return 'incident'
  const runnable = phases.some((phase) =>
    allCommands(phase.steps).some((command: RunbookCommand) => command.runnable),
  )
  const checklist = phases.some((phase) => phase.steps.some((step) => step.kind === 'checklist'))
  if (made.trigger !== null && runnable) return 'incident'
  return runnable || checklist || phases.some((phase) => phase.kind !== 'context' && phase.steps.length > 0)
    ? 'task'
    : 'reference'
}

function idOf(section: Section, title: string, alertNames: string[]): string {
  if (section.explicitId !== null) return section.explicitId
  const only = alertNames.length === 1 ? alertNames[0] : undefined
  return alertInTitle(title) ?? only ?? idSlug(title)
}

function anchorsOf(section: Section, title: string, alertNames: string[]): string[] {
  const anchors = [
    section.explicitId,
    section.slug,
    githubSlug(title),
    githubSlug(section.title),
    ...alertNames,
  ]
  return [
    ...new Set(anchors.flatMap((anchor) => (anchor === null || anchor === '' ? [] : [anchor.toLowerCase()]))),
  ]
}

function alertNamesOf(section: Section, title: string, labels: LabelLine[], context: PageContext): string[] {
  const stated = labels
    .filter((label) => LABEL_KEYS.alerts.test(label.key))
    .flatMap((label) => alertsInLabel(label.value))
  const triggers = labels
    .filter((label) => LABEL_KEYS.trigger.test(label.key))
    .flatMap((label) => alertsInSentence(label.value))
  const heading = alertInTitle(title)
  const page = context.whole ? context.alertNames : []
  const told = [section, ...section.children]
    .filter(
      (each) =>
        each === section ||
        /^(?:meaning|description|overview|summary|understanding)/i.test(unnumbered(each.title)),
    )
    .flatMap((each) => each.blocks.filter((block) => block.type === 'paragraph').slice(0, 1))
    .flatMap((block) => alertsInSentence(context.page.source(block)))
  const sure = [...stated, ...triggers, ...(heading === null ? [] : [heading]), ...page]
  return [
    ...new Set(
      sure.length > 0 && told.length > 0
        ? [...sure, ...told.filter((name) => sure.includes(name))]
        : [...sure, ...told],
    ),
  ]
}

const FIRES =
  /\b(?:alert|alarm)\b.*\b(?:fires?|trigger|raised|becomes pending)|\btriggered when\b|\bfires? (?:when|if)\b/i

/** The stated trigger; else a sentence of the explanation that says when the alert fires and gives a number. */
function triggerOf(labels: LabelLine[], section: Section, context: PageContext): Condition | null {
  const { page } = context
  const find = (key: 'trigger' | 'status'): LabelLine | undefined =>
    labels.find((label) => LABEL_KEYS[key].test(label.key))
  const stated = find('trigger')
  const label = stated ?? find('status')
  if (label !== undefined && label.value !== '') {
    const condition = parseCondition(
      plainText(label.value),
      page.range(label.line, label.endLine, label.column),
    )
    if (stated !== undefined || condition.signal !== null) return condition
  }
  for (const each of [section, ...section.children]) {
    for (const block of each.blocks) {
      if (block.type !== 'paragraph') continue
      const text = plainText(page.source(block))
      if (!FIRES.test(text)) continue
      const sentence = text
        .split(/(?<=[.!?])\s+(?=[A-Z])/)
        .find((part) => FIRES.test(part) && measure(part) !== null)
      if (sentence !== undefined)
        return parseCondition(sentence, page.range(block.line, block.endLine), 'prose')
    }
  }
  return null
}

function impactOf(section: Section, page: Page): string | undefined {
  const impact = section.children.find((child) =>
    LABEL_KEYS.impact.test(unnumbered(phaseTitle(child.title).name)),
  )
  const first = impact?.blocks.find((block) => block.type === 'paragraph')
  return first === undefined ? undefined : firstSentence(page.source(first), 300)
}
