/**
 * Markdown to a small tree of blocks with source lines. Only the block rules of markdown-it run; inline text
 * is kept as written and read by `inline.ts` where something depends on it.
 */
import MarkdownIt from 'markdown-it'

type Token = ReturnType<InstanceType<typeof MarkdownIt>['parse']>[number]

/** One source line of a block, without its container markers; `column` is where `text` starts in the page. */
export interface TextLine {
  text: string
  line: number
  column: number
}

interface Located {
  line: number
  /** The last line, inclusive. */
  endLine: number
}

export interface HeadingBlock extends Located {
  type: 'heading'
  depth: number
  /** Inline source, with a trailing `{#id}` removed. */
  text: string
  explicitId: string | null
  column: number
}
export interface ParagraphBlock extends Located {
  type: 'paragraph'
  lines: TextLine[]
}
export interface CodeBlock extends Located {
  type: 'code'
  /** The whole info string of the fence; `null` for an indented block. */
  info: string | null
  fenced: boolean
  closed: boolean
  lines: TextLine[]
}
export interface ListItem extends Located {
  blocks: Block[]
  /** `null`: not a task. */
  checked: boolean | null
}
export interface ListBlock extends Located {
  type: 'list'
  ordered: boolean
  items: ListItem[]
}
export interface QuoteBlock extends Located {
  type: 'quote'
  blocks: Block[]
}
export interface TableBlock extends Located {
  type: 'table'
  header: string[]
  rows: { cells: string[]; line: number }[]
}
export interface HtmlBlock extends Located {
  type: 'html'
  text: string
}
export interface RuleBlock extends Located {
  type: 'rule'
}
export type Block =
  | HeadingBlock
  | ParagraphBlock
  | CodeBlock
  | ListBlock
  | QuoteBlock
  | TableBlock
  | HtmlBlock
  | RuleBlock

/** `lines` is the whole page; `firstLine` is where Markdown starts (after front matter), 0-based. */
export function parseBlocks(lines: string[], firstLine: number): Block[] {
  const markdown = new MarkdownIt('default', { html: true })
  markdown.core.ruler.enableOnly(['normalize', 'block'])
  if (lines.some(tooWide)) markdown.block.ruler.disable('table')
  const tokens = markdown.parse(lines.slice(firstLine).join('\n'), {})
  return new TreeBuilder(tokens, lines, firstLine).blocks(tokens.length)
}

/** A row of so many cells is an attack on memory: one line would become a million cells. */
const tooWide = (line: string): boolean => line.length > MAX_CELLS && line.split('|').length > MAX_CELLS
const MAX_CELLS = 200

class TreeBuilder {
  readonly #tokens: Token[]
  readonly #lines: string[]
  readonly #offset: number
  #at = 0

  constructor(tokens: Token[], lines: string[], offset: number) {
    this.#tokens = tokens
    this.#lines = lines
    this.#offset = offset
  }

  /** Reads blocks until `end` or the closing token of the container that is being read. */
  blocks(end: number): Block[] {
    const out: Block[] = []
    while (this.#at < end) {
      const token = this.#tokens[this.#at]
      if (token === undefined || token.nesting === -1) break
      const block = this.#block(token)
      if (block !== null) out.push(block)
    }
    return out
  }

  #block(token: Token): Block | null {
    this.#at += 1
    const located = this.#located(token)
    switch (token.type) {
      case 'heading_open':
        return this.#heading(token, located)
      case 'paragraph_open': {
        const lines = this.#textLines(this.#inline(), located.line)
        return lines.length === 0 ? null : { type: 'paragraph', ...located, lines }
      }
      case 'fence':
      case 'code_block':
        return this.#code(token, located)
      case 'bullet_list_open':
      case 'ordered_list_open':
        return this.#list(token, located)
      case 'blockquote_open': {
        const blocks = this.blocks(this.#tokens.length)
        this.#at += 1
        return { type: 'quote', ...located, blocks }
      }
      case 'table_open':
        return this.#table(located)
      case 'html_block':
        return { type: 'html', ...located, text: token.content }
      case 'hr':
        return { type: 'rule', ...located }
      default:
        return null
    }
  }

