/**
 * A page as a tree for showing it: no HTML, no address that could run something, every block with its line. Whoever
 * draws it can only draw these kinds, so a hostile page has nothing to say but text.
 */
import MarkdownIt from 'markdown-it'
import { githubSlug, UniqueNames } from './slug.ts'

type Token = ReturnType<InstanceType<typeof MarkdownIt>['parse']>[number]

export type DocumentInline =
  | { t: 'text' | 'code'; v: string }
  | { t: 'strong' | 'em' | 'del'; c: DocumentInline[] }
  | { t: 'link'; href: string; c: DocumentInline[] }
  | { t: 'image'; src: string; alt: string }
  | { t: 'break' }

export interface DocumentItem {
  line: number
  /** `null`: not a task. */
  checked: boolean | null
  c: DocumentBlock[]
}

export type DocumentBlock =
  | { t: 'heading'; level: number; id: string; line: number; c: DocumentInline[] }
  | { t: 'paragraph'; line: number; c: DocumentInline[] }
  | { t: 'code'; line: number; language: string; text: string }
  | { t: 'list'; line: number; ordered: boolean; start: number; items: DocumentItem[] }
  | { t: 'quote'; line: number; c: DocumentBlock[] }
  | { t: 'table'; line: number; head: DocumentInline[][]; rows: DocumentInline[][][] }
  | { t: 'rule'; line: number }

const MAX_CELLS = 200
const MAX_DEPTH = 30

/** Never throws, whatever the text. Front matter is left out; its lines count. */
export function readDocument(markdown: string): DocumentBlock[] {
  const text = markdown.replace(/^﻿/, '')
  const front = /^---\r?\n[\s\S]*?\r?\n---[ \t]*(?:\r?\n|$)/.exec(text)?.[0] ?? ''
  const offset = front.split('\n').length - 1
  const body = text.slice(front.length)
  const parser = new MarkdownIt('default', { html: false, linkify: false, maxNesting: MAX_DEPTH })
  // a row of very many cells would be an attack on memory
  if (body.split('\n').some((line) => line.length > MAX_CELLS && line.split('|').length > MAX_CELLS))
    parser.block.ruler.disable('table')
  return new DocumentReader(parser.parse(body, {}), offset).blocks()
}

class DocumentReader {
  readonly #tokens: Token[]
  readonly #offset: number
  readonly #names = new UniqueNames()
  #at = 0

  constructor(tokens: Token[], offset: number) {
    this.#tokens = tokens
    this.#offset = offset
  }

  /** Blocks until the container that is being read ends, its closing token included. */
  blocks(): DocumentBlock[] {
    const out: DocumentBlock[] = []
    for (;;) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.nesting === -1) return out
      const block = this.#block(token)
      if (block !== null) out.push(block)
    }
  }

  #block(token: Token): DocumentBlock | null {
    const line = this.#line(token)
    switch (token.type) {
      case 'heading_open':
        return this.#heading(token, line)
      case 'paragraph_open':
        return { t: 'paragraph', line, c: this.#inline() }
      case 'inline':
        return { t: 'paragraph', line, c: inlines(token.children ?? []) }
      case 'fence':
      case 'code_block':
        return {
          t: 'code',
          line: token.type === 'fence' ? line + 1 : line,
          language: token.info.trim().split(/\s+/)[0]?.slice(0, 40) ?? '',
          text: token.content.replace(/\n$/, ''),
        }
      case 'bullet_list_open':
      case 'ordered_list_open':
        return this.#list(token, line)
      case 'blockquote_open':
        return { t: 'quote', line, c: this.blocks() }
      case 'table_open':
        return this.#table(line)
      case 'hr':
        return { t: 'rule', line }
      default:
        return null
    }
  }

  #line(token: Token): number {
    return (token.map?.[0] ?? 0) + this.#offset + 1
  }

  #inline(): DocumentInline[] {
    const out: DocumentInline[] = []
    for (;;) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.nesting === -1) return out
      if (token.type === 'inline') out.push(...inlines(token.children ?? []))
    }
  }

  #heading(token: Token, line: number): DocumentBlock {
    const c = this.#inline()
    const last = c.at(-1)
    let explicit: string | null = null
    if (last?.t === 'text') {
      const attribute = /\s*\{\s*#([^\s{}]+)[^{}]*\}\s*$/.exec(last.v)
      if (attribute !== null) {
        explicit = attribute[1] ?? null
        last.v = last.v.slice(0, attribute.index)
      }
    }
    const id = explicit ?? this.#names.take(githubSlug(textOf(c)))
    return { t: 'heading', level: Number(token.tag.slice(1)), id: id.slice(0, 200), line, c }
  }

  #list(token: Token, line: number): DocumentBlock {
    const items: DocumentItem[] = []
    for (;;) {
      const open = this.#tokens[this.#at]
      this.#at += 1
      if (open === undefined || open.type !== 'list_item_open') break
      const c = this.blocks()
      items.push({ line: this.#line(open), checked: takeMark(c), c })
    }
    const start = Number(token.attrGet('start') ?? 1)
    return { t: 'list', line, ordered: token.type === 'ordered_list_open', start, items }
  }

  #table(line: number): DocumentBlock {
    let head: DocumentInline[][] = []
    const rows: DocumentInline[][][] = []
    let cells: DocumentInline[][] = []
    for (;;) {
      const token = this.#tokens[this.#at]
      this.#at += 1
      if (token === undefined || token.type === 'table_close') return { t: 'table', line, head, rows }
      if (token.type === 'tr_open') cells = []
      if (token.type === 'inline') cells.push(inlines(token.children ?? []))
      if (token.type === 'thead_close') head = cells
      if (token.type === 'tr_close' && (head.length > 0 || rows.length > 0)) rows.push(cells)
    }
  }
}

