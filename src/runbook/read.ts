/** A Markdown page to the runbook it is. */
import { append } from './append.ts'
import { alertInPath, alertInTitle, headingNames, isAlertName } from './alert-names.ts'
import { decodePage } from './decode.ts'
import { frontMatterInputs, readExtras } from './extras.ts'
import { frontMatterMetadata, readFrontMatter, scalarText, textList } from './front-matter.ts'
import type { FrontMatter } from './front-matter.ts'
import { plainText } from './inline.ts'
import { camelKey, isDocumentKey, isLabelParagraph, paragraphLabels } from './labels.ts'
import type { LabelLine } from './labels.ts'
import { withoutLeftovers } from './leftovers.ts'
import { parseBlocks } from './markdown.ts'
import type { Block, CodeBlock } from './markdown.ts'
import type { PageBlock, PageHeading, Procedure, Runbook } from './model.ts'
import { buildOutline, sectionsOf } from './outline.ts'
import type { Section } from './outline.ts'
import { Page } from './page.ts'
import { readProcedure } from './procedure.ts'
import type { PageContext } from './procedure.ts'
import { chooseProcedures } from './shape.ts'
import { UniqueNames } from './slug.ts'

/**
 * Reads any text as a runbook; what is odd about it is in `notes`. `path` gives the alert name of one-alert pages
 * and the title of last resort; no file is read. Throws AppError `too_large` and `unsupported` (not text) only.
 * Prepare the grammars first with `loadCommandGrammars()` of `command/`.
 */
export function readRunbook(source: Uint8Array | string, options: { path: string }): Runbook {
  const { text, notes } = decodePage(source, options.path)
  const lines = text.split('\n')
  const front = readFrontMatter(lines, notes)
  const markdown = withoutLeftovers(lines)
  const blocks = parseBlocks(markdown, front.firstLine)
  const page = new Page(options.path, markdown, notes)
  const root = buildOutline(blocks, lines.length)
  const title = titleOf(root, front, options.path)
  const head = readHead(root)
  const metadata = {
    ...frontMatterMetadata(front.values),
    ...labelMetadata(head.labels),
    ...labelMetadata(readFoot(root)),
  }
  const extras = readExtras(root, page)
  const inputs = frontMatterInputs(front, notes)
  const shape = chooseProcedures(root, title, { path: options.path, used: extras.used, front: front.values })
  const context: Omit<PageContext, 'whole'> = {
    page,
    used: new Set([...extras.used, ...head.used, ...footBlocks(root)]),
    templates: extras.templateSections,
    metadata,
    headLabels: head.labels,
    alertNames: pageAlerts(front, options.path, title),
    inputs,
  }
  const procedures = shape.map(({ section, title: name, whole }) =>
    readProcedure(section, name, { ...context, whole }),
  )
  claimAlerts(procedures, statedAlerts(front))
  noteUnclosed(blocks, page)
  return {
    title,
    metadata,
    procedures: distinct(procedures.filter((each) => each.phases.length > 0 || each.kind === 'incident')),
    severityPolicy: extras.severityPolicy,
    contacts: extras.contacts,
    links: extras.links,
    templates: extras.templates,
    notes: notes.sort((a, b) => a.line - b.line || a.column - b.column),
    headings: headingsOf(root),
    blocks: codeBlocks(blocks)
      .filter((block) => !extras.used.has(block))
      .map(pageBlock),
  }
}

