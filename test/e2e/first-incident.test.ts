import { existsSync, readFileSync } from 'node:fs'
import { afterAll, describe, expect, test } from 'vitest'
import { nothingLeftOf, processesOf, removePlayFolders, runErlmcp, until } from '../support/play.ts'
import type { Play } from '../support/play.ts'

afterAll(removePlayFolders)

const play = (args: string[], dataDir?: string): Play =>
  runErlmcp(['start', '--example', 'host', ...args], dataDir === undefined ? {} : { dataDir })

// each waits more than it works, for an alert and for a signal that holds, on a folder and ports of its own
describe('the first incident', { concurrent: true }, () => {
  test('the first incident goes from its alert to a proved recovery and a written review, by itself', async () => {
    const started = play(['--auto'])
    expect(await started.ended, started.output()).toBe(0)
    const file = started.output().trim().split('\n').at(-1) ?? ''
    expect(existsSync(file)).toBe(true)
    const review = readFileSync(file, 'utf8')
    expect(review).toContain('# Incident Report: High error rate on orders')
    expect(review).toContain('**passed**')
    expect(review).toContain('approved by rehearsal:example')
    expect(started.output()).toMatch(/error rate < 1\.00 % held for 20 s/)
    expect(processesOf(started.dataDir)).toEqual([])
  })

  test('a person answers y at the terminal, and state stays between starts', async () => {
    const first = play([])
    await until(() => first.output().includes('[y] approve option 1'), first.output)
    // erlmcp is killed while it waits for the person, and started again: the incident is still there
    first.child.kill('SIGKILL')
    await first.ended
    const second = play([], first.dataDir)
    await until(() => second.output().includes('[y] approve option 1'), second.output)
    second.child.stdin?.write('y\n')
    expect(await second.ended, second.output()).toBe(0)
    expect(second.output()).toContain('INC-1 is resolved')
    expect(second.output().trim().split('\n').at(-1)).toMatch(/INC-1\.md$/)
    await nothingLeftOf(first.dataDir)
  })

  test('Ctrl-C leaves nothing running', async () => {
    const started = play([])
    await until(() => started.output().includes('[y] approve option 1'), started.output)
    started.child.kill('SIGINT')
    await started.ended
    expect(started.output()).toContain('nothing is left running')
    await nothingLeftOf(started.dataDir)
  })
})
