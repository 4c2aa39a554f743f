import { expect, test } from 'vitest'
import type { NetworkPolicySpec } from 'kubernetes-types/networking/v1.js'
import { Store } from '../store.ts'
import { letsIn } from './policies.ts'

function world(...specs: NetworkPolicySpec[]): Store {
  const store = new Store(() => new Date(0))
  store.create('pods', {
    metadata: { name: 'web', namespace: 'shop', labels: { app: 'web' } },
    spec: { containers: [{ name: 'web', ports: [{ name: 'http', containerPort: 8080 }] }] },
    status: { podIP: '127.0.0.9' },
  })
  for (const [index, spec] of specs.entries())
    store.create('networkpolicies.networking.k8s.io', {
      metadata: { name: `p${index}`, namespace: 'shop' },
      spec,
    })
  return store
}

const web = { matchLabels: { app: 'web' } }

test.each<[string, NetworkPolicySpec[], boolean]>([
  ['no policy lets everybody in', [], true],
  ['a policy for other pods does not matter', [{ podSelector: { matchLabels: { app: 'db' } } }], true],
  ['a policy without rules lets nobody in', [{ podSelector: {} }], false],
  ['a policy on what leaves does not matter', [{ podSelector: {}, policyTypes: ['Egress'] }], true],
  ['the right port', [{ podSelector: web, ingress: [{ ports: [{ port: 8080 }] }] }], true],
  ['the right port by its name', [{ podSelector: web, ingress: [{ ports: [{ port: 'http' }] }] }], true],
  ['a range of ports', [{ podSelector: web, ingress: [{ ports: [{ port: 8000, endPort: 8999 }] }] }], true],
  ['another port', [{ podSelector: web, ingress: [{ ports: [{ port: 9090 }] }] }], false],
  [
    'another protocol',
    [{ podSelector: web, ingress: [{ ports: [{ port: 8080, protocol: 'UDP' }] }] }],
    false,
  ],
  [
    'one policy that allows is enough',
    [{ podSelector: {} }, { podSelector: web, ingress: [{ ports: [{ port: 8080 }] }] }],
    true,
  ],
])('%s', (_title, specs, expected) => {
  expect(letsIn(world(...specs), '127.0.0.9', 8080)).toBe(expected)
})
