import type { Argument } from '../shell/argument.ts'
import { judgeSql } from '../sql/judge.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'

/** Options of the mysql client, from its manual as known; one that is not here is not understood. */
const VALUES = new Set([
  'D', 'database', 'e', 'execute', 'h', 'host', 'P', 'port', 'u', 'user', 'S', 'socket', 'protocol', 'default-character-set',
  'defaults-file', 'defaults-extra-file', 'defaults-group-suffix', 'login-path', 'connect-timeout', 'ssl-ca', 'ssl-cert', 'ssl-key',
  'ssl-mode', 'max-allowed-packet', 'tee', 'pager', 'delimiter', 'init-command', 'plugin-dir', 'prompt',
]) // prettier-ignore
const FLAGS = new Set([
  'N', 'skip-column-names', 'B', 'batch', 's', 'silent', 't', 'table', 'v', 'verbose', 'E', 'vertical', 'H', 'html', 'X', 'xml', 'r', 'raw',
  'A', 'no-auto-rehash', 'C', 'compress', 'f', 'force', 'i', 'n', 'unbuffered', 'p', 'password', 'V', 'version', 'help', 'w', 'wait', 'q', 'quick',
  'b', 'no-beep', 'L', 'skip-line-numbers', 'ssl', 'skip-ssl', 'no-defaults', 'column-names', 'U', 'safe-updates', 'ss', 'get-server-public-key',
]) // prettier-ignore

/** `SHOW …` and its kin are no SQL of PostgreSQL. */
const SHOWS = /^(?:show|(?:describe|desc|explain)(?!\s+analyze\b)|status|help)\b[^;\\`#]*$/i

/** `SET PASSWORD` and `RESET MASTER` are settings of a session to PostgreSQL only. */
const QUERIES =
  /^\(*\s*(?:select|with|values|table|explain|insert|update|delete|truncate|drop|alter|create|begin|commit|rollback)\b/i

export function judgeMysql(call: Call): void {
  // `-pSECRET` is the password, whatever letters it has.
  const args = call.args.map((arg) => (/^-p./s.test(arg.value) ? { ...arg, value: '-p' } : arg))
  const parsed = parseOptions(args, { values: VALUES, names: FLAGS, style: 'gnu', stops: false })
  for (const word of parsed.open) call.note('destructive', 'options that are not known before it runs', word)
  let code: Argument | null = null
  for (const { name, candidates, value, at } of parsed.options) {
    if (candidates.some((one) => one === 'e' || one === 'execute')) {
      if (code !== null) call.note('destructive', 'several statements', at)
      code = value
    } else if (
      candidates.some((one) =>
        ['pager', 'init-command', 'plugin-dir', 'defaults-file', 'defaults-extra-file', 'delimiter'].includes(
          one,
        ),
      )
    ) {
      call.note('destructive', `--${name} can run something`, at, value ?? at)
    } else if (candidates.includes('tee')) call.note('change', 'writes a file', at, value ?? at)
    else if (!candidates.every((one) => VALUES.has(one) || FLAGS.has(one)))
      call.note('destructive', `no option ${name} that is known`, at)
  }
  if (code !== null) return judgeStatements(call, code)
  if (parsed.options.some(({ name }) => name === 'V' || name === 'version' || name === 'help'))
    return call.note('read', 'prints its version or help', call.word)
  if (call.stdin.kind === 'text') return judgeStatements(call, call.stdin.text)
  if (call.stdin.kind === 'none')
    return call.note('destructive', 'opens an SQL session for a person', call.word, call.args.at(-1), [
      'interactive',
    ])
  call.note('destructive', 'runs whatever SQL it is given on standard input', call.word, call.args.at(-1))
}

/** `sqlite3 FILE SQL`: a statement is judged as MySQL's are, a dot-command by its name. */
export function judgeSqlite(call: Call): void {
  const words = call.args.filter(
    (arg) =>
      !/^-{1,2}(?:readonly|header|noheader|column|csv|json|line|list|table|box|html|batch)$/.test(arg.value),
  )
  const bad = words.find((arg) => arg.open || arg.value.startsWith('-'))
  if (bad !== undefined) return call.note('destructive', 'an option that can run something', bad)
  const [, code, ...more] = words
  if (more.length > 0) return call.note('destructive', 'several statements', more[0])
  if (
    code !== undefined &&
    /^\.(?:tables|schema|indexes|indices|databases|dbinfo)(?:\s+[\w%]*)?$/.test(code.value)
  )
    return call.note('read', 'only shows', code)
  if (code !== undefined) return judgeStatements(call, code)
  if (call.stdin.kind === 'text') return judgeStatements(call, call.stdin.text)
  if (call.stdin.kind === 'none')
    return call.note('destructive', 'opens an SQL session for a person', call.word, call.args.at(-1), [
      'interactive',
    ])
  call.note('destructive', 'runs whatever SQL it is given on standard input', call.word, call.args.at(-1))
}

/** Where MySQL reads a text otherwise than PostgreSQL does, it is not judged. */
function judgeStatements(call: Call, code: Argument): void {
  call.code(code)
  const refuse = (why: string): void => call.note('destructive', why, code)
  if (code.open) return refuse('SQL that is not known before it runs')
  if (/\/\*|#/.test(code.value)) return refuse('SQL with a comment that MySQL may run')
  const text = code.value.replace(/\\G\s*;?\s*$/, ';')
  if (text.includes('\\')) return refuse('SQL that MySQL reads in its own way')
  const statements = splitPlain(text)
  for (const statement of statements) {
    if (SHOWS.test(statement)) call.note('read', 'only shows', code)
    else if (!QUERIES.test(statement))
      refuse('a statement that means something else to PostgreSQL, whose grammar is used')
    else {
      const findings = judgeSql(statement.replaceAll('`', '"'))
      for (const { risk, why } of findings) call.note(risk, why, code)
    }
  }
  if (statements.length === 0) call.note('read', 'no statement at all', code)
}

/** Splits at semicolons outside quotes; there are no backslashes left. */
function splitPlain(text: string): string[] {
  const parts: string[] = ['']
  let quote = ''
  for (const char of text) {
    if (quote === '' && char === ';') {
      parts.push('')
      continue
    }
    if (quote === '' && /['"`]/.test(char)) quote = char
    else if (char === quote) quote = ''
    parts[parts.length - 1] = `${parts.at(-1) ?? ''}${char}`
  }
  return parts.map((part) => part.trim()).filter((part) => part !== '')
}
