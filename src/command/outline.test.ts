import { expect, test } from 'vitest'
import { outlineShell } from './outline.ts'

const seen = (text: string) =>
  outlineShell(text).commands.map((one) =>
    [...one.through, one.words.map((word) => word.text ?? '$').join(' ')].join(' > '),
  )

test('what runs inside another program is seen, with the way to it', () => {
  expect(seen("watch -n 2 'kubectl top pods | grep x'")).toEqual([
    'watch -n 2 kubectl top pods | grep x',
    'watch > kubectl top pods',
    'watch > grep x',
  ])
  expect(seen('kubectl exec -n x <pod> -- sh -c "psql -c 1"')).toEqual([
    'kubectl exec -n x $ -- sh -c psql -c 1',
    'kubectl exec > sh -c psql -c 1',
    'kubectl exec > sh > psql -c 1',
  ])
})

test('a redirection belongs to the command inside as well', () => {
  const commands = outlineShell('kubectl exec x -- psql < dump.sql').commands
  expect(commands.map((one) => one.redirects.map((redirect) => redirect.target))).toEqual([
    ['dump.sql'],
    ['dump.sql'],
  ])
})

test('the place in a pipeline and what follows are known', () => {
  const [first, second] = outlineShell('kubectl logs x | tail -20').commands
  expect([first?.pipeIndex, first?.pipeLength, first?.pipedInto[0]?.[0]?.text]).toEqual([0, 2, 'tail'])
  expect([second?.pipeIndex, second?.pipeLength]).toEqual([1, 2])
})

test('output that a substitution takes is marked, and its words are not known outside', () => {
  expect(seen('kubectl delete $(kubectl get pods -o name)')).toEqual([
    'kubectl delete $',
    'kubectl get pods -o name',
  ])
  expect(outlineShell('a $(b)').commands.map((one) => one.captured)).toEqual([false, true])
})

test('text that is no shell says why', () => {
  expect(outlineShell('recon:top() % x').error).not.toBeNull()
})
