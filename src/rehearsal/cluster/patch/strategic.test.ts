import { describe, expect, test } from 'vitest'
import { mergePatch, strategicMerge } from './strategic.ts'

const deployment = {
  spec: {
    replicas: 3,
    template: {
      spec: {
        containers: [
          { name: 'web', image: 'web:1', env: [{ name: 'A', value: '1' }, { name: 'B', value: '2' }] },
          { name: 'side', image: 'side:1' },
        ],
      },
    },
  },
} // prettier-ignore

const containers = (value: Record<string, unknown>): unknown => {
  const { spec } = value as typeof deployment
  return spec.template.spec.containers
}

const patchOf = (list: unknown[]) => ({ spec: { template: { spec: { containers: list } } } })

describe('strategic merge', () => {
  test('set image changes the one container and leaves the other and all variables', () => {
    const after = strategicMerge(deployment, {
      spec: { template: { spec: { $setElementOrder: [], containers: [{ name: 'web', image: 'web:2' }] } } },
    })
    expect(containers(after)).toEqual([{ ...deployment.spec.template.spec.containers[0], image: 'web:2' }, { name: 'side', image: 'side:1' }]) // prettier-ignore
  })

  test('set env adds a variable in the order that the patch names', () => {
    const patch = patchOf([
      { name: 'web', env: [{ name: 'C', value: '3' }], '$setElementOrder/env': [{ name: 'C' }, { name: 'A' }, { name: 'B' }] },
    ]) // prettier-ignore
    expect(containers(strategicMerge(deployment, patch))).toMatchObject([
      { env: [{ name: 'C' }, { name: 'A' }, { name: 'B' }] },
      { name: 'side' },
    ])
  })

  test('an item with the directive delete is taken out', () => {
    const patch = patchOf([{ name: 'web', env: [{ name: 'A', $patch: 'delete' }] }])
    expect(containers(strategicMerge(deployment, patch))).toMatchObject([
      { env: [{ name: 'B', value: '2' }] },
      {},
    ])
  })

  test('null removes a key, which is how a drained service is restored', () => {
    const drained = { spec: { selector: { app: 'erlmcp', maintenance: 'true' } } }
    const after = strategicMerge(drained, { spec: { selector: { maintenance: null } } })
    expect(after).toEqual({ spec: { selector: { app: 'erlmcp' } } })
  })

  test('the directive replace takes the patch in place of all that was there', () => {
    const after = strategicMerge({ a: { b: 1, c: 2 } }, { a: { $patch: 'replace', d: 3 } })
    expect(after).toEqual({ a: { d: 3 } })
  })

  test('ports of a service are joined by port, those of a container by containerPort', () => {
    const service = { ports: [{ port: 8080, targetPort: 8080 }] }
    expect(strategicMerge(service, { ports: [{ port: 8080, targetPort: 9 }] })).toEqual({ ports: [{ port: 8080, targetPort: 9 }] }) // prettier-ignore
    const container = { ports: [{ containerPort: 1, name: 'x' }] }
    expect(strategicMerge(container, { ports: [{ containerPort: 2 }] })).toEqual({ ports: [{ containerPort: 1, name: 'x' }, { containerPort: 2 }] }) // prettier-ignore
  })

  test('the inputs stay as they were', () => {
    const before = structuredClone(deployment)
    strategicMerge(
      deployment,
      patchOf([{ name: 'web', image: 'web:9', env: [{ name: 'A', $patch: 'delete' }] }]),
    )
    expect(deployment).toEqual(before)
  })
})

describe('merge patch', () => {
  test('joins objects, replaces lists and removes what is null', () => {
    expect(mergePatch({ a: { b: 1, c: 2 }, d: [1, 2] }, { a: { b: null, e: 3 }, d: [3] })).toEqual({
      a: { c: 2, e: 3 },
      d: [3],
    })
  })
})
