import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import * as fc from 'fast-check'
import { beforeAll, describe, expect, test } from 'vitest'
import { AppError } from '../../src/base/error.ts'
import { loadCommandGrammars } from '../../src/command/index.ts'
import { decodePage, MAX_PAGE_BYTES } from '../../src/runbook/decode.ts'
import { toJson } from '../../src/runbook/json.ts'
import type { Runbook, RunbookCommand } from '../../src/runbook/model.ts'
import { allCommands } from '../../src/runbook/phases.ts'
import { readRunbook } from '../../src/runbook/read.ts'
import { renderPlan } from '../../src/runbook/render.ts'

beforeAll(loadCommandGrammars)

const read = (text: string | Uint8Array): Runbook => readRunbook(text, { path: 'runbooks/Page.md' })
const commandsOf = (book: Runbook): RunbookCommand[] =>
  book.procedures.flatMap((procedure) => procedure.phases.flatMap((phase) => allCommands(phase.steps)))

/** What holds for every page: it is read, its plan fits, its ids are unique, and every command is where it says. */
function holds(text: string): void {
  const book = read(text)
  const lines = decodePage(text, 'Page.md').text.split('\n')
  const plan = renderPlan(book)
  expect(plan.split('\n').filter((line) => Array.from(line).length > 100)).toEqual([])
  // eslint-disable-next-line no-control-regex -- control characters are what is looked for
  expect(plan).not.toMatch(/[\0-\x09\x0b-\x1f\x7f-\x9f]/)
  expect(JSON.parse(JSON.stringify(toJson(book)))).toBeTypeOf('object')
  const ids = book.procedures.map((procedure) => procedure.id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const procedure of book.procedures) {
    const steps = procedure.phases.flatMap((phase) => phase.steps)
    const own = steps.flatMap((step) => [step.id, ...(step.alternatives ?? []).map((each) => each.id)])
    expect(new Set(own).size).toBe(own.length)
    expect(own.every((id) => id !== '')).toBe(true)
  }
  for (const command of commandsOf(book)) {
    const origin = command.origin ?? []
    const texts = command.text.split('\n')
    expect(origin.length).toBeGreaterThanOrEqual(texts.length)
    if (text.includes('\t')) continue
    for (const [index, part] of texts.entries()) {
      const at = origin[index]
      const source = (lines[(at?.line ?? 0) - 1] ?? '').slice((at?.column ?? 1) - 1)
      expect(
        source.startsWith(part),
        `${command.line}: ${JSON.stringify(part)} in ${JSON.stringify(source)}`,
      ).toBe(true)
    }
  }
}

const PIECES = [
  '# A', '## B {#b}', '### Diagnosis (0-5 minutes)', '## HighErrorRate', '**Option 1: x (if y)**', '**Severity:** P2',
  '**Alert Trigger:** Error rate > 5% for 1 minute', '**Revert:** `kubectl rollout undo deploy/a`', '- [ ] task', '- item',
  '1. **Step** text', '   ```bash', '```', '```bash', '~~~sql', '    indented', 'kubectl get pods -n a', '$ ls -l', '# 1. one',
  '# Option 2: two', '# comment', 'total 4', "echo 'a", 'cat <<EOF', 'EOF', 'a \\', '> quote', '> ```', '| a | b |', '|---|---|',
  '---', '***', '<details>', '<!-- x', '-->', '<% x %>', '[a](b)', '[a]: b', '`kubectl get pod x`', '``', 'SELECT 1;', '-- c',
  '/pd trigger', '% erl', 'a:b().', '\u00e2\u2020\u2019', '\u{1f6a8}', '', '', '  ', '* a', '  * b', '     1. c', 'title: x', '...',
  '===', '**Trigger:**', '## Contacts', '- **A:** b', '## Communication', '**Channel:** #x', '{', '$(', 'for i in 1; do', 'done',
] // prettier-ignore
const page = fc
  .array(
    fc.oneof(
      { weight: 8, arbitrary: fc.constantFrom(...PIECES) },
      fc.string({ unit: 'binary', maxLength: 12 }),
    ),
    { maxLength: 60 },
  )
  .map((pieces) => pieces.filter((piece) => !piece.includes('\0')).join('\n'))

test('any mixture of Markdown is read, keeps its places, and fits the page', () => {
  fc.assert(fc.property(page, holds), { numRuns: 400 })
})

test('any bytes are read or refused with a code', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
      try {
        renderPlan(read(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(AppError)
      }
    }),
    { numRuns: 300 },
  )
})

const CORPUS = path.resolve('../shared/corpus')
test.skipIf(!existsSync(CORPUS))('the pages of other teams are read and keep their places', () => {
  const files = globSync(`${CORPUS}/**/*.{md,erb}`)
  expect(files.length).toBeGreaterThan(20)
  for (const file of files) holds(readFileSync(file, 'utf8'))
})

