import { beforeAll, describe, expect, test } from 'vitest'
import { analyseCommand, loadCommandGrammars } from './analyse.ts'
import type { Language } from './model.ts'
import { assignedVariables } from './shell/inputs.ts'

beforeAll(loadCommandGrammars)

const inputs = (text: string, language: Language = 'bash'): string[] =>
  analyseCommand(text, { language }).inputs.map((input) => `${input.name} ${input.form} ${input.text}`)

const FOUND: [string, string[]][] = [
  [
    'kubectl describe pod <pod-name> -n <namespace>',
    ['POD_NAME angle <pod-name>', 'NAMESPACE angle <namespace>'],
  ],
  ['curl http://<host>:<port>/health', ['HOST angle <host>', 'PORT angle <port>']],
  ['kubectl logs <Your pod name>', ['YOUR_POD_NAME angle <Your pod name>']],
  ['ssh user@<host> "uptime"', ['HOST angle <host>']],
  ['echo "<message>" > /dev/null', ['MESSAGE angle <message>']],
  ['kubectl scale deploy/x --replicas=<N>', ['N angle <N>']],
  ['kubectl describe pod POD_NAME -n NAMESPACE', ['POD_NAME upper POD_NAME', 'NAMESPACE upper NAMESPACE']],
  ['kubectl exec svc/SUBSCRIBER-CLUSTER -- ls', ['SUBSCRIBER_CLUSTER upper SUBSCRIBER-CLUSTER']],
  ['gsutil ls gs://BUCKET_NAME/backups', ['BUCKET_NAME upper BUCKET_NAME']],
  ['docker node promote NODE_ID', ['NODE_ID upper NODE_ID']],
  ['curl http://x/{pod-name}/health', ['POD_NAME brace {pod-name}']],
  ['kubectl get pod {pod_name}', ['POD_NAME brace {pod_name}']],
  ['kubectl get pod [pod-name]', ['POD_NAME square [pod-name]']],
  ['echo @{name}', ['NAME at-brace @{name}']],
  ['velero backup describe erlmcp-backup-XXX', ['ERLMCP_BACKUP_XXX xxx XXX']],
  ['kubectl logs web-xxxxx-yyyyy', ['WEB_XXXXX_YYYYY xxx xxxxx']],
  ['kubectl get pods -n your-namespace', ['YOUR_NAMESPACE example your-namespace']],
  ['kubectl get deploy my-app -n example-ns', ['MY_APP example my-app', 'EXAMPLE_NS example example-ns']],
  ['kubectl get pods -n $NAMESPACE', ['NAMESPACE unset-variable $NAMESPACE']],
  ['kubectl logs "${POD}" -n ${NS:?}', ['POD unset-variable ${POD}', 'NS unset-variable ${NS:?}']],
  ['POD=<pod>; kubectl logs $POD', ['POD angle <pod>']],
  ['kubectl get pod <pod> -o yaml; kubectl logs <pod>', ['POD angle <pod>']],
  ['psql -c "SELECT pg_cancel_backend(<pid>)"', ['PID angle <pid>']],
]

/** What looks like a placeholder and is none. */
const NONE = [
  `kubectl get pods -o go-template='{{range .items}}{{.metadata.name}}{{end}}'`,
  `kubectl get pods -o jsonpath='{.items[*].metadata.name}'`,
  `docker ps --format '{{.Names}}'`,
  'sort <in.txt >out.txt',
  'sort <in>out',
  'sort < in > out',
  'cat <in.txt> out.txt',
  'diff <(ls a) <(ls b)',
  'cat <<EOF\n$HOME\nEOF',
  'cat <<< text',
  'NS=x; kubectl get pods -n $NS',
  'for p in a b; do kubectl logs $p; done',
  'while read -r a b; do echo $a $b; done < f',
  'echo $HOME $PATH $? $! $$ $1 $@ ${X:-default} ${#X}',
  "awk '{print $1}' f",
  "awk '{print}' f",
  "awk '/x/{next} {exit}' f",
  'psql -v ON_ERROR_STOP=1 -c "SELECT 1"',
  'kubectl set env deploy/x ERLMCP_DB_POOL_SIZE=50',
  'export BACKUP_NAME=x',
  'printenv DATABASE_NAME',
  'echo {a,b} {1..3}',
  "grep '[e]rlmcp' f; ps aux | grep [n]ginx",
  '[ -f /etc/hosts ] && echo a[0]',
  'mktemp /tmp/x.XXXXXX',
  'git show HEAD@{1} @{upstream}',
  'find . -name x -exec ls {} \\;',
  'xargs -I{} echo {}',
  "curl -w '%{http_code}' http://x",
  'curl -X DELETE http://x',
  'kubectl get pods # in <namespace>, or $NAMESPACE',
  "echo '$NAMESPACE'",
]

describe('placeholders', () => {
  test.each(FOUND)('%s', (text, expected) => {
    expect(inputs(text)).toEqual(expected)
  })

  test.each(NONE)('none in: %s', (text) => {
    expect(inputs(text)).toEqual([])
  })

  test('in SQL and PromQL', () => {
    expect(inputs("SELECT * FROM <table> WHERE name = '<pod name>' AND a < 3 AND b > 2", 'sql')).toEqual([
      'TABLE angle <table>',
      'POD_NAME angle <pod name>',
    ])
    expect(inputs('up{namespace="<namespace>"} > 0', 'promql')).toEqual(['NAMESPACE angle <namespace>'])
  })

  test('the places of an input cover each way it is written', () => {
    const text = 'kubectl logs <pod-name>; kubectl get pod POD_NAME; echo $POD_NAME'
    const [input, ...more] = analyseCommand(text, { language: 'bash' }).inputs
    expect(more).toEqual([])
    expect(input?.places.map(({ start, end }) => text.slice(start, end))).toEqual([
      '<pod-name>',
      'POD_NAME',
      '$POD_NAME',
    ])
  })

  test('later commands know which variables an earlier one has set', () => {
    expect(
      assignedVariables('POD=$(kubectl get pods -o name); export NS=x; read -r A B; for p in a; do :; done'),
    ).toEqual(['A', 'B', 'NS', 'POD', 'p'])
    expect(assignedVariables('kubectl get pods (')).toEqual([])
  })

  test('a placeholder is an argument, but no command and no verb', () => {
    expect(analyseCommand('kubectl get <type> <name>').risk).toBe('read')
    expect(analyseCommand('<command> get pods').risk).toBe('destructive')
    expect(analyseCommand('kubectl <verb> pods').risk).toBe('destructive')
    expect(analyseCommand('kubectl delete pod <name>').risk).toBe('destructive')
    expect(analyseCommand('kubectl -n <namespace> get pod').risk).toBe('read')
    expect(analyseCommand('cat <in.txt> out.txt').risk).toBe('change')
  })
})
