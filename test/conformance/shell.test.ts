import { spawnSync } from 'node:child_process'
import { existsSync, globSync, readFileSync } from 'node:fs'
import path from 'node:path'
import { describe, expect, test } from 'vitest'
import labelled from '../../src/command/data/labelled.json' with { type: 'json' }
import opponent from '../../src/command/data/opponent.json' with { type: 'json' }
import plainReads from '../../src/command/data/plain-reads.json' with { type: 'json' }
import { maskPlaceholders } from '../../src/command/placeholders.ts'
import { parseShell } from '../../src/command/shell/parse.ts'

/** Every command of the sets, and every block of real pages, against bash itself. */
const BASH = '/bin/bash'
const PIECE = 40
const CORPUS = path.resolve('../shared/corpus')
const COMMANDS = [
  ...labelled.filter(([language]) => language === 'bash').map(([, , , command]) => String(command)),
  ...opponent.flatMap(({ change, destructive }) => [...change, ...destructive]),
  ...plainReads,
]

/** Texts of which bash and our parser think differently. What we accept is shown to bash in larger pieces first. */
function disputed(texts: string[]): string[] {
  const ours = Map.groupBy(texts, (text) => parseShell(text).script !== undefined)
  const accepted = ours.get(true) ?? []
  const pieces = Array.from({ length: Math.ceil(accepted.length / PIECE) }, (_, index) =>
    accepted.slice(index * PIECE, (index + 1) * PIECE),
  )
  const doubtful = pieces.filter((piece) => !bashAccepts(piece.join('\n'))).flat()
  return [
    ...doubtful.filter((text) => !bashAccepts(text)),
    ...(ours.get(false) ?? []).filter((text) => bashAccepts(text)),
  ]
}

function bashAccepts(text: string): boolean {
  return spawnSync(BASH, ['-n'], { input: text }).status === 0
}

describe.skipIf(!existsSync(BASH))('the parser agrees with bash', { timeout: 120_000 }, () => {
  test('about what is well formed', () => {
    // Bash reads a heredoc without an end mark with a warning only; here it is refused.
    const texts = COMMANDS.filter(
      (text) => text !== '' && !text.includes('\0') && !/<<-?\s*'?\w+'?$/.test(text),
    )
    expect(disputed(texts)).toEqual([])
  })

  test.skipIf(!existsSync(CORPUS))('about the blocks of real pages', () => {
    const blocks = globSync(`${CORPUS}/**/*.md`).flatMap((file) =>
      [
        ...readFileSync(file, 'utf8')
          .replaceAll('\r', '')
          .matchAll(/^```(?:bash|sh|shell|console)\n([\s\S]*?)^```/gm),
      ].map((match) => maskPlaceholders(match[1] ?? '', 'bash').text),
    )
    expect(disputed(blocks)).toEqual([])
  })
})
