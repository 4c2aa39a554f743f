/** Blocks to a tree of sections, by headings and by bold lines that stand for headings. */
import { boldOnly, plainText } from './inline.ts'
import type { Block } from './markdown.ts'
import { githubSlug, UniqueNames } from './slug.ts'
import { alternativeOf, belongsToAlternative } from './vocabulary.ts'

export interface Section {
  /** As a reader sees it; empty for the root. */
  title: string
  /** 0 root, 1..6 headings, 7 and 8 bold lines. */
  depth: number
  explicitId: string | null
  /** GitHub's anchor, unique in the page; `null` for bold lines and the root. */
  slug: string | null
  line: number
  column: number
  endLine: number
  blocks: Block[]
  children: Section[]
}

const BOLD_DEPTH = 7

export function buildOutline(blocks: Block[], lastLine: number): Section {
  const root = section('', 0, 1, 1)
  const open: Section[] = [root]
  const slugs = new UniqueNames()
  for (const block of blocks) {
    const started = startSection(block, open, slugs)
    if (started === null) {
      open[open.length - 1]?.blocks.push(block)
      continue
    }
    while ((open[open.length - 1]?.depth ?? 0) >= started.depth) open.pop()
    open[open.length - 1]?.children.push(started)
    open.push(started)
  }
  setEnds(root, lastLine)
  return root
}

function section(title: string, depth: number, line: number, column: number): Section {
  return {
    title, depth, line, column, explicitId: null, slug: null, endLine: line, blocks: [], children: [],
  } // prettier-ignore
}

function startSection(block: Block, open: Section[], slugs: UniqueNames): Section | null {
  if (block.type === 'heading') {
    const title = plainText(block.text).replace(/\s*#+$/, '')
    const slug = slugs.take(githubSlug(block.explicitId === null ? title : `${title} ${block.explicitId}`))
    const started = section(title, block.depth, block.line, block.column)
    return { ...started, explicitId: block.explicitId, slug }
  }
  if (block.type !== 'paragraph' || block.lines.length !== 1) return null
  const line = block.lines[0]
  const bold = line === undefined ? null : boldOnly(line.text)
  if (line === undefined || bold === null) return null
  const title = plainText(bold)
  const inAlternative = open.some((each) => each.depth === BOLD_DEPTH && alternativeOf(each.title) !== null)
  const depth = inAlternative && belongsToAlternative(title) ? BOLD_DEPTH + 1 : BOLD_DEPTH
  return section(title, depth, line.line, line.column)
}

function setEnds(parent: Section, end: number): void {
  parent.endLine = end
  for (const [index, child] of parent.children.entries()) {
    const next = parent.children[index + 1]
    setEnds(child, next === undefined ? end : next.line - 1)
  }
}

/** The section and all below it, in page order. */
export function* sectionsOf(section: Section): Generator<Section> {
  yield section
  for (const child of section.children) yield* sectionsOf(child)
}
