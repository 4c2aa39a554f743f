import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { openLogFile } from './log-file.ts'

const folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-log-'))
afterAll(() => rmSync(folder, { recursive: true }))
const read = (name: string): string => readFileSync(path.join(folder, name), 'utf8')

test('a file that has grown is put aside, the oldest is dropped, and no line is lost or cut', () => {
  const file = path.join(folder, 'erlmcp.log')
  const log = openLogFile({ file, maxBytes: 30, keep: 2 })
  for (let number = 1; number <= 10; number += 1) log.write(`line number ${number}\n`)
  expect(read('erlmcp.log')).toBe('line number 9\nline number 10\n')
  expect(read('erlmcp.log.1')).toBe('line number 7\nline number 8\n')
  expect(read('erlmcp.log.2')).toBe('line number 5\nline number 6\n')
  expect(existsSync(`${file}.3`)).toBe(false)
  expect(statSync(file).mode & 0o007).toBe(0)
})

test('a file that something else has put aside is opened anew', () => {
  const file = path.join(folder, 'other.log')
  const log = openLogFile({ file, maxBytes: 1_000, keep: 1 })
  log.write('before\n')
  renameSync(file, `${file}.moved`)
  log.reopen()
  log.write('after\n')
  expect([read('other.log.moved'), read('other.log')]).toEqual(['before\n', 'after\n'])
})

test('a line longer than the limit is written whole', () => {
  const file = path.join(folder, 'long.log')
  const log = openLogFile({ file, maxBytes: 10, keep: 1 })
  log.write('a line that is longer than ten\n')
  expect(read('long.log')).toBe('a line that is longer than ten\n')
})