function takeMark(blocks: DocumentBlock[]): boolean | null {
  const first = blocks[0]
  const text = first?.t === 'paragraph' ? first.c[0] : undefined
  if (text?.t !== 'text') return null
  const mark = /^\[([ xX])\](?:\s+|$)/.exec(text.v)
  if (mark === null) return null
  text.v = text.v.slice(mark[0].length)
  return mark[1] !== ' '
}

function inlines(tokens: readonly Token[]): DocumentInline[] {
  const root: DocumentInline[] = []
  const open: DocumentInline[][] = [root]
  const nest = (node: DocumentInline & { c: DocumentInline[] }): void => {
    open.at(-1)?.push(node)
    open.push(node.c)
  }
  for (const token of tokens) {
    const here = open.at(-1) ?? root
    switch (token.type) {
      case 'text':
      case 'text_special':
      case 'html_inline':
        addText(here, token.content)
        break
      case 'code_inline':
        here.push({ t: 'code', v: token.content })
        break
      case 'softbreak':
        addText(here, ' ')
        break
      case 'hardbreak':
        here.push({ t: 'break' })
        break
      case 'strong_open':
        nest({ t: 'strong', c: [] })
        break
      case 'em_open':
        nest({ t: 'em', c: [] })
        break
      case 's_open':
        nest({ t: 'del', c: [] })
        break
      case 'link_open':
        nest({ t: 'link', href: safeAddress(String(token.attrGet('href') ?? '')), c: [] })
        break
      case 'image':
        here.push({ t: 'image', src: safeAddress(String(token.attrGet('src') ?? '')), alt: token.content })
        break
      default:
        if (token.nesting === -1 && open.length > 1) open.pop()
        else if (token.content !== '') addText(here, token.content)
    }
  }
  return root
}

function addText(to: DocumentInline[], text: string): void {
  const last = to.at(-1)
  if (last?.t === 'text') last.v += text
  else if (text !== '') to.push({ t: 'text', v: text })
}

/** http, https, mailto and addresses without a scheme; else empty. */
export function safeAddress(address: string): string {
  // control characters and blanks hide a scheme from a reader, not from a browser
  const plain = address.replace(/[\u0000-\u0020\u007f-\u00a0\u200b-\u200f\u2028-\u202f\ufeff]/g, '')
  const scheme = /^([a-z][a-z0-9+.-]*):/i.exec(plain)?.[1]?.toLowerCase()
  if (plain.startsWith('//') || plain.startsWith('\\')) return ''
  return scheme === undefined || ['http', 'https', 'mailto'].includes(scheme) ? plain.slice(0, 2_000) : ''
}

const textOf = (nodes: readonly DocumentInline[]): string =>
  nodes
    .map((node) =>
      'v' in node ? node.v : 'c' in node ? textOf(node.c) : node.t === 'image' ? node.alt : ' ',
    )
    .join('')
