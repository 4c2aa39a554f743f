import { expect, test } from 'vitest'
import { choicesFromReads } from './lookup.ts'

const PODS = `NAME                      READY   STATUS    RESTARTS   AGE
erlmcp-tcps-7d9c6-abcde   1/1     Running   0          3m
erlmcp-tcps-7d9c6-fghij   0/1     Error     4          3m
`

test('a pod can be chosen among those that a step has listed', () => {
  const reads = [{ command: '# look\nkubectl get pods -n erlmcp', output: PODS }]
  expect(choicesFromReads('POD_NAME', reads)).toEqual([
    { value: 'erlmcp-tcps-7d9c6-abcde', from: 'kubectl get pods -n erlmcp' },
    { value: 'erlmcp-tcps-7d9c6-fghij', from: 'kubectl get pods -n erlmcp' },
  ])
})

test.each([
  ['kubectl -n erlmcp get -l app=x po'],
  ['kubectl get --namespace erlmcp pod -o wide'],
  ['kubectl get -A pods'],
])('the kind is found behind options: %s', (command) => {
  expect(choicesFromReads('pod', [{ command, output: PODS }])).toHaveLength(2)
})

test('names of another kind, and inputs that name no kind, get no choices', () => {
  const reads = [{ command: 'kubectl get nodes', output: PODS }]
  expect(choicesFromReads('POD_NAME', reads)).toEqual([])
  expect(choicesFromReads('REASON', [{ command: 'kubectl get pods', output: PODS }])).toEqual([])
})

test('the namespace column is not taken for a name, and what is no name is left out', () => {
  const output = 'NAMESPACE   NAME    READY\nerlmcp      web-1   1/1\nerlmcp      $(id)   1/1\n'
  expect(choicesFromReads('POD', [{ command: 'kubectl get pods -A', output }])).toEqual([
    { value: 'web-1', from: 'kubectl get pods -A' },
  ])
})
