/** The phases of a procedure: its sections, what they are for, when, and their steps with stable ids. */
import { append } from './append.ts'
import { entriesOf } from './entries.ts'
import { firstSentence } from './inline.ts'
import type { Block } from './markdown.ts'
import type { CommunicationTemplate, Phase, PhaseKind, RunbookCommand, Step } from './model.ts'
import type { Section } from './outline.ts'
import type { Page } from './page.ts'
import { idSlug, UniqueNames } from './slug.ts'
import { StepCollector } from './steps.ts'
import type { DraftStep } from './draft.ts'
import { alternativeOf, phaseKindOf, phaseTitle, unnumbered } from './vocabulary.ts'

export interface PhaseContext {
  page: Page
  /** Blocks and sections that were read as something else: labels, contacts, the severity table. */
  skip: ReadonlySet<Block | Section>
  templates: ReadonlyMap<Section, CommunicationTemplate[]>
  /** The section is for an alert: prose alone is then what a person does. */
  forAlert: boolean
}

export function phasesOf(section: Section, context: PhaseContext): Phase[] {
  const { skip } = context
  const own = section.blocks.filter((block) => !skip.has(block) && block.type !== 'rule')
  const phases: Phase[] = []
  const loose: Section[] = []
  const title = section.title === '' ? 'Steps' : unnumbered(section.title)
  const flush = (): void => {
    const blocks = phases.length === 0 ? own : []
    if (blocks.length > 0 || loose.length > 0) {
      const phase = implicitPhase({ ...section, blocks, children: [...loose] }, title, context)
      if (phase !== null) phases.push(phase)
    }
    loose.length = 0
  }
  let flushed = false
  for (const child of section.children) {
    if (skip.has(child)) continue
    if (isLoose(child)) {
      loose.push(child)
      continue
    }
    if (!flushed || loose.length > 0) flush()
    flushed = true
    const phase = phaseOf(child, context)
    if (phase !== null) phases.push(phase)
  }
  if (!flushed || loose.length > 0) flush()
  return withIds(phases)
}

/** Options and bold lines directly under a procedure have no phase of their own. */
function isLoose(child: Section): boolean {
  if (alternativeOf(child.title) !== null) return true
  return child.depth > 6 && phaseKindOf(child.title) === null
}

function implicitPhase(section: Section, title: string, { page, forAlert }: PhaseContext): Phase | null {
  const options =
    section.blocks.length === 0 && section.children.every((child) => alternativeOf(child.title) !== null)
  const collector = new StepCollector(page, options ? 'mitigate' : null)
  collector.section(section, [], title)
  if (collector.steps.length === 0 && collector.text.length === 0) return null
  const first = section.blocks[0]?.line ?? section.children[0]?.line ?? section.line
  if (collector.steps.length === 0 && forAlert && section.children.length === 0) {
    append(collector.steps, proseSteps(section, page))
    collector.text.length = 0
    return build({ ...section, line: first, column: 1 }, 'What to do', 'diagnose', collector, page)
  }
  const name = options ? 'Options' : collector.steps.length === 0 ? 'Overview' : title
  const kind = options ? 'mitigate' : kindByRisk(collector.steps)
  return build({ ...section, line: first, column: 1 }, name, kind, collector, page)
}

function phaseOf(section: Section, context: PhaseContext): Phase | null {
  const { page, skip } = context
  const templates = context.templates.get(section)
  if (templates !== undefined) return templatePhase(section, templates, page)
  const { name, startMinute, endMinute, window } = phaseTitle(section.title)
  const stated = phaseKindOf(name)
  const visible = {
    ...section,
    blocks: section.blocks.filter((block) => !skip.has(block)),
    children: section.children.filter((child) => !skip.has(child)),
  }
  const collector = new StepCollector(page, stated ?? guess(visible))
  collector.section(visible, [], unnumbered(name))
  if (collector.steps.length === 0 && collector.text.length === 0) return null
  const kind = settle(stated ?? kindByRisk(collector.steps), name, collector)
  if (kind !== 'context' && collector.steps.length === 0) {
    append(collector.steps, proseSteps(visible, page))
    collector.text.length = 0
  }
  return { ...build(section, name, kind, collector, page), startMinute, endMinute, window }
}

