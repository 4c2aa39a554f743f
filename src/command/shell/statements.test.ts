import { describe, expect, test } from 'vitest'
import { splitStatements } from './statements.ts'

const texts = (block: string): string[] => splitStatements(block).map((statement) => statement.text)

describe('splitting a shell block into its commands', () => {
  test('pipelines, && lists, loops and functions stay whole', () => {
    expect(texts('a | b\nc && d\nfor x in 1 2; do\n  echo $x\ndone\nf() { g; }\n')).toEqual([
      'a | b',
      'c && d',
      'for x in 1 2; do\n  echo $x\ndone',
      'f() { g; }',
    ])
  })

  test('a continued line stays one command', () => {
    expect(texts('kubectl get pods \\\n  -n erlmcp\nls')).toEqual(['kubectl get pods \\\n  -n erlmcp', 'ls'])
  })

  test('a heredoc keeps its body and the pipeline behind it', () => {
    expect(texts('cat <<EOF | psql\nSELECT 1;\nEOF\nls')).toEqual(['cat <<EOF | psql\nSELECT 1;\nEOF', 'ls'])
  })

  test('the comment directly above a command is its comment, one further up is not', () => {
    const block = '# 1. Overview\n\n# Look at the pods\n# in the namespace\nkubectl get pods\nls # trailing\n'
    expect(splitStatements(block).map((statement) => statement.comment)).toEqual([
      'Look at the pods\nin the namespace',
      null,
    ])
  })

  test('placeholders in angle brackets do not turn into redirections', () => {
    expect(texts('kubectl -n <namespace> get pod <pod name>\nls')).toEqual([
      'kubectl -n <namespace> get pod <pod name>',
      'ls',
    ])
  })

  test('positions point into the block', () => {
    const block = '  ls\n# x\n  pwd\n'
    for (const statement of splitStatements(block)) {
      expect(block.slice(statement.start, statement.end)).toBe(statement.text)
    }
  })

  test('a block that does not parse as a whole is split at lines that parse, else kept whole', () => {
    expect(texts('ls)\npwd')).toEqual(['ls)\npwd'])
    expect(texts('')).toEqual([])
  })
})
