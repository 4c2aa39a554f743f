import { describe, expect, test } from 'vitest'
import { ApiStatusError } from './status.ts'
import { Store } from './store.ts'
import type { Change } from './store.ts'

const now = () => new Date('2026-01-02T03:04:05.678Z')
const pod = (name: string, spec: Record<string, unknown> = {}) => ({
  metadata: { name, namespace: 'erlmcp' },
  spec,
})

function filled(): Store {
  const store = new Store(now)
  store.create('things', pod('b', { replicas: 1 }))
  store.create('things', pod('a'))
  return store
}

describe('the object store', () => {
  test('gives a new object its identity, its time in whole seconds and a resource version', () => {
    const created = filled().get('things', 'erlmcp', 'a')
    expect(created.metadata).toMatchObject({ creationTimestamp: '2026-01-02T03:04:05Z', generation: 1 })
    expect(created.metadata?.uid).toMatch(/^[0-9a-f-]{36}$/)
    expect(Number(created.metadata?.resourceVersion)).toBeGreaterThan(1)
  })

  test('lists in the order of names', () => {
    expect(
      filled()
        .list('things', 'erlmcp')
        .map((item) => item.metadata?.name),
    ).toEqual(['a', 'b'])
  })

  test('refuses a second object of the same name', () => {
    expect(() => filled().create('things', pod('a'))).toThrow('things "a" already exists')
  })

  test('makes a new generation for a change of the spec and none for a change of labels', () => {
    const store = filled()
    store.update('things', 'erlmcp', 'b', (draft) => {
      draft.metadata = { ...draft.metadata, labels: { app: 'x' } }
    })
    expect(store.get('things', 'erlmcp', 'b').metadata?.generation).toBe(1)
    store.update('things', 'erlmcp', 'b', (draft) => {
      draft['spec'] = { replicas: 2 }
    })
    expect(store.get('things', 'erlmcp', 'b').metadata?.generation).toBe(2)
  })

  test('an update that changes nothing is no change: nobody is told', () => {
    const store = filled()
    const seen: Change[] = []
    store.subscribe((change) => seen.push(change))
    const before = store.version
    store.update('things', 'erlmcp', 'a', () => undefined)
    expect([seen.length, store.version]).toEqual([0, before])
  })

  test('an update never changes what was read before', () => {
    const store = filled()
    const read = store.get('things', 'erlmcp', 'b')
    store.update('things', 'erlmcp', 'b', (draft) => {
      draft['spec'] = { replicas: 9 }
    })
    expect(read['spec']).toEqual({ replicas: 1 })
  })

  test('a write that was read from an older version is a conflict', () => {
    const store = filled()
    const old = structuredClone(store.get('things', 'erlmcp', 'b'))
    store.update('things', 'erlmcp', 'b', (draft) => {
      draft['spec'] = { replicas: 2 }
    })
    expect(() => store.replace('things', 'erlmcp', 'b', old)).toThrow('the object has been modified')
  })

  test('tells every change in order, with the object before it', () => {
    const store = new Store(now)
    const seen: string[] = []
    store.subscribe(({ type, before }) =>
      seen.push(`${type} ${before === null ? 'from nothing' : 'from something'}`),
    )
    store.create('things', pod('a'))
    store.update('things', 'erlmcp', 'a', (draft) => {
      draft['spec'] = { x: 1 }
    })
    store.remove('things', 'erlmcp', 'a')
    expect(seen).toEqual(['ADDED from nothing', 'MODIFIED from something', 'DELETED from something'])
  })

  test('a watch that asks for changes from too long ago is told 410 Expired', () => {
    const store = filled()
    for (let round = 0; round < 5_000; round += 1) {
      store.update('things', 'erlmcp', 'a', (draft) => {
        draft['spec'] = { round }
      })
    }
    const reason = (work: () => unknown): unknown => {
      try {
        return work()
      } catch (error) {
        return error instanceof ApiStatusError ? error.reason : error
      }
    }
    expect(reason(() => store.changesSince(3))).toBe('Expired')
    expect(store.changesSince(store.version - 2)).toHaveLength(2)
  })
})
