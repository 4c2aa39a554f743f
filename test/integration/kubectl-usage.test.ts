import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { parseKubectl } from '../../src/command/index.ts'

const home = mkdtempSync(path.join(tmpdir(), 'kubectl-usage-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))
/** A cluster that refuses the connection: what gets that far was accepted. */
writeFileSync(
  path.join(home, 'config'),
  'apiVersion: v1\nkind: Config\nclusters: [{name: a, cluster: {server: "http://127.0.0.1:1"}}]\n' +
    'contexts: [{name: a, context: {cluster: a, user: a}}]\nusers: [{name: a, user: {}}]\ncurrent-context: a\n',
)
const kubectl = (args: string[]) =>
  spawnSync('kubectl', args, {
    encoding: 'utf8',
    timeout: 20_000,
    env: { HOME: home, KUBECONFIG: path.join(home, 'config'), PATH: process.env['PATH'] },
  })
const installed = kubectl(['version', '--client']).status === 0

const COMMANDS = [
  'get pods -n x -owide', 'get deploy/x svc/y', 'get po,svc -A -l a=b', 'get pods -n=x --watch=false', 'get --raw /readyz',
  'describe pod x', 'logs x -c y --tail=5 --since=5m', 'logs deploy/x --all-pods', '-n x logs -f x', 'logs',
  'exec -it x -- sh', 'exec x date', 'exec x -c y', '-it exec x -- ls', 'delete pod deployment/x', 'delete pod x --dry-run',
  'delete pod x --grace-period 0 --force', 'scale deploy x --replicas=2', 'scale deploy x', 'scale deploy x --replicas=two',
  'rollout undo deploy/x --to_revision=2', 'rollout status deploy/x --timeout=5m', 'rollout status deploy/x --timeout=5',
  'rollout restrat deploy/x', 'set env deployment/x -e A=b', 'set image deploy/x c=i:1', 'top pods -w', 'top nodes --sort-by=cpu',
  'endpoints x', 'version --client --short', 'drain n --delete-local-data', 'drain n --ignore-daemonsets --delete-emptydir-data',
  'wait pod/x --for=delete --timeout=60s', 'label pods x a=b c-', 'patch svc x -p {}', 'patch svc x', 'run x --image=i -- sh -c ls',
  'run x --image=i --generator=g', 'apply -f x.yaml --server-side', 'annotate pod x a=b --overwrite', 'cordon n', 'get pods --o yaml',
  'config use a', 'config view --minify', 'create secret generic x --from-literal=a=b --dry-run=client -o yaml',
] // prettier-ignore

test.skipIf(!installed)(
  'kubectl refuses what we call an error, and we call nothing an error that it accepts',
  () => {
    const usage =
      /unknown (?:command|flag|shorthand)|flag needs an argument|invalid argument|no need to specify a resource type|not supported anymore|at least one command|required flag|required argument|must specify/
    const judged = COMMANDS.map((line) => {
      const args = line.split(' ')
      const { stderr } = kubectl(args)
      const ours = parseKubectl(['kubectl', ...args]).problems.some((problem) => problem.certain)
      return { line, refused: usage.test(stderr), ours }
    })
    expect(judged.filter(({ refused, ours }) => refused !== ours)).toEqual([])
  },
  120_000,
)
