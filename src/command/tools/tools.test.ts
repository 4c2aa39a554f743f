import { describe, expect, test } from 'vitest'
import { parseEffect } from '../effect.ts'
import { CLOUD } from './cloud.ts'
import { CONTAINERS } from './containers.ts'
import { DATABASES } from './databases.ts'
import { DEVELOPMENT } from './development.ts'
import type { ToolFacts } from './facts.ts'
import { FILES } from './files.ts'
import { NETWORK } from './network.ts'
import { SERVICES } from './services.ts'
import { SYSTEM } from './system.ts'
import { TEXT } from './text.ts'

const TABLES = [TEXT, FILES, SYSTEM, NETWORK, CONTAINERS, DATABASES, DEVELOPMENT, CLOUD, SERVICES]

function effectsOf(facts: ToolFacts | string): string[] {
  if (typeof facts === 'string') return [facts]
  const own = [facts.does, facts.bare].filter((effect) => effect !== undefined)
  return [
    ...own,
    ...Object.values(facts.options ?? {}),
    ...Object.values(facts.commands ?? {}).flatMap(effectsOf),
  ]
}

describe('the facts on programs', () => {
  test('no program stands in two places', () => {
    const names = TABLES.flatMap((table) => Object.keys(table).flatMap((key) => key.trim().split(/\s+/)))
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
    expect(names.filter((name) => !/^[\w.+-]+$/.test(name))).toEqual([])
  })

  test('every effect can be read', () => {
    for (const table of TABLES)
      for (const facts of Object.values(table)) for (const effect of effectsOf(facts)) parseEffect(effect)
  })

  test('an effect in another form is refused', () => {
    expect(() => parseEffect('reads: x')).toThrow('no risk')
    expect(() => parseEffect('read forever: x')).toThrow('unknown word')
    expect(parseEffect('change file endless: why: so')).toEqual({
      risk: 'change',
      flags: ['endless'],
      writes: 'file',
      why: 'why: so',
    })
  })
})
