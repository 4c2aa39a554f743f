import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { lockDataDir } from './owner-lock.ts'

let folder: string
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'erlmcp-lock-'))
})

afterEach(() => {
  rmSync(folder, { recursive: true, force: true })
})

test('a folder has one owner at a time', () => {
  const lock = lockDataDir(folder)
  expect(() => lockDataDir(folder)).toThrow(expect.objectContaining({ code: 'data_locked' }))
  lock.release()
  lockDataDir(folder).release()
  expect(readdirSync(folder)).toEqual([])
})

test.each([
  ['of a process that is gone', '999999999 boot:1 x'],
  ['of a process whose number another one has now', `${process.pid} boot:1 x`],
  ['that a crash left half written', ''],
])('a lock %s counts for nothing', (_what, content) => {
  writeFileSync(path.join(folder, 'owner.lock'), content)
  lockDataDir(folder).release()
  expect(readdirSync(folder)).toEqual([])
})

test('releasing leaves the lock of a later owner alone', () => {
  const lock = lockDataDir(folder)
  const file = path.join(folder, 'owner.lock')
  writeFileSync(file, 'of another')
  lock.release()
  expect(readFileSync(file, 'utf8')).toBe('of another')
})
