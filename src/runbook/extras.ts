/** What a page holds beside procedures: severity table, contacts, links, templates, declared inputs. */
import { append } from './append.ts'
import { z } from 'zod'
import { scalarText } from './front-matter.ts'
import type { FrontMatter } from './front-matter.ts'
import { labelOf, linksOf, plainText } from './inline.ts'
import { LABEL_KEYS, sectionLabels } from './labels.ts'
import type { Block, ListBlock, TableBlock } from './markdown.ts'
import { INPUT_TYPES } from './model.ts'
import type { CommunicationTemplate, InputDeclaration, ReadNote, Runbook, SeverityRule } from './model.ts'
import { sectionsOf } from './outline.ts'
import type { Section } from './outline.ts'
import type { Page } from './page.ts'
import { severityPolicy } from './severity.ts'
import { idSlug, UniqueNames } from './slug.ts'
import { SECTION_WORDS, unnumbered } from './vocabulary.ts'

export interface Extras {
  severityPolicy: SeverityRule[]
  contacts: Runbook['contacts']
  links: Runbook['links']
  templates: CommunicationTemplate[]
  /** The sections that hold templates, with them. */
  templateSections: Map<Section, CommunicationTemplate[]>
  /** Blocks and sections that hold nothing else: no procedures, no phases. */
  used: Set<Block | Section>
}

export function readExtras(root: Section, page: Page): Extras {
  const out: Extras = {
    severityPolicy: [], contacts: [], links: [], templates: [], templateSections: new Map(), used: new Set(),
  } // prettier-ignore
  const ids = new UniqueNames()
  for (const section of sectionsOf(root)) {
    const title = unnumbered(section.title)
    if (SECTION_WORDS.contents.test(title) || isContents(section, page)) out.used.add(section)
    readTables(section, title, out)
    if (SECTION_WORDS.contacts.test(title)) readContacts(section, page, out)
    else if (SECTION_WORDS.links.test(title)) readLinks(section, page, out)
  }
  for (const section of root.children) readTemplates(section, false, out, ids, page)
  return out
}

/** Nothing but links into the page itself. */
function isContents(section: Section, page: Page): boolean {
  const blocks = section.blocks.filter((block) => block.type !== 'rule')
  if (blocks.length === 0 || section.children.length > 0 || !blocks.every((block) => block.type === 'list'))
    return false
  return blocks.every((block) => {
    const links = linksOf(page.source(block))
    return links.length >= 2 && links.every((link) => link.url.startsWith('#'))
  })
}

function readTables(section: Section, title: string, out: Extras): void {
  for (const block of section.blocks) {
    if (block.type !== 'table') continue
    const policy = out.severityPolicy.length === 0 ? severityPolicy(block) : null
    if (policy !== null) {
      out.severityPolicy = policy
      out.used.add(block)
      if (section.blocks.length === 1 && section.children.length === 0) out.used.add(section)
    } else if (SECTION_WORDS.contacts.test(title)) {
      append(out.contacts, tableContacts(block))
      out.used.add(block)
    }
  }
}

function tableContacts(table: TableBlock): Runbook['contacts'] {
  return table.rows.flatMap((row) => {
    const [name, ...rest] = row.cells.map(plainText)
    const contact = rest.filter((cell) => cell !== '').join(', ')
    return name === undefined || name === '' || contact === '' ? [] : [{ name, contact, line: row.line }]
  })
}

/** `- **Name:** contact`, `- Name: contact`, `- [Name](mailto:…)`. */
function readContacts(section: Section, page: Page, out: Extras): void {
  let all = section.children.length === 0
  for (const block of section.blocks) {
    const found = block.type === 'list' ? pairs(block, page) : []
    append(
      out.contacts,
      found.map(({ name, value, line }) => ({ name, contact: value, line })),
    )
    if (found.length > 0) out.used.add(block)
    all &&= found.length > 0 || out.used.has(block) || block.type === 'rule'
  }
  if (all && section.blocks.length > 0) out.used.add(section)
}