const repeat = (text: string, size: number): string => text.repeat(Math.floor(size / text.length))
const MOST = MAX_PAGE_BYTES - 100
const LINES = 10_000

describe('hostile pages', () => {
  test.each([
    ['a million backticks', repeat('`', 1_000_000)],
    ['one endless line', repeat('a', MOST)],
    ['one endless line of words', repeat('word *x ', MOST)],
    ['quotes in quotes', repeat('>', MOST)],
    ['lists in lists on a line', repeat('- ', MOST)],
    ['lists in lists', Array.from({ length: 1000 }, (_, depth) => `${'  '.repeat(depth)}- a`).join('\n')],
    ['comments that never close', repeat('<!-- ', MOST)],
    ['a table of half a million columns', `${repeat('|a', 500_000)}\n${repeat('|-', 500_000)}`],
    [
      'four thousand alerts',
      Array.from({ length: 4000 }, (_, index) => `## Alert${index}High\n\nx\n`).join('\n'),
    ],
    ['ten thousand equal headings', '## High Error\n'.repeat(LINES)],
    ['ten thousand options', '**Option 1: x**\n\n'.repeat(LINES / 2)],
    ['ten thousand labels', '**Severity:** P1\n'.repeat(LINES)],
    ['an unclosed block of commands', `\`\`\`bash\n${'kubectl get pods\n'.repeat(LINES)}`],
    ['many open quotes', Array.from({ length: 500 }, () => "```bash\necho 'a\nls\n```\n").join('\n')],
    ['a trigger of a megabyte', `## a\n**Trigger:** ${repeat('> 5 for ', MOST - 100)}`],
    [
      'front matter that explodes',
      `---\na: &a [x,x,x,x,x,x,x,x,x]\n${Array.from({ length: 9 }, (_, i) => `b${i}: &b${i} [*${i === 0 ? 'a' : `b${i - 1}`},*a]\n`).join('')}---\n`,
    ],
  ])('%s is read', (_name, text) => {
    expect(
      renderPlan(read(text))
        .split('\n')
        .filter((line) => Array.from(line).length > 100),
    ).toEqual([])
  })

  test('a page above the limit is refused with its size', () => {
    expect(() => read('a'.repeat(MAX_PAGE_BYTES + 1))).toThrow(expect.objectContaining({ code: 'too_large' }))
    expect(() => read('\n'.repeat(60_000))).toThrow(expect.objectContaining({ code: 'too_large' }))
  })

  test('a program is refused as no text', () => {
    expect(() => read(readFileSync(process.execPath).subarray(0, 4000))).toThrow(
      expect.objectContaining({ code: 'unsupported' }),
    )
    expect(() => read('a\0b')).toThrow(expect.objectContaining({ code: 'unsupported' }))
  })

  test('an empty page has no procedures, and the plan says so', () => {
    expect(read('').procedures).toEqual([])
    expect(renderPlan(read(''))).toContain('No procedure')
  })
})

describe('odd encodings', () => {
  const PAGE = '## Check {#check}\n\n```bash\nuptime\n```\n'

  test('a byte order mark and Windows line ends change nothing', () => {
    const plain = read(PAGE)
    const windows = read(`\uFEFF${PAGE.replaceAll('\n', '\r\n')}`)
    expect(toJson(windows)).toEqual(toJson(plain))
    expect(read(new Uint8Array(Buffer.from(`\uFEFF${PAGE}`, 'utf16le'))).procedures[0]?.id).toBe('check')
  })

  test('bytes that are not UTF-8 are replaced and noted with their place', () => {
    const bytes = Buffer.concat([Buffer.from('# A\n\nb'), Buffer.from([0xff, 0xfe, 0x41])])
    expect(read(new Uint8Array(bytes)).notes).toMatchObject([{ kind: 'invalid-utf8', line: 3, column: 2 }])
  })

  test('UTF-8 read as Windows-1252 is repaired exactly, whatever the text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (text) => {
        const original = `→ ${text.replace(/[\r\n\0\u2028\u2029]/g, '')}`
        const broken = new TextDecoder('windows-1252').decode(Buffer.from(original, 'utf8'))
        expect(decodePage(broken, 'x.md').text).toBe(original)
      }),
      { numRuns: 300 },
    )
  })

  test('text that only looks a little like it is left alone', () => {
    for (const text of ['CAFÉ» au lait', 'Größe über 5 µs', '«déjà vu»', 'naïve ± 3°', '100 €']) {
      expect(decodePage(text, 'x.md').text).toBe(text)
    }
  })
})
