/** Which sections of a page are procedures: the page as a whole, its main headings, or headings that name alerts. */
import { smallest } from './append.ts'
import { alertInPath, alertInTitle } from './alert-names.ts'
import { LABEL_KEYS, paragraphLabels } from './labels.ts'
import type { Block } from './markdown.ts'
import type { Section } from './outline.ts'
import { sectionsOf } from './outline.ts'
import { isPart, phaseTitle, unnumbered } from './vocabulary.ts'

export interface Chosen {
  section: Section
  title: string
  /** The page is this one procedure. */
  whole: boolean
}

interface PageFacts {
  path: string
  used: ReadonlySet<Block | Section>
  front: Record<string, unknown>
}

export function chooseProcedures(root: Section, title: string, facts: PageFacts): Chosen[] {
  const tops = mainSections(root).filter((section) => !facts.used.has(section))
  const alerts = alertSections(root)
  if (alerts.length > 1 || (alerts.length === 1 && alerts[0] !== undefined && hasOwnFacts(alerts[0]))) {
    return severalAlerts(tops, alerts)
  }
  if (tops.length === 0 || isOneProcedure(tops, title, facts))
    return [{ section: wholePage(root), title, whole: true }]
  return [...introduction(root, title, facts), ...tops.map(named)]
}

const named = (section: Section): Chosen => ({ section, title: section.title, whole: false })

/** The sections under the title; with several titles, the sections under each, or the title where it has none. */
function mainSections(root: Section): Section[] {
  const headings = root.children.filter((child) => child.depth <= 6)
  const depth = smallest(headings.map((child) => child.depth))
  const titles = headings.filter((child) => child.depth === depth)
  if (titles.length === 1 && depth === 1) {
    const only = titles[0]
    return [
      ...(only?.children.filter((child) => child.depth <= 6) ?? []),
      ...headings.filter((child) => child !== only),
    ]
  }
  if (depth > 1) return headings
  return headings.flatMap((child) => {
    const below = child.children.filter((each) => each.depth <= 6)
    return below.length > 0 && !child.blocks.some((block) => block.type === 'code') ? below : [child]
  })
}

/** Headings that name an alert each, below the title; the outermost of each branch. */
function alertSections(root: Section): Section[] {
  const title = root.children.length === 1 ? root.children[0] : undefined
  const found: Section[] = []
  const look = (section: Section): void => {
    const names = section.depth >= 1 && section.depth <= 4 && alertInTitle(section.title) !== null
    if (names && section !== title) found.push(section)
    else section.children.forEach(look)
  }
  look(root)
  return found
}

/** A trigger, a severity, or parts such as Diagnosis of its own. */
function hasOwnFacts(section: Section): boolean {
  if (section.explicitId !== null) return true
  const labels = section.blocks.flatMap((block) => (block.type === 'paragraph' ? paragraphLabels(block) : []))
  const facts = [LABEL_KEYS.trigger, LABEL_KEYS.severity, LABEL_KEYS.responseTime, LABEL_KEYS.alerts]
  if (labels.some((label) => facts.some((key) => key.test(label.key)))) return true
  return section.children.filter((child) => isPart(child.title)).length >= 2
}

/** Main sections beside the alerts are kept where they say how to do something. */
function severalAlerts(tops: Section[], alerts: Section[]): Chosen[] {
  const taken = new Set(alerts.flatMap((alert) => [...sectionsOf(alert)]))
  const others = tops.filter(
    (top) => ![...sectionsOf(top)].some((section) => taken.has(section)) && saysHow(top),
  )
  return [...alerts, ...others].sort((x, y) => x.line - y.line).map(named)
}

function saysHow(section: Section): boolean {
  return (
    section.blocks.some((block) => block.type === 'code' || (block.type === 'list' && block.ordered)) ||
    section.children.some(saysHow)
  )
}

function isOneProcedure(tops: Section[], title: string, facts: PageFacts): boolean {
  const independent = tops.filter((top) => hasOwnFacts(top)).length
  if (independent >= 2) return false
  const parts = new Set(
    tops
      .filter((top) => isPart(top.title))
      .map((top) => unnumbered(phaseTitle(top.title).name).toLowerCase()),
  )
  if (parts.size >= 2) return true
  const forAlert =
    alertInTitle(title) !== null || alertInPath(facts.path) !== null || /\balert\b/i.test(title)
  const inAlertFolder =
    /(?:^|[\\/])alerts?[\\/]/i.test(facts.path) ||
    facts.front['alerts'] !== undefined ||
    facts.front['alert'] !== undefined
  return independent === 0 && (forAlert || inAlertFolder)
}

/** The page without its title heading: the title's blocks and children stand at the top. */
function wholePage(root: Section): Section {
  const headings = root.children.filter((child) => child.depth <= 6)
  const first = headings[0]
  if (
    first === undefined ||
    first.depth !== 1 ||
    headings.some((child) => child !== first && child.depth === 1)
  )
    return root
  const others = root.children.filter((child) => child !== first)
  return {
    ...first,
    endLine: root.endLine,
    blocks: [...root.blocks, ...first.blocks],
    children: [...first.children, ...others].sort((a, b) => a.line - b.line),
  }
}

/** Steps before the first section are a procedure of their own. */
function introduction(root: Section, title: string, facts: PageFacts): Chosen[] {
  const whole = wholePage(root)
  const blocks = whole.blocks.filter((block) => !facts.used.has(block))
  const children = whole.children.filter((child) => child.depth > 6)
  if (!saysHow({ ...whole, blocks, children })) return []
  return [{ section: { ...whole, blocks, children }, title, whole: false }]
}
