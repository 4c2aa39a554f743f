import { describe, expect, test } from 'vitest'
import { parseFieldSelector, parseLabelSelector } from './selector.ts'

const labelled = (labels: Record<string, string>) => ({ metadata: { name: 'x', labels } })

describe('selectors', () => {
  test.each([
    ['app=erlmcp', true],
    ['app==erlmcp,tier!=db', true],
    ['app in (erlmcp, other)', true],
    ['app notin (erlmcp)', false],
    ['app,!missing', true],
    ['missing', false],
    ['', true],
  ])('the label selector "%s" matches a pod of the service: %s', (text, expected) => {
    expect(parseLabelSelector(text)(labelled({ app: 'erlmcp', tier: 'web' }))).toBe(expected)
  })

  test('a label selector that cannot be read is refused', () => {
    expect(() => parseLabelSelector('app===x')).toThrow('unable to parse requirement')
  })

  test('field selectors compare by path, also for inequality', () => {
    const pod = { metadata: { name: 'x' }, spec: { nodeName: 'node-1' }, status: { phase: 'Running' } }
    expect(parseFieldSelector('spec.nodeName=node-1,status.phase!=Failed', 'pods')(pod)).toBe(true)
    expect(parseFieldSelector('metadata.name=y', 'pods')(pod)).toBe(false)
  })

  test('a field that the server does not index is refused by name', () => {
    expect(() => parseFieldSelector('spec.nosuch=1', 'pods')).toThrow(
      'field label not supported: spec.nosuch',
    )
  })
})