/** Messages to send are manual steps until a channel sends them. */
function templatePhase(section: Section, templates: CommunicationTemplate[], page: Page): Phase {
  const collector = new StepCollector(page, 'follow-up')
  for (const { title, channel, body, line } of templates) {
    const to = channel === null ? [] : [`Send to ${channel}:`]
    collector.steps.push({
      id: '', title, kind: 'manual', line, position: page.range(line, section.endLine), group: null,
      text: [...to, body].join('\n\n'), commands: [], comments: [],
    }) // prettier-ignore
  }
  return build(section, phaseTitle(section.title).name, 'follow-up', collector, page)
}

/** Unknown headings with something to do are read as doing; pure prose is context. */
function guess(section: Section): PhaseKind | null {
  const acts = section.blocks.some(
    (block) => block.type === 'code' && entriesOf(block).some((entry) => entry.type === 'command'),
  )
  return acts || section.children.some((child) => guess(child) !== 'context') ? null : 'context'
}

function kindByRisk(steps: Step[]): PhaseKind {
  const commands = allCommands(steps)
  if (commands.some((command) => command.runnable && command.risk !== 'read')) return 'mitigate'
  return commands.length > 0 ? 'diagnose' : steps.length > 0 ? 'mitigate' : 'context'
}

/** A "Resolution" that only looks is the check that the fix has worked. */
function settle(kind: PhaseKind, name: string, collector: StepCollector): PhaseKind {
  if (kind !== 'mitigate' || !/\bresol/i.test(name)) return kind
  const commands = allCommands(collector.steps).filter((command) => command.runnable)
  const starts = /\b(?:verify|confirm|observe)\b/i.test(collector.steps[0]?.title ?? '')
  if (commands.length === 0 || (!starts && commands.some((command) => command.risk !== 'read'))) return kind
  const words = [...collector.text, ...collector.steps.flatMap((step) => [step.title, step.text])].join(' ')
  return /\bverif|\bstable\b|\bobserv|\bconfirm|\bonce resolved\b|\bback to normal\b|\bstays?\b|\bbelow\b|\breturns? to normal\b/i.test(
    words,
  )
    ? 'verify'
    : kind
}

function proseSteps(section: Section, page: Page): DraftStep[] {
  return section.blocks
    .filter((block) => block.type !== 'rule' && block.type !== 'html')
    .flatMap((block) => {
      const text = page.source(block)
      if (text === '') return []
      const title = firstSentence(text.replace(/^(?:[-*+]|\d+[.)])\s+/, ''))
      return [{
        id: '', title, kind: 'manual' as const, line: block.line, position: page.range(block.line, block.endLine),
        text: title === text.replace(/[.:]$/, '') ? '' : text, commands: [], comments: [], group: null,
      }] // prettier-ignore
    })
}

function build(section: Section, name: string, kind: PhaseKind, collector: StepCollector, page: Page): Phase {
  const steps = collector.steps
  for (const step of steps) if (step.group === name) step.group = null
  return {
    name, kind, startMinute: null, endMinute: null, window: null, line: section.line,
    position: page.range(section.line, section.endLine, section.column), text: collector.text.join('\n\n'), steps,
  } // prettier-ignore
}

export function allCommands(steps: Step[]): RunbookCommand[] {
  return steps.flatMap((step) => [
    ...step.commands,
    ...(step.alternatives ?? []).flatMap((each) => each.commands),
  ])
}

/** `mitigation/option-3`: by the titles, so that ids survive edits elsewhere in the page. */
function withIds(phases: Phase[]): Phase[] {
  const names = new UniqueNames()
  const ids = new UniqueNames()
  for (const phase of phases) {
    const prefix = names.take(idSlug(phase.name))
    for (const step of phase.steps) {
      if (step.kind !== 'choice') {
        step.id = ids.take(
          `${prefix}/${[...(step.group?.split(' / ') ?? []), step.title].map(idSlug).join('/')}`,
        )
        continue
      }
      const kind = step.alternatives?.[0]?.kind ?? 'option'
      step.id = ids.take(`${prefix}/${kind === 'case' ? 'cases' : `${kind}s`}`)
      for (const each of step.alternatives ?? [])
        each.id = ids.take(`${prefix}/${each.kind}-${idSlug(each.label ?? '')}`)
    }
  }
  return phases
}
