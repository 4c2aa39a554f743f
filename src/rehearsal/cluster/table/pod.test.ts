import { describe, expect, test } from 'vitest'
import type { ContainerState, Pod } from 'kubernetes-types/core/v1.js'
import { humanDuration } from './age.ts'
import { podCells, summarisePod } from './pod.ts'

const finishedAt = '2026-01-02T03:04:00Z'
const now = new Date('2026-01-02T03:04:13Z')
const ended = (exitCode: number, reason: string): ContainerState => ({
  terminated: { exitCode, reason, finishedAt },
})

function pod(state: ContainerState, options: { ready?: boolean; restarts?: number; phase?: string; deleting?: boolean; last?: ContainerState } = {}): Pod {
  const { ready = false, restarts = 0, phase = 'Running', deleting = false, last = {} } = options
  return {
    metadata: { name: 'p', creationTimestamp: finishedAt, ...(deleting ? { deletionTimestamp: finishedAt } : {}) },
    spec: { containers: [{ name: 'c' }] },
    status: {
      phase,
      containerStatuses: [{ name: 'c', image: 'i', imageID: '', ready, restartCount: restarts, state, lastState: last }],
    },
  }
} // prettier-ignore

describe('the status column of a pod', () => {
  test.each([
    ['Running', pod({ running: {} }, { ready: true })],
    ['CrashLoopBackOff', pod({ waiting: { reason: 'CrashLoopBackOff' } }, { restarts: 3 })],
    ['OOMKilled', pod(ended(137, 'OOMKilled'))],
    ['Error', pod(ended(1, 'Error'))],
    ['ErrImagePull', pod({ waiting: { reason: 'ErrImagePull' } }, { phase: 'Pending' })],
    ['Terminating', pod({ running: {} }, { ready: true, deleting: true })],
    ['Completed', pod(ended(0, 'Completed'), { deleting: true, phase: 'Succeeded' })],
    [
      'Pending',
      { metadata: { name: 'p' }, spec: { containers: [{ name: 'c' }] }, status: { phase: 'Pending' } },
    ],
  ] satisfies [string, Pod][])('is %s', (expected, value) => {
    expect(summarisePod(value).status).toBe(expected)
  })

  test('restarts are shown with the time since the last one', () => {
    const restarted = pod({ running: {} }, { ready: true, restarts: 2, last: ended(1, 'Error') })
    expect(podCells(restarted, now).slice(0, 5)).toEqual(['p', '1/1', 'Running', '2 (13s ago)', '13s'])
  })
})

test.each([
  [45, '45s'],
  [119, '119s'],
  [180, '3m'],
  [192, '3m12s'],
  [3_600, '60m'],
  [4 * 3_600 + 600, '4h10m'],
  [50 * 3_600, '2d2h'],
  [30 * 86_400, '30d'],
])('an age of %s seconds is shown as %s', (seconds, text) => {
  expect(humanDuration(seconds * 1_000)).toBe(text)
})
