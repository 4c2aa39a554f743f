import { isKnown, sourceOf, tail } from '../shell/argument.ts'
import type { Argument } from '../shell/argument.ts'
import { judgeSqlScript } from '../sql/script.ts'
import type { Call } from './call.ts'
import { parseOptions } from './options.ts'
import type { ParsedOptions } from './options.ts'

const VALUES = new Set([
  'c', 'command', 'd', 'dbname', 'f', 'file', 'v', 'set', 'variable', 'L', 'log-file', 'o', 'output', 'F', 'field-separator', 'P',
  'pset', 'R', 'record-separator', 'T', 'table-attr', 'h', 'host', 'p', 'port', 'U', 'username',
]) // prettier-ignore
const NAMES = new Set([
  'l', 'list', 'V', 'version', 'X', 'no-psqlrc', '1', 'single-transaction', '?', 'help', 'a', 'echo-all', 'b', 'echo-errors', 'e',
  'echo-queries', 'E', 'echo-hidden', 'n', 'no-readline', 'q', 'quiet', 's', 'single-step', 'S', 'single-line', 'A', 'no-align',
  'csv', 'H', 'html', 't', 'tuples-only', 'x', 'expanded', 'z', 'field-separator-zero', '0', 'record-separator-zero', 'w',
  'no-password', 'W', 'password',
]) // prettier-ignore

export function judgePsql(call: Call): void {
  const parsed = parseOptions(call.args, { values: VALUES, names: NAMES, style: 'gnu', stops: false })
  for (const word of parsed.open)
    call.note('destructive', 'options of psql that are not known before it runs', word)
  const has = (...names: string[]): boolean =>
    parsed.options.some(({ candidates }) => candidates.some((name) => names.includes(name)))
  noteOptions(call, parsed)
  // PgBouncer's console takes SET for the whole service.
  if (
    call.args.some((arg) => /pgbouncer/i.test(arg.value)) &&
    call.args.some((arg) => /^\s*(?:re)?set\s/i.test(arg.value))
  ) {
    call.note('change', 'changes the settings of PgBouncer', call.word, call.args.at(-1))
  }
  const unsafe = unsafeVariables(parsed)
  const codes = parsed.options.filter(({ candidates }) =>
    candidates.some((name) => name === 'c' || name === 'command'),
  )
  for (const { value } of codes) if (value !== null) judgeSqlArgument(call, value, unsafe)
  const files = parsed.options.filter(({ candidates }) =>
    candidates.some((name) => name === 'f' || name === 'file'),
  )
  for (const { value, at } of files) {
    if (value !== null && value.value === '-') judgeInput(call, unsafe)
    else call.note('destructive', 'runs a script that cannot be judged', at, value ?? at)
  }
  if (codes.length > 0 || files.length > 0) return
  if (has('l', 'list', 'V', 'version', '?', 'help'))
    return call.note('read', 'only lists', call.word, call.args.at(-1))
  judgeInput(call, unsafe)
}

/** Judges a word as SQL, with reasons on its own words. */
export function judgeSqlArgument(call: Call, code: Argument, unsafe: ReadonlySet<string> = new Set()): void {
  call.code(code)
  if (code.open) return call.note('destructive', 'SQL that is not known before it runs', code)
  const source = sourceOf(code)
  const script = judgeSqlScript(code.value, unsafe)
  for (const { risk, why, start, end, flags } of script.findings) {
    const from = source.at(start)
    const to = end > start ? source.at(end - 1) + 1 : from
    call.note(risk, why, { ...code, start: from, end: to }, { ...code, start: from, end: to }, flags ?? [])
  }
  if (script.empty && script.findings.length === 0) call.note('read', 'no statement at all', code)
}

function judgeInput(call: Call, unsafe: ReadonlySet<string>): void {
  switch (call.stdin.kind) {
    case 'text':
      return judgeSqlArgument(call, call.stdin.text, unsafe)
    case 'data':
      return call.note(
        'destructive',
        'runs whatever SQL it is given on standard input',
        call.word,
        call.args.at(-1),
      )
    case 'empty':
      return call.note('read', 'is given nothing to run', call.word, call.args.at(-1))
    case 'none':
      return call.note('destructive', 'opens an SQL session for a person', call.word, call.args.at(-1), [
        'interactive',
      ])
  }
}

function noteOptions(call: Call, parsed: ParsedOptions): void {
  for (const { name, candidates, value, at } of parsed.options) {
    const is = (...names: string[]): boolean => candidates.some((one) => names.includes(one))
    if (!candidates.every((one) => VALUES.has(one) || NAMES.has(one)) && name !== 'help') {
      call.note('destructive', `psql has no option ${name} that is known`, at)
    }
    if (is('o', 'output', 'L', 'log-file')) {
      const target = value?.value.trim() ?? ''
      if (target.startsWith('|')) call.note('destructive', 'runs a program', at, value ?? at)
      else if (target !== '/dev/null' && target !== '/dev/stdout')
        call.note('change', 'writes a file', at, value ?? at)
    }
    if (
      is('P', 'pset') &&
      /pager/i.test(value?.value ?? '') &&
      !/^pager(?:=(?:on|off|0|1|always|no))?$/i.test(value?.value ?? '')
    ) {
      call.note('destructive', 'changes what psql runs', at, value ?? at)
    }
    if (is('v', 'set', 'variable') && /^(?:PSQL_|EDITOR|VISUAL|PAGER)/.test(value?.value ?? '')) {
      call.note('destructive', 'changes what psql runs', at, value ?? at)
    }
  }
}

/** Values that are more than a plain word may become statements where `:name` stands alone. */
function unsafeVariables(parsed: ParsedOptions): Set<string> {
  const unsafe = new Set<string>()
  for (const { candidates, value } of parsed.options) {
    if (value === null || !candidates.some((name) => name === 'v' || name === 'set' || name === 'variable'))
      continue
    const equals = value.value.indexOf('=')
    const assigned = tail(value, equals + 1)
    if (equals > 0 && (value.open || (isKnown(assigned) && !/^[\w.:-]*$/.test(assigned.value))))
      unsafe.add(value.value.slice(0, equals))
  }
  return unsafe
}
