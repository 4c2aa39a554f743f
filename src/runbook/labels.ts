/** What a section says about itself in `**Key:** value` lines: trigger, severity, response time, alerts … */
import { append } from './append.ts'
import { boldOnly, labelOf, plainText } from './inline.ts'
import type { Block, ListBlock, ParagraphBlock } from './markdown.ts'
import type { Section } from './outline.ts'
import type { Page } from './page.ts'

export interface LabelLine {
  key: string
  /** Inline source; the items of a list that follows are joined by "; ". */
  value: string
  line: number
  column: number
  endLine: number
}

export const LABEL_KEYS = {
  trigger: /^(?:alert )?(?:trigger(?:s|ed by)?|condition)$|^fires when$|^threshold$|^alert (?:rule|threshold|condition)$/i,
  status: /^status$/i,
  severity: /^(?:alert )?(?:severity|priority)(?: level)?$/i,
  responseTime: /^(?:response time|time to respond|response sla|sla|mttr target|target mttr|time to repair)$/i,
  impact: /^(?:user |business |customer )?impact$/i,
  alerts: /^(?:alerts?|alert names?|prometheus alerts?|alertname)$/i,
  service: /^(?:services?|component|application)$/i,
  owner: /^(?:(?:runbook |service |page )?owners?|team|owning team|maintainers?)$/i,
  recovery: /^(?:recovered|resolved|healthy|fixed|back to normal|success(?:ful)?) when$|^recovery(?: criteria)?$|^success criteria$|^all clear(?: when)?$|^exit criteria$/i,
  channel: /^(?:channels?|slack(?: channel)?|audience|send to|via)$/i,
} as const // prettier-ignore

const MAX_VALUE = 4000

const DOCUMENT_KEYS =
  /^(?:document (?:date|version|id)|runbook id|id|version|date|created|author|audience|last (?:updated|reviewed|review|modified|tested)(?: on)?|review (?:cycle|date|in)|next review(?: date)?|reviewed (?:by|on)|owners?|runbook owner|maintainers?|team|status|contact|slack(?: channel)?|approved by|classification|tags?|related alerts?)$/i

export const isDocumentKey = (key: string): boolean => DOCUMENT_KEYS.test(key)

/** The label lines of a paragraph; several may stand in one, with soft breaks between. */
export function paragraphLabels(paragraph: ParagraphBlock): LabelLine[] {
  const out: LabelLine[] = []
  for (const line of paragraph.lines) {
    const label = labelOf(line.text)
    if (label !== null) {
      out.push({
        key: label.key,
        value: label.value.slice(0, MAX_VALUE).replace(/\\$/, '').trim(),
        line: line.line,
        column: line.column,
        endLine: line.line,
      })
      continue
    }
    const open = out[out.length - 1]
    if (open !== undefined && line.text.trim() !== '') {
      if (open.value.length < MAX_VALUE) open.value = `${open.value} ${line.text.trim()}`.trim()
      open.endLine = line.line
    }
  }
  return out
}

/** Whether a paragraph is nothing but label lines. */
export const isLabelParagraph = (block: Block): block is ParagraphBlock =>
  block.type === 'paragraph' && labelOf(block.lines[0]?.text ?? '') !== null

/** `- **Key:** value` items. */
export function listLabels(list: ListBlock): LabelLine[] {
  return list.items.flatMap((item) => {
    const first = item.blocks[0]
    return first?.type === 'paragraph' ? paragraphLabels(first).slice(0, 1) : []
  })
}

const KNOWN = Object.values(LABEL_KEYS)
const isKnown = (key: string): boolean => KNOWN.some((pattern) => pattern.test(key))

/**
 * Labels of a section: its own label paragraphs and label lists, bold lines with a known key and a list below
 * (`**Trigger:**`), and headings with a known key ("### Severity"). `used` holds what was consumed.
 */
export function sectionLabels(
  section: Section,
  page: Page,
): { labels: LabelLine[]; used: Set<Block | Section> } {
  const labels: LabelLine[] = []
  const used = new Set<Block | Section>()
  for (const block of section.blocks) {
    if (isLabelParagraph(block)) {
      const found = paragraphLabels(block)
      if (found.every((label) => /^(?:note|important|warning|caution|tip)$/i.test(label.key))) continue
      append(labels, found)
      used.add(block)
    } else if (block.type === 'list') {
      const found = listLabels(block)
      if (found.length === block.items.length && found.some((label) => isKnown(label.key))) {
        append(labels, found)
        used.add(block)
      }
    } else if (block.type === 'code') break
  }
  for (const child of section.children) {
    if (!isKnown(child.title)) continue
    const value = valueBelow(child, page)
    if (value === '') continue
    labels.push({ key: child.title, value, line: child.line, column: child.column, endLine: child.endLine })
    if (child.depth > 6) used.add(child)
  }
  return { labels, used }
}

function valueBelow(section: Section, page: Page): string {
  const first = section.blocks[0]
  if (first === undefined) return ''
  if (first.type === 'paragraph') return page.source(first).slice(0, MAX_VALUE).replace(/\s+/g, ' ')
  if (first.type !== 'list') return ''
  return first.items
    .map((item) => item.blocks.map((block) => page.source(block).replace(/^[-*+]\s+/, '')).join(' '))
    .join('; ')
}

/** "Last Updated" to `lastUpdated`, `last_reviewed_on` to `lastReviewedOn`. */
export function camelKey(key: string): string {
  const words = plainText(boldOnly(key) ?? key)
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .split(' ')
  return words
    .map((word, index) => {
      const lower = /^[A-Z]+$/.test(word) ? word.toLowerCase() : word.charAt(0).toLowerCase() + word.slice(1)
      return index === 0 ? lower : lower.charAt(0).toUpperCase() + lower.slice(1)
    })
    .join('')
    .slice(0, 64)
}