  #located(token: Token): Located {
    const [start, end] = token.map ?? [0, 0]
    const line = start + this.#offset + 1
    let endLine = Math.max(line, Math.min(end + this.#offset, this.#lines.length))
    while (endLine > line && (this.#lines[endLine - 1] ?? '').trim() === '') endLine -= 1
    return { line, endLine }
  }

  /** The content of the inline token between the opening and the closing token, both consumed. */
  #inline(): string {
    let content = ''
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.nesting === -1) break
      content += token.content
    }
    return content
  }

  #heading(token: Token, located: Located): HeadingBlock {
    const source = this.#inline().replace(/\n/g, ' ').trim()
    const attribute = /\s*\{\s*#([^\s{}]+)[^{}]*\}\s*$/.exec(source)
    const text = attribute === null ? source : source.slice(0, attribute.index)
    const column = columnOf(this.#lines[located.line - 1] ?? '', text.slice(0, 40), 1)
    const depth = Number(token.tag.slice(1))
    return { type: 'heading', ...located, depth, text, explicitId: attribute?.[1] ?? null, column }
  }

  #textLines(content: string, line: number): TextLine[] {
    return content.split('\n').map((text, index) => {
      const source = this.#lines[line - 1 + index] ?? ''
      return { text, line: line + index, column: columnOf(source, text, 1) }
    })
  }

  #code(token: Token, located: Located): CodeBlock {
    const fenced = token.type === 'fence'
    const content = token.content.endsWith('\n') ? token.content.slice(0, -1) : token.content
    const first = fenced ? located.line + 1 : located.line
    const texts = token.content === '' ? [] : content.split('\n')
    const lines = texts.map((text, index) => {
      const source = this.#lines[first - 1 + index] ?? ''
      return { text, line: first + index, column: Math.max(1, source.length - text.length + 1) }
    })
    const closed = !fenced || located.endLine > located.line + texts.length
    return { type: 'code', ...located, info: fenced ? token.info.trim() : null, fenced, closed, lines }
  }

  #list(token: Token, located: Located): ListBlock {
    const items: ListItem[] = []
    while (this.#at < this.#tokens.length) {
      const open = this.#tokens[this.#at]
      this.#at += 1
      if (open === undefined || open.type !== 'list_item_open') break
      const at = this.#located(open)
      const blocks = this.blocks(this.#tokens.length)
      this.#at += 1
      items.push({ ...at, blocks, checked: takeTaskMark(blocks) })
    }
    return { type: 'list', ...located, ordered: token.type === 'ordered_list_open', items }
  }

  #table(located: Located): TableBlock {
    let header: string[] = []
    let inHead = false
    const rows: TableBlock['rows'] = []
    let cells: string[] = []
    while (this.#at < this.#tokens.length) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.type === 'table_close') break
      if (token.type === 'thead_open') inHead = true
      if (token.type === 'thead_close') inHead = false
      if (token.type === 'tr_open') cells = []
      if (token.type === 'inline') cells.push(token.content.trim())
      if (token.type === 'tr_close' && inHead) header = cells
      if (token.type === 'tr_close' && !inHead) rows.push({ cells, line: located.line + 2 + rows.length })
    }
    return { type: 'table', ...located, header, rows }
  }
}

/** `- [ ] text`: takes the mark off the item's first paragraph. */
function takeTaskMark(blocks: Block[]): boolean | null {
  const first = blocks[0]
  if (first?.type !== 'paragraph') return null
  const line = first.lines[0]
  const mark = line === undefined ? null : /^\[([ xX])\](?:\s+|$)/.exec(line.text)
  if (line === undefined || mark === null) return null
  line.text = line.text.slice(mark[0].length)
  line.column += mark[0].length
  return mark[1] !== ' '
}

function columnOf(source: string, text: string, fallback: number): number {
  const at = text === '' ? -1 : source.indexOf(text)
  return at === -1 ? fallback : at + 1
}