function readLinks(section: Section, page: Page, out: Extras): void {
  let all = section.children.length === 0
  for (const block of section.blocks) {
    const before = out.links.length
    if (block.type === 'list') {
      for (const item of block.items) {
        const text = item.blocks
          .map((each) => page.source(each))
          .join(' ')
          .replace(/^[-*+]\s+/, '')
        const label = labelOf(text)?.key ?? /^([^:[\]]{1,60}):\s+(?=https?:)/.exec(text)?.[1]
        for (const link of linksOf(text)) {
          out.links.push({
            name: link.name === link.url ? (label ?? link.url) : link.name,
            url: link.url,
            line: item.line,
          })
        }
      }
    } else if (block.type === 'paragraph' || block.type === 'table') {
      append(
        out.links,
        linksOf(page.source(block)).map((link) => ({ ...link, line: block.line })),
      )
    }
    if (out.links.length > before) out.used.add(block)
    all &&= out.links.length > before || block.type === 'rule' || block.type === 'paragraph'
  }
  if (all && section.blocks.length > 0) out.used.add(section)
}

function pairs(list: ListBlock, page: Page): { name: string; value: string; line: number }[] {
  return list.items.flatMap((item) => {
    const text = item.blocks
      .map((block) => page.source(block))
      .join(' ')
      .replace(/^[-*+]\s+/, '')
      .replace(/\s+/g, ' ')
    const label = labelOf(text)
    if (label !== null)
      return label.value === '' ? [] : [{ name: label.key, value: plainText(label.value), line: item.line }]
    const plain = /^([^:]{1,60}?)\s*(?::|–|—| - )\s*(\S.*)$/.exec(text)
    if (plain !== null && !/^https?$/.test(plain[1] ?? '')) {
      return [{ name: plainText(plain[1] ?? ''), value: plainText(plain[2] ?? ''), line: item.line }]
    }
    const link = linksOf(text)[0]
    return link === undefined ? [] : [{ name: link.name, value: link.url, line: item.line }]
  })
}

const MESSAGE_TAGS = /^(?:|text|txt|plain|plaintext|markdown|md|message|slack|email)$/i

/** Below a heading about communication or templates, a text block under its own heading is a template. */
function readTemplates(section: Section, inside: boolean, out: Extras, ids: UniqueNames, page: Page): void {
  const title = unnumbered(section.title)
  const here = inside || SECTION_WORDS.templates.test(title)
  if (here) {
    const channel = sectionLabels(section, page).labels.find((label) => LABEL_KEYS.channel.test(label.key))
    for (const block of section.blocks) {
      if (block.type !== 'code' || !MESSAGE_TAGS.test(block.info ?? '') || block.lines.length === 0) continue
      const body = block.lines.map((line) => line.text).join('\n')
      const template: CommunicationTemplate = {
        id: ids.take(idSlug(title)), title, channel: channel === undefined ? null : plainText(channel.value), body,
        fields: templateFields(body), line: block.line,
      } // prettier-ignore
      out.templates.push(template)
      out.templateSections.set(section, [...(out.templateSections.get(section) ?? []), template])
      out.used.add(block)
    }
  }
  for (const child of section.children) readTemplates(child, here, out, ids, page)
}

