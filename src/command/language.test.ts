import { describe, expect, test } from 'vitest'
import { detectLanguage, languageOfTag } from './language.ts'
import type { Language } from './model.ts'

const CASES: [Language, string | null, string][] = [
  ['bash', 'bash', 'kubectl get pods -n erlmcp'],
  ['bash', null, 'kubectl get pods -n erlmcp'],
  ['bash', 'console', '# look first\nkubectl get pods | grep x'],
  ['bash', null, 'NAMESPACE=erlmcp\nkubectl get pods -n $NAMESPACE'],
  ['bash', null, 'sudo systemctl status nginx'],
  ['bash', null, './scripts/restart.sh --force'],
  ['bash', null, 'mytool --dry-run all'],
  ['bash', 'sql', 'psql -h postgres -U erlmcp -d erlmcp'],
  ['bash', 'bash', 'time ls\nup x'],
  ['bash', 'bash', 'for p in a b; do\n  kubectl get $p\ndone'],
  ['bash', 'sh', 'show_usage'],
  ['promql', 'bash', 'rate(http_requests_total{code=~"5.."}[5m]) > 0.05'],
  ['promql', null, 'sum by (pod) (rate(container_cpu_usage_seconds_total{namespace="erlmcp"}[5m]))'],
  ['promql', 'console', 'up{job="erlmcp"} == 0'],
  ['promql', 'sh', '# error rate\nsum(rate(errors_total[5m]))\n\nsum(rate(requests_total[5m]))'],
  ['promql', null, 'kube_pod_container_status_restarts_total > 5'],
  ['promql', null, 'histogram_quantile(0.99, sum(rate(x_bucket{namespace="<namespace>"}[5m])) by (le))'],
  ['sql', 'bash', 'SELECT pid, state FROM pg_stat_activity;'],
  ['sql', null, '-- who waits\nSELECT * FROM pg_locks WHERE NOT granted;'],
  ['sql', null, 'WITH x AS (SELECT 1) SELECT * FROM x'],
  ['sql', null, '\\d+ orders\n'],
  ['sql', null, 'VACUUM ANALYZE orders;'],
  ['sql', 'sql', 'anything at all'],
  ['erlang', 'bash', '% In Erlang:\nerlang:memory().\nrecon:proc_count(memory, 10).'],
  ['erlang', null, 'supervisor:which_children(erlmcp_sup).'],
  ['erlang', 'erlang', 'kubectl get pods'],
  ['slack', 'bash', '/pd trigger "Error rate high"'],
  ['bash', 'bash', '/usr/local/bin/restart now'],
  ['json', null, '{"status": "ok", "pods": [1, 2]}'],
  ['json', 'bash', '[\n  {"a": 1}\n]'],
  ['yaml', null, 'apiVersion: v1\nkind: Pod\nmetadata:\n  name: x'],
  ['yaml', 'bash', 'groups:\n  - name: x\n    rules:\n      - alert: Y'],
  ['log', 'bash', '2026-01-27 14:32:00 ERROR connection refused\n2026-01-27 14:32:01 ERROR again'],
  ['log', null, 'level=error msg="x"\nlevel=info msg="y"'],
  ['output', 'bash', 'NAME    READY   STATUS    RESTARTS   AGE\nweb-1   1/1     Running   0          3d'],
  ['output', null, ' pid | state\n-----+-------\n  12 | idle\n(1 row)'],
  ['powershell', 'bash', 'Get-Service -Name erlmcp'],
  ['python', null, 'import os\nprint(os.getcwd())'],
  ['hcl', null, 'resource "aws_instance" "x" {\n  ami = "y"\n}'],
  ['text', 'text', 'Call the database team.'],
  ['bash', 'bash', ''],
  ['output', null, ''],
] // prettier-ignore

describe('the language of a code block', () => {
  test.each(CASES)('%s, tagged %s: %j', (language, tag, text) => {
    expect(detectLanguage(text, tag)).toBe(language)
  })

  test.each([
    ['Bash', 'bash'],
    ['bash title="x"', 'bash'],
    ['8sh', 'bash'],
    ['psql', 'sql'],
    ['', null],
    ['constructor', null],
    ['klingon', null],
  ])('the tag %j names %s', (tag, language) => {
    expect(languageOfTag(tag)).toBe(language)
  })
})
