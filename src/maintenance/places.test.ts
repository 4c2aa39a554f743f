import { expect, test } from 'vitest'
import { placesOf } from './places.ts'

const part = (service: string, namespace: string) => ({ service, context: null, namespace })

test('the policy is asked about every service of a window, where it runs, not about the first alone', () => {
  expect(
    placesOf(undefined, ['shop', 'till', 'host'], [part('shop', 'shop'), part('till', 'payments')]),
  ).toEqual([
    { labels: { service: 'shop' }, target: { kind: 'kubernetes', context: '', namespace: 'shop' } },
    { labels: { service: 'till' }, target: { kind: 'kubernetes', context: '', namespace: 'payments' } },
    { labels: { service: 'host' } },
  ])
})
