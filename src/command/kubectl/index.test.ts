import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseKubectl } from './index.ts'

/** A command line without quoting; `$` is a word that is not known yet. */
const parse = (line: string) => parseKubectl(line.split(' ').map((word) => (word === '$' ? null : word)))
const problems = (line: string) => parse(line).problems.map((one) => `${one.kind}${one.certain ? '' : '?'}`)

describe('what a command line says', () => {
  test('flags and arguments come in any order, in all of the forms that pflag takes', () => {
    const command = parse(
      'kubectl -n=erlmcp exec -itc app --request-timeout 5s deploy/x --quiet=false -- psql -c 1',
    )
    expect(command.path).toEqual(['exec'])
    expect(command.args).toEqual(['deploy/x'])
    expect(command.afterDash).toEqual(['psql', '-c', '1'])
    expect(command.flags).toEqual([
      { name: 'namespace', value: 'erlmcp', index: 1 },
      { name: 'stdin', value: 'true', index: 3 },
      { name: 'tty', value: 'true', index: 3 },
      { name: 'container', value: 'app', index: 3 },
      { name: 'request-timeout', value: '5s', index: 5 },
      { name: 'quiet', value: 'false', index: 8 },
    ])
    expect(command.problems).toEqual([])
  })

  test('a global flag before the verb keeps its value', () => {
    expect(parse('kubectl --context prod -n get get pods')).toMatchObject({ path: ['get'], args: ['pods'] })
  })

  test('a flag with a value of its own does not take the next word', () => {
    expect(parse('kubectl delete pod --dry-run client x').args).toEqual(['pod', 'client', 'x'])
    expect(parse('kubectl delete pod x --cascade').flags).toContainEqual({
      name: 'cascade',
      value: 'background',
      index: 4,
    })
  })

  test('aliases lead to the command they stand for', () => {
    expect(parse('kubectl config use prod').path).toEqual(['config', 'use-context'])
    expect(parse('kubectl top pods').path).toEqual(['top', 'pod'])
  })

  test('a word that is not known yet is no problem anywhere', () => {
    for (const line of [
      '$',
      'get $',
      '$ pods',
      'exec $ $',
      'delete pod $',
      'scale $',
      'logs $ $ $',
      'get pods -n $ $',
      'exec deploy/x $ -- $',
    ]) {
      expect([line, problems(`kubectl ${line}`)]).toEqual([line, []])
    }
  })
})

describe('what kubectl refuses', () => {
  test.each([
    ['kubectl endpoints erlmcp', ['unknown-command']],
    ['kubectl decribe pod x', ['unknown-command']],
    ['kubectl rollout restrat deploy/x', ['unknown-command']],
    ['kubectl rsh x', ['unknown-command']],
    ['kubectl cnpg status x', ['plugin?']],
    ['kubectl -n x cnpg status', ['unknown-command']],
    ['kubectl top pods -w', ['unknown-flag']],
    ['kubectl get pods --o yaml', ['unknown-flag']],
    ['kubectl get pods -n', ['missing-value']],
    ['kubectl wait pod/x --for=delete --timeout=60', ['bad-value']],
    ['kubectl logs x --since=1d', ['bad-value']],
    ['kubectl get pods -o yml', ['bad-value']],
    ['kubectl delete pod -n erlmcp deployment/erlmcp-tcps', ['type-and-name-mixed']],
    ['kubectl get pod/x svc', ['type-and-name-mixed']],
    ['kubectl get imagepullsecrets', ['unknown-resource']],
    ['kubectl get ds x -A', ['name-with-all-namespaces']],
    ['kubectl describe pod x -l app=y', ['name-with-selector']],
    ['kubectl exec x date', ['exec-without-dash']],
    ['kubectl exec -it x', ['missing-argument']],
    ['kubectl drain x --delete-local-data', ['removed-flag']],
    ['kubectl version --short', ['removed-flag']],
    ['kubectl run x --image=y --generator=run-pod/v1', ['removed-flag']],
    ['kubectl set image deploy/x c=i --record', ['deprecated-flag?']],
    ['kubectl scale deploy x', ['missing-flag']],
    ['kubectl logs', ['missing-argument']],
  ])('%s', (line, kinds) => {
    expect(problems(line)).toEqual(kinds)
  })

  test('the remedy for a pod type with a deployment name does not delete the deployment', () => {
    const [found] = parse('kubectl delete pod -n erlmcp deployment/erlmcp-tcps').problems
    expect(found?.remedy).toContain('rollout restart deployment/erlmcp-tcps')
    expect(found?.argIndex).toBe(5)
  })
})

describe('what kubectl accepts', () => {
  test.each([
    'kubectl set env deployment/erlmcp-tcps -e ERLMCP_MAX_CONNECTIONS=500 -n erlmcp',
    'kubectl top nodes --sort-by=cpu',
    'kubectl exec deployment/x -n erlmcp -- psql -c 1',
    'kubectl logs deployment/x --previous',
    'kubectl logs x container',
    'kubectl patch service x -p {"spec":{"selector":{"a":null}}}',
    'kubectl rollout undo deploy/x --to_revision=2',
    'kubectl get pods,deploy -A -owide',
    'kubectl get deploy/x svc/y',
    'kubectl get certificates.cert-manager.io -A',
    'kubectl get kubevirt -A',
    'kubectl label pods x a=b c-',
    'kubectl taint nodes x k=v:NoSchedule',
    'kubectl set image deploy/x c=registry.local/i:1',
    'kubectl annotate pod x url=http://a/b',
    'kubectl get --raw /readyz',
    'kubectl wait --for=condition=Ready pod -l a=b --timeout=90s',
    'kubectl -it exec x -- sh',
    'kubectl get pods --help',
    'kubectl',
  ])('%s', (line) => {
    expect(problems(line)).toEqual([])
  })
})

test('any words are read without a throw, and every problem points into them', () => {
  const word = fc.oneof(
    fc.constantFrom('get', 'exec', 'rollout', '--', '-', '-n', '--all', 'pods', 'a/b', '-itc', '--x=', '='),
    fc.constant(null),
    fc.string({ maxLength: 8 }),
  )
  fc.assert(
    fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const argv = ['kubectl', ...words]
      for (const { argIndex } of parseKubectl(argv).problems) {
        expect(argIndex).toBeGreaterThanOrEqual(0)
        expect(argIndex).toBeLessThan(argv.length)
      }
    }),
  )
})
