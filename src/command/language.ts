import { LANGUAGES } from './model.ts'
import type { Language } from './model.ts'
import { checkPromql } from './promql.ts'

const TAGS: Record<string, Language> = {
  bash: 'bash', sh: 'bash', shell: 'bash', zsh: 'bash', ksh: 'bash', console: 'bash', terminal: 'bash', dash: 'bash',
  'shell-session': 'bash', shellsession: 'bash', 'sh-session': 'bash', shellscript: 'bash', command: 'bash', commands: 'bash',
  cmd: 'bash', shel: 'bash', bach: 'bash', '!bash': 'bash', '8sh': 'bash', cli: 'bash', kubectl: 'bash',
  text: 'text', txt: 'text', plaintext: 'text', plain: 'text', markdown: 'text', md: 'text', mermaid: 'text', none: 'text',
  sql: 'sql', psql: 'sql', postgres: 'sql', postgresql: 'sql', pgsql: 'sql', plpgsql: 'sql', promql: 'promql',
  prometheus: 'promql', erlang: 'erlang', erl: 'erlang', elixir: 'erlang', slack: 'slack', powershell: 'powershell',
  ps1: 'powershell', pwsh: 'powershell', python: 'python', py: 'python', ruby: 'ruby', rb: 'ruby', irb: 'ruby',
  javascript: 'javascript', js: 'javascript', typescript: 'javascript', ts: 'javascript', json: 'json', jsonc: 'json',
  yaml: 'yaml', yml: 'yaml', hcl: 'hcl', terraform: 'hcl', tf: 'hcl', log: 'log', logs: 'log', output: 'output',
} // prettier-ignore

/** Tags that are often put on whatever stands in a block. */
const LOOSE: ReadonlySet<Language | null> = new Set<Language | null>(['bash', 'text', 'output', 'log', null])