function titleOf(root: Section, front: FrontMatter, path: string): string {
  const first = [...sectionsOf(root)].find((section) => section.depth >= 1 && section.depth <= 6)
  const heading = first !== undefined && first.depth === 1 ? first.title : ''
  if (heading !== '' && !/<%|\{\{/.test(heading)) return heading
  const stated = scalarText(front.values['title'])
  if (stated !== null && stated !== '') return plainText(stated)
  const only = root.children.length === 1 ? root.children[0]?.title : undefined
  if (only !== undefined && only !== '') return only
  const name = (path.split(/[\\/]/).pop() ?? '').replace(/(?:\.html)?\.(?:md|markdown|mdx)(?:\.erb)?$/i, '')
  return name === '' ? 'Untitled' : name
}

/** The label lines before the first section: of the document, and of the procedure where the page is one. */
function readHead(root: Section): { labels: LabelLine[]; used: Set<Block | Section> } {
  const first = root.children[0]
  const heads = [root, ...(first !== undefined && first.depth === 1 ? [first] : [])]
  const labels: LabelLine[] = []
  const used = new Set<Block | Section>()
  for (const section of heads) {
    for (const block of section.blocks) {
      if (block.type === 'rule') continue
      if (!isLabelParagraph(block)) break
      append(labels, paragraphLabels(block))
      used.add(block)
    }
  }
  return { labels, used }
}

/** Document lines at the very end: "Last Updated", "Review Cycle". */
function footBlocks(root: Section): Block[] {
  let last = root
  for (let next = last.children.at(-1); next !== undefined; next = last.children.at(-1)) last = next
  const out: Block[] = []
  for (const block of last.blocks.toReversed()) {
    if (block.type === 'rule' && out.length > 0) break
    if (!isLabelParagraph(block) || !paragraphLabels(block).some((label) => isDocumentKey(label.key))) break
    out.push(block)
  }
  return out
}

const readFoot = (root: Section): LabelLine[] =>
  footBlocks(root).flatMap((block) => (block.type === 'paragraph' ? paragraphLabels(block) : []))

const labelMetadata = (labels: LabelLine[]): Record<string, string> =>
  Object.fromEntries(
    labels
      .filter((label) => label.value !== '')
      .map((label) => [camelKey(label.key), plainText(label.value)]),
  )

const statedAlerts = (front: FrontMatter): string[] =>
  ['alerts', 'alert', 'alertname', 'alert_name', 'alertName'].flatMap((key) => textList(front.values[key]))

/** Alerts of the front matter that no procedure names are for the first procedure about an incident. */
function claimAlerts(procedures: Procedure[], alerts: string[]): void {
  const first = procedures.find((each) => each.kind === 'incident') ?? procedures[0]
  if (first === undefined) return
  for (const alert of alerts) {
    if (procedures.some((each) => each.alertNames.includes(alert))) continue
    const owner = procedures.find((each) => headingNames(each.title, alert)) ?? first
    owner.alertNames.push(alert)
    owner.anchors.push(alert.toLowerCase())
    if (owner.kind !== 'incident') owner.kind = 'incident'
  }
}

function pageAlerts(front: FrontMatter, path: string, title: string): string[] {
  const stated = statedAlerts(front)
  const titles = [
    alertInTitle(title),
    alertInPath(path),
    alertInTitle(scalarText(front.values['title']) ?? ''),
  ]
  return [
    ...new Set([...stated, ...titles.flatMap((name) => (name !== null && isAlertName(name) ? [name] : []))]),
  ]
}

/** Ids and anchors lead to one procedure each: the first that has them. */
function distinct(procedures: Procedure[]): Procedure[] {
  const ids = new UniqueNames()
  const taken = new Set<string>()
  return procedures.map((procedure) => {
    const id = ids.take(procedure.id)
    const anchors = [...new Set([id.toLowerCase(), ...procedure.anchors])].filter(
      (anchor) => !taken.has(anchor),
    )
    for (const anchor of anchors) taken.add(anchor)
    return { ...procedure, id, anchors }
  })
}

function headingsOf(root: Section): PageHeading[] {
  return [...sectionsOf(root)].flatMap((section) => {
    if (section.slug === null) return []
    const { title, depth, line, column, slug, explicitId } = section
    return [{ title, depth, line, column, slug, explicitId }]
  })
}

function codeBlocks(blocks: Block[]): CodeBlock[] {
  return blocks.flatMap((block) => {
    if (block.type === 'code') return [block]
    if (block.type === 'quote') return codeBlocks(block.blocks)
    return block.type === 'list' ? block.items.flatMap((item) => codeBlocks(item.blocks)) : []
  })
}

function pageBlock(block: CodeBlock): PageBlock {
  const tag = (block.info ?? '').split(/[\s{,]/)[0] ?? ''
  const { info, line, endLine, closed, lines } = block
  return { tag: tag === '' ? null : tag, info, line, endLine, closed, lines }
}

function noteUnclosed(blocks: Block[], page: Page): void {
  for (const block of codeBlocks(blocks)) {
    if (block.closed) continue
    const message = 'This code block is never closed; everything below it is read as code'
    page.notes.push({ kind: 'unclosed-fence', message, line: block.line, column: 1 })
  }
}
