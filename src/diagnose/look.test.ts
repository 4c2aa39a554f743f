import type { ContainerStatus, Pod } from 'kubernetes-types/core/v1.js'
import { expect, test } from 'vitest'
import { sinceOf } from './look.ts'

const AT = new Date('2026-03-01T03:00:00Z')

const podReady = (status: 'True' | 'False', since: string): Pod => ({
  status: { conditions: [{ type: 'Ready', status, lastTransitionTime: since }] },
})
const started = (at: string): ContainerStatus => ({
  name: 'shop',
  ready: true,
  restartCount: 0,
  image: '',
  imageID: '',
  state: { running: { startedAt: at } },
})

test.each([
  ['what a pod wrote before it became ready is over', podReady('True', '2026-03-01T02:58:10Z'), '2026-03-01T02:58:00Z', '--since-time=2026-03-01T02:58:11.000Z'],
  ['a pod that is not ready is read whole', podReady('False', '2026-03-01T02:58:10Z'), '2026-03-01T02:58:00Z', '--since=10m'],
  ['a pod that was unready in between is read whole', podReady('True', '2026-03-01T02:58:10Z'), '2026-03-01T01:00:00Z', '--since=10m'],
  ['a pod that has been ready for long is read from ten minutes ago', podReady('True', '2026-03-01T01:00:10Z'), '2026-03-01T01:00:00Z', '--since=10m'],
])('%s', (_name, pod, startedAt, since) => {
  expect(sinceOf(pod, started(startedAt), AT)).toBe(since)
}) // prettier-ignore