/** The language a fence's tag names, or `null` when it names none that is known. */
export function languageOfTag(tag: string | null): Language | null {
  const word =
    (tag ?? '')
      .trim()
      .toLowerCase()
      .split(/[\s,{]/)[0] ?? ''
  if (word === '') return null
  return (
    (Object.hasOwn(TAGS, word) ? TAGS[word] : undefined) ??
    LANGUAGES.find((language) => language === word) ??
    null
  )
}

/**
 * What a code block is, by its content first and its tag second: tags are often missing or wrong. A tag of another
 * language than the shell is believed, but for shell lines in a block of SQL.
 */
export function detectLanguage(text: string, tag: string | null): Language {
  const tagged = languageOfTag(tag)
  const sample = text.slice(0, 20_000)
  if (tagged === 'sql') return startsWithProgram(sample) && !isSql(sample) ? 'bash' : 'sql'
  if (!LOOSE.has(tagged) && tagged !== null) return tagged
  const content = languageOfContent(sample)
  if (content !== null) return content
  if (tagged === 'bash') return 'bash'
  if (tagged === 'text' || tagged === 'output' || tagged === 'log') return tagged
  return startsWithProgram(sample) ? 'bash' : 'output'
}

/** A query where no language is named: only what cannot be a shell command. */
export function queryLanguage(text: string): Language {
  const sample = text.slice(0, 20_000)
  if (startsWithProgram(sample)) return 'bash'
  if (isSql(sample)) return 'sql'
  return /[({[]/.test(sample) && isPromql(sample, sample.trim().split('\n')) ? 'promql' : 'bash'
}

/** Each sign is one that a command line does not have. Order: what is most certain first. */
function languageOfContent(text: string): Language | null {
  const lines = text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
  if (lines.length === 0) return null
  if (isJson(text)) return 'json'
  if (
    lines.every(
      (line) =>
        /^\/[a-z][\w-]*(?:\s+[^/\s]|$)/.test(line) &&
        !/^\/(?:usr|bin|sbin|opt|etc|var|home|tmp|srv)\b/.test(line),
    )
  )
    return 'slack'
  if (isErlang(text, lines)) return 'erlang'
  if (isSql(text)) return 'sql'
  if (isPromql(text, lines)) return 'promql'
  if (isYaml(lines)) return 'yaml'
  if (isPowershell(lines)) return 'powershell'
  if (isHcl(text, lines)) return 'hcl'
  if (isPython(lines)) return 'python'
  if (isLog(lines)) return 'log'
  if (isOutput(lines)) return 'output'
  return null
}

const PROGRAMS = `
  kubectl oc k helm docker podman nerdctl crictl psql pg_dump pg_restore pg_isready createdb dropdb curl wget ssh scp rsync sudo git
  aws gcloud az gsutil terraform velero systemctl journalctl service grep egrep zgrep cat tail head less ls cd cp mv rm mkdir chmod
  chown find xargs awk sed sort uniq wc cut tr tee echo printf export source set for while if until case function watch time timeout
  env bash sh nohup ps top htop free df du uptime ping dig nslookup host nc telnet traceroute mtr netstat ss ip iptables lsof strace
  tcpdump jq yq python python3 ruby node npm make go java redis-cli mysql mongo etcdctl consul vault nomad kafka-topics.sh
  rabbitmqctl ceph bundle knife ansible ansible-playbook argocd flux istioctl kubectx kubens stern tar gzip unzip dd mount umount
  fdisk lsblk kill pkill killall apt apt-get yum dnf dpkg rpm crontab openssl gh gds pgbench vacuumdb iostat vmstat sar dmesg date
  sleep test alias unset read pushd popd trap wait exec eval mysqldump promtool amtool virtctl kubeadm minikube nginx vim vi nano
`
  .split(/\s+/)
  .filter((word) => word !== '')
const PROGRAM = new Set(PROGRAMS)

/** Whether the first line that is no comment begins as a command does. */
function startsWithProgram(text: string): boolean {
  const line =
    text
      .split('\n')
      .map((one) => one.trim())
      .find((one) => one !== '' && !one.startsWith('#')) ?? ''
  const words = line
    .replace(/^(?:\$|>)\s+/, '')
    .replace(/^(?:[A-Za-z_]\w*=\S*\s+)+/, '')
    .split(/\s+/)
  const [first = ''] = words
  if (
    /^[A-Za-z_]\w*=/.test(line) ||
    /^(?:\.{0,2}\/)?[\w.-]+\/[\w./-]+$|^\.\//.test(first) ||
    /^[({[]/.test(first)
  )
    return !/^[{[]/.test(first) || first === '[' || first === '[[' || first === '{'
  return (
    PROGRAM.has(first.replace(/^.*\//, '')) || (/^[a-z][\w.-]*$/.test(first) && /\s-{1,2}[a-zA-Z]/.test(line))
  )
}

function isJson(text: string): boolean {
  const trimmed = text.trim()
  if (!/^[{[]/.test(trimmed) || !/[}\]]$/.test(trimmed)) return false
  try {
    const value: unknown = JSON.parse(trimmed)
    return typeof value === 'object'
  } catch {
    return /^\{\s*\n?\s*"[\w@.-]+"\s*:|^\[\s*\{\s*"/.test(trimmed)
  }
}

const ERLANG_CALL =
  /^(?:\d+>\s*)?[a-z][\w@]*:[a-z]\w*\(.*\)?[.,]?$|^[A-Z]\w*\s*=\s*[a-z]\w*:?\w*\(|^\w+\(\)\.$/
function isErlang(text: string, lines: string[]): boolean {
  const code = lines.filter((line) => !line.startsWith('%'))
  if (code.length === 0) return lines.length > 0
  const calls = code.filter((line) => ERLANG_CALL.test(line)).length
  const comments = lines.length - code.length
  return (
    calls > 0 &&
    (calls === code.length || (comments > 0 && calls * 2 >= code.length) || (/^%/m.test(text) && calls > 0))
  )
}

const SQL_START =
  /^(?:select\s+(?:[\w*"'(]|\$)|with\s+(?:recursive\s+)?\w+\s*(?:\([^)]*\)\s*)?as\s|insert\s+into\s|update\s+[\w."]+\s+(?:as\s+\w+\s+)?set\s|delete\s+from\s|(?:create|alter|drop)\s+(?:or\s+replace\s+)?(?:table|index|database|role|user|schema|view|materialized|extension|function|unique|type|sequence|tablespace|publication|subscription|policy|trigger|temp\w*)\b|truncate\s+(?:table\s+)?[a-z_."]+\s*(?:;|,|cascade|restart|$)|vacuum\b(?!db)|analy[sz]e\s+(?:verbose\s+)?[a-z_."]+\s*;|reindex\s+(?:table|index|database|schema|\()|explain\s+(?:\(|analy|verbose|select|delete|update|insert|with)|grant\s+.+\s+(?:on|to)\s|revoke\s+.+\s+from\s|set\s+(?:session|local)?\s*[a-z_.]+\s*(?:=|to)\s.*;|show\s+[a-z_.]+\s*(?:;|$)|begin\s*;|commit\s*;|rollback\s*;|copy\s+(?:\(|[a-z_."]+\s+(?:from|to|\())|call\s+[\w.]+\(|refresh\s+materialized)/i

/** A text whose first statement is SQL, with or without psql's meta-commands before it. */
function isSql(text: string): boolean {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, ' ')
  const lines = code
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('--'))
  const metas = lines.findIndex((line) => !/^\\(?:[a-zA-Z!?]|\\)/.test(line))
  if (metas === -1) return lines.length > 0 && lines.every((line) => /^\\[a-zA-Z]+[+]?(?:\s|$)/.test(line))
  return SQL_START.test(
    lines
      .slice(metas)
      .join(' ')
      .replace(/^\(+\s*/, ''),
  )
}

const PROMQL_SIGN =
  /\b(?:rate|irate|increase|sum|avg|max|min|count|topk|bottomk|histogram_quantile|absent|predict_linear|avg_over_time|max_over_time|min_over_time|sum_over_time|count_over_time|delta|deriv|changes|label_replace|quantile|time|vector|scalar|up)\s*(?:by\s*\([^)]*\)\s*|without\s*\([^)]*\)\s*)?\(|^[a-zA-Z_:][\w:]*\{[^}]*[=~]|^[a-z][a-z0-9]*(?:_[a-z0-9]+)+\s*(?:[<>]=?|[=!]=)\s*[\d.]|^[a-z][a-z0-9]*(?:_[a-z0-9]+)*_(?:total|seconds|bytes|count|sum|bucket|info|ratio)\s*$|^ALERTS\b|^\(+[a-z][a-z0-9]*(?:_[a-z0-9]+){2,}\s*[-+*/]\s*\w|\[\d+[smhdwy]\]/

/** One or several expressions; each has a sign of PromQL and parses. */
function isPromql(text: string, lines: string[]): boolean {
  if (!PROMQL_SIGN.test(lines[0] ?? '') && !lines.some((line) => /\[\d+[smhdwy](?::\w*)?\]/.test(line)))
    return false
  if (/^(?:time|count|up|min|max)\s+[\w./-]/.test(lines[0] ?? '')) return false
  const code = text
    .replace(/^[ \t]*#.*$/gm, '')
    .replace(/<[\w -]+>/g, 'x')
    .trim()
  if (checkPromql(code) === null) return !/^[\w-]+$/.test(code) || code.includes('_')
  const parts = code
    .split(/\n\s*\n|\n(?=\S)/)
    .map((part) => part.trim())
    .filter((part) => part !== '')
  return (
    parts.length > 1 &&
    parts.every((part) => checkPromql(part) === null) &&
    parts.some((part) => /[{([]/.test(part))
  )
}

function isYaml(lines: string[]): boolean {
  if (lines[0] === '---' || /^apiVersion:\s*\S/.test(lines[0] ?? '')) return true
  const keys = lines.filter(
    (line) => /^(?:- )?(?:"[^"]+"|[A-Za-z_][\w./-]*):(?:\s|$)/.test(line) || /^- \S/.test(line),
  ).length
  return (
    lines.length > 1 && keys / lines.length > 0.8 && !lines.some((line) => /^[a-z]+\s+-{1,2}\w/.test(line))
  )
}

function isPowershell(lines: string[]): boolean {
  return lines.some((line) =>
    /^(?:PS [A-Z]:|\$\w+\s*=\s*(?:Get|New|Import)-|(?:Get|Set|New|Remove|Start|Stop|Restart|Invoke|Test|Import|Connect)-[A-Z]\w+\b)/.test(
      line,
    ),
  )
}

function isHcl(text: string, lines: string[]): boolean {
  return (
    /^(?:resource|data|module|provider|variable|output|terraform|locals)\s+(?:"[^"]+"\s*){0,2}\{$/.test(
      lines[0] ?? '',
    ) && text.includes('=')
  )
}

function isPython(lines: string[]): boolean {
  return (
    lines.some((line) =>
      /^(?:>>> |from [\w.]+ import \w|import [a-z_]+$|def \w+\(.*\):$|class \w+.*:$|print\(.*\)$)/.test(line),
    ) && !startsWithProgram(lines.join('\n').replace(/^import .*/m, ''))
  )
}

const LOG_LINE =
  /^(?:\[?\d{4}[-/]\d\d[-/]\d\d[T ]\d\d:\d\d|(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\s+\d+\s+\d\d:\d\d:\d\d|[IWEF]\d{4}\s+\d\d:\d\d:\d\d|time="|ts=\d|level=\w+|\d{1,3}(?:\.\d{1,3}){3}\s+\S+\s+\S+\s+\[|\[?(?:ERROR|WARN(?:ING)?|INFO|DEBUG|FATAL|CRITICAL)\]?[\s:]|(?:Error|Exception|Traceback|Caused by|panic|fatal error|Warning)\b.*:|at [\w$.]+\()/

function isLog(lines: string[]): boolean {
  const matching = lines.filter((line) => LOG_LINE.test(line)).length
  return matching > 0 && matching * 2 >= lines.length
}

/** Tables as kubectl and psql print them, and listings. */
function isOutput(lines: string[]): boolean {
  const [first = ''] = lines
  if (startsWithProgram(first)) return false
  if (/^(?:[A-Z][A-Z0-9_()/%-]*(?:\s{2,}|$)){2,}/.test(first)) return true
  if (lines.some((line) => /^[-+|=]{4,}$/.test(line)) && lines.some((line) => /\|/.test(line))) return true
  if (lines.some((line) => /^\(\d+ rows?\)$/.test(line))) return true
  return lines.length > 1 && lines.every((line) => /^[\w./-]+(?:\s{2,}\S+){2,}/.test(line))
}
