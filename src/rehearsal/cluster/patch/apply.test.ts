import { describe, expect, test } from 'vitest'
import { serverSideApply } from './apply.ts'
import type { ApplyInput } from './apply.ts'

const config = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c' },
  data,
})
const apply = (before: ApplyInput['before'], data: Record<string, string>, manager: string, force = false) =>
  serverSideApply({ before, config: config(data), manager, force })

describe('server-side apply', () => {
  test('a manager sets its fields and takes back those it no longer names', () => {
    const first = apply(null, { a: '1', b: '2' }, 'one')
    expect(apply(first, { a: '1' }, 'one')['data']).toEqual({ a: '1' })
  })

  test('another manager adds fields beside those that are there', () => {
    const first = apply(null, { a: '1' }, 'one')
    expect(apply(first, { b: '2' }, 'two')['data']).toEqual({ a: '1', b: '2' })
  })

  test('another value for a field of another manager is a conflict that names both', () => {
    const first = apply(null, { a: '1' }, 'one')
    expect(() => apply(first, { a: '2' }, 'two')).toThrow(
      'Apply failed with 1 conflict: conflict with "one": .data.a',
    )
  })

  test('force takes the field over, and its first owner no longer takes it away', () => {
    const taken = apply(apply(null, { a: '1' }, 'one'), { a: '2' }, 'two', true)
    expect(taken['data']).toEqual({ a: '2' })
    expect(apply(taken, {}, 'one')['data']).toEqual({ a: '2' })
  })
})