const FIELDS = [
  /@?\{\{?\s*[\w.-]{1,64}\s*\}?\}/g, /@?\[[A-Z][\w -]{0,63}\](?!\()/g, /<[A-Za-z][\w -]{0,63}>/g, /\b(?:[A-Z][A-Z0-9]*_)+[A-Z0-9]+\b/g,
  /\bv\d+\.\d+(?:\.\d+)?\b/g, /\b\d{1,2}:\d\d(?::\d\d)?(?: ?UTC| ?[AP]M)?/g, /\b\d+(?:\.\d+)?\s?%/g,
  /\b\d+ (?:minutes?|hours?|mins?)\b/g, /\b\d{1,3}(?:,\d{3})+\b/g, /\.\.\.(?=\s*$)/gm,
] // prettier-ignore

/** Placeholders, and sample values that pass for real ones: times, versions, percentages, durations. */
function templateFields(body: string): string[] {
  const found = FIELDS.flatMap((pattern) =>
    [...body.matchAll(pattern)].map((match) => ({ at: match.index, text: match[0] })),
  )
  return [...new Set(found.sort((a, b) => a.at - b.at).map((each) => each.text))]
}

const scalar = z.union([z.string().max(2000), z.number(), z.boolean(), z.null()])
const inputSchema = z.looseObject({
  type: z.enum([...INPUT_TYPES, 'int', 'bool', 'enum', 'text', 'float']).optional(),
  description: z.string().max(2000).optional(),
  default: scalar.optional(),
  choices: z.array(scalar).max(200).optional(),
  options: z.array(scalar).max(200).optional(),
  enum: z.array(scalar).max(200).optional(),
  pattern: z.string().max(500).optional(),
  required: z.boolean().optional(),
  name: z.string().max(100).optional(),
})

/** `inputs:` of the front matter: a mapping of names, or a list of objects with `name`. */
export function frontMatterInputs(front: FrontMatter, notes: ReadNote[]): InputDeclaration[] {
  const inputs = front.values['inputs'] ?? front.values['parameters']
  if (inputs === undefined || inputs === null) return []
  const line = front.lineOf['inputs'] ?? front.lineOf['parameters'] ?? 1
  const named: [string, unknown][] = Array.isArray(inputs)
    ? inputs.map((each: unknown) => [nameIn(each), each])
    : typeof inputs === 'object'
      ? Object.entries(inputs)
      : []
  const out: InputDeclaration[] = []
  for (const [name, value] of named.slice(0, 100)) {
    const parsed = inputSchema.safeParse(
      typeof value === 'object' && value !== null ? value : { default: value ?? undefined },
    )
    if (!parsed.success || !/^[A-Za-z_][\w-]{0,63}$/.test(name)) {
      const why = parsed.success
        ? 'its name is not a word'
        : (parsed.error.issues[0]?.message ?? 'not understood')
      notes.push({ kind: 'inputs', message: `Input "${name}" is ignored: ${why}`, line, column: 1 })
      continue
    }
    out.push(declaration(name, parsed.data, line))
  }
  return out
}

function nameIn(value: unknown): string {
  if (typeof value === 'string') return value
  return typeof value === 'object' && value !== null && 'name' in value ? String(value.name) : ''
}

function declaration(name: string, data: z.infer<typeof inputSchema>, line: number): InputDeclaration {
  const choices = (data.choices ?? data.options ?? data.enum ?? []).flatMap((each) => scalarText(each) ?? [])
  const given = scalarText(data.default)
  return {
    name,
    type: inputType(data.type, choices),
    description: data.description ?? null,
    default: given,
    choices,
    pattern: data.pattern ?? null,
    required: data.required ?? given === null,
    line,
  }
}

function inputType(type: string | undefined, choices: string[]): InputDeclaration['type'] {
  const alias: Record<string, InputDeclaration['type']> = {
    int: 'integer',
    bool: 'boolean',
    enum: 'choice',
    text: 'string',
    float: 'number',
  }
  const named = INPUT_TYPES.find((each) => each === type) ?? alias[type ?? '']
  return named ?? (choices.length > 0 ? 'choice' : 'string')
}

/** A table under a heading "Inputs": name, type, default, choices, description. */
export function tableInputs(section: Section): { inputs: InputDeclaration[]; used: Section[] } {
  const inputs: InputDeclaration[] = []
  const used: Section[] = []
  for (const child of section.children) {
    if (!SECTION_WORDS.inputs.test(unnumbered(child.title))) continue
    for (const block of child.blocks) {
      if (block.type !== 'table') continue
      append(
        inputs,
        block.rows.flatMap((row) => rowInput(block, row)),
      )
      used.push(child)
    }
  }
  return { inputs, used }
}

function rowInput(table: TableBlock, row: TableBlock['rows'][number]): InputDeclaration[] {
  const cell = (words: RegExp): string => {
    const index = table.header.findIndex((title) => words.test(plainText(title)))
    return index === -1 ? '' : plainText(row.cells[index] ?? '').replace(/^[–—-]$/, '')
  }
  const name = cell(/^(?:name|input|parameter|variable)$/i).replace(/^\$|[<>{}]/g, '')
  if (!/^[A-Za-z_][\w-]{0,63}$/.test(name)) return []
  const choices = cell(/^(?:choices|values|options|allowed.*)$/i)
    .split(/\s*(?:,|\||\/)\s*/)
    .filter((each) => each !== '')
  const given = cell(/^default/i)
  const required = cell(/^required$/i)
  const description = cell(/^(?:description|meaning|what)/i)
  return [{
    name, type: inputType(cell(/^type$/i).toLowerCase(), choices), description: description === '' ? null : description,
    default: given === '' ? null : given, choices, pattern: null,
    required: required === '' ? given === '' : /^(?:y|true|✓|x|required)/i.test(required), line: row.line,
  }] // prettier-ignore
}
