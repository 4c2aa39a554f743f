import { hasSequence, PLAIN, plainText, readAnsi } from './ansi.ts'
import type { Segment, Style } from './ansi.ts'

/** A line longer than this is shown as several; one line of megabytes would stop the page. */
const LONGEST = 2_000
const START_KINDS = 64

/** Output as lines, appended in whatever pieces it comes. Ten megabytes are some hundred thousand short strings. */
export class Lines {
  readonly #raw: string[] = []
  /** For each line the index of the style it begins in. */
  readonly #starts: number[] = []
  readonly #styles: Style[] = [PLAIN]
  readonly #known = new Map<string, number>([[JSON.stringify(PLAIN), 0]])
  /** Whether any line has a colour: then each line has to be read in order. */
  #style = 0
  #open = ''
  #longest = 0
  characters = 0

  get count(): number {
    return this.#raw.length + (this.#open === '' ? 0 : 1)
  }

  /** Characters of the longest line. */
  get longest(): number {
    return this.#longest
  }

  append(text: string): void {
    this.characters += text.length
    const parts = `${this.#open}${text}`.split('\n')
    this.#open = parts.pop() ?? ''
    for (const part of parts) this.#add(part)
    while (this.#open.length > LONGEST) {
      this.#add(this.#open.slice(0, LONGEST))
      this.#open = this.#open.slice(LONGEST)
    }
    this.#longest = Math.max(this.#longest, this.#open.length)
  }

  plain(index: number): string {
    return plainText(this.#text(index))
  }

  segments(index: number): Segment[] {
    const start = this.#starts[index] ?? this.#style
    return readAnsi(this.#text(index), this.#styles[start] ?? PLAIN).segments
  }

  /** Length as shown, without reading it closely: for wrapping. */
  columns(index: number): number {
    const text = this.#text(index)
    return hasSequence(text) ? plainText(text).length : text.length
  }

  all(): string {
    return Array.from({ length: this.count }, (_, index) => this.plain(index)).join('\n')
  }

  #text(index: number): string {
    return this.#raw[index] ?? (index === this.#raw.length ? afterReturn(this.#open) : '')
  }

  #add(line: string): void {
    const text = afterReturn(line.endsWith('\r') ? line.slice(0, -1) : line)
    for (let at = 0; at < Math.max(1, text.length); at += LONGEST) {
      const part = text.length > LONGEST ? text.slice(at, at + LONGEST) : text
      this.#raw.push(part)
      this.#starts.push(this.#style)
      this.#longest = Math.max(this.#longest, part.length)
      if (hasSequence(part))
        this.#style = this.#indexOf(readAnsi(part, this.#styles[this.#style] ?? PLAIN).next)
    }
  }

  #indexOf(style: Style): number {
    const key = JSON.stringify(style)
    const known = this.#known.get(key)
    if (known !== undefined) return known
    // hostile output could make up very many
    if (this.#styles.length >= START_KINDS * 16) return 0
    this.#styles.push(style)
    this.#known.set(key, this.#styles.length - 1)
    return this.#styles.length - 1
  }
}

/** A progress line that is written over itself shows its last state. */
function afterReturn(line: string): string {
  const at = line.lastIndexOf('\r')
  return at === -1 ? line : line.slice(at + 1)
}
