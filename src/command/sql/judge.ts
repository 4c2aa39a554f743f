import { loadModule, parseSync } from 'libpg-query'
import type { Risk } from '../model.ts'
import { UNKNOWN } from '../placeholders.ts'
import { riskOfFunction } from './functions.ts'
import { LOSING_PARTS, STATEMENTS } from './statements.ts'

/** One thing a text of SQL does, at offsets of that text. */
export interface SqlFinding {
  risk: Risk
  why: string
  start: number
  end: number
}

export const MAX_SQL_LENGTH = 64_000
const MAX_NODES = 100_000
const MAX_COMMENTS = 2_000

let loaded = false

/** Starts PostgreSQL's parser, which is WebAssembly; without it no SQL can be judged. */
export async function loadSqlGrammar(): Promise<void> {
  await loadModule()
  loaded = true
}

type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
type Node = { [key: string]: Json }

interface Walk {
  findings: SqlFinding[]
  text: string
  at: (byte: number) => number
  start: number
  end: number
  nodes: number
}

/** Judges statements of PostgreSQL's SQL. Never throws; what does not parse is one destructive finding. */
export function judgeSql(text: string): SqlFinding[] {
  const refuse = (why: string): SqlFinding[] => [{ risk: 'destructive', why, start: 0, end: text.length }]
  if (!loaded) return refuse('the SQL grammar has not been loaded')
  if (text.length > MAX_SQL_LENGTH) return refuse('too long to be judged')
  if (text.includes('\0')) return refuse('contains a zero byte')
  // PostgreSQL's scanner takes time by the square of the depth of comments.
  if (text.split('/*').length > MAX_COMMENTS) return refuse('has too many comments to be judged')
  // The text of a value that stands alone may be any statement.
  if (text.replaceAll(UNKNOWN, '').replace(/[\s;]/g, '') === '' && text.includes(UNKNOWN)) {
    return refuse('a statement that is not known before it runs')
  }
  try {
    return walkStatements(text, parseSync(text) as unknown as Node)
  } catch (error) {
    return refuse(
      `cannot be judged: ${error instanceof Error ? error.message.slice(0, 200) : 'the parser gave up'}`,
    )
  }
}

function walkStatements(text: string, result: Node): SqlFinding[] {
  const at = byteOffsets(text)
  const findings: SqlFinding[] = []
  for (const raw of asList(result['stmts'])) {
    const location = asNumber(raw['stmt_location']) ?? 0
    const length = asNumber(raw['stmt_len']) ?? 0
    let start = at(location)
    const end = length === 0 ? text.trimEnd().length : at(location + length)
    while (start < end && /\s/.test(text[start] ?? '')) start++
    const walk: Walk = { findings, text, at, start, end, nodes: 0 }
    const before = findings.length
    visitStatement(raw['stmt'], walk)
    if (findings.length === before) findings.push({ risk: 'read', why: 'only reads', start, end })
  }
  return findings
}

/** One wrapped statement node, such as `{ SelectStmt: {…} }`. */
function visitStatement(node: Json | undefined, walk: Walk): void {
  for (const [kind, body] of entries(node)) {
    if (!isNode(body)) continue
    judgeStatement(kind, body, walk)
  }
}

function judgeStatement(kind: string, body: Node, walk: Walk): void {
  switch (kind) {
    case 'SelectStmt':
      visitSelect(body, walk)
      return
    case 'ExplainStmt':
      judgeExplain(body, walk)
      return
    case 'CopyStmt':
      judgeCopy(body, walk)
      return
    case 'UpdateStmt':
      judgeUpdate(body, walk)
      break
    case 'MergeStmt':
      if (JSON.stringify(body['mergeWhenClauses'] ?? null).includes('CMD_DELETE'))
        note(walk, 'destructive', 'deletes rows')
      note(walk, 'change', 'changes rows')
      break
    case 'AlterTableStmt':
      judgeAlterTable(body, walk)
      break
    case 'TransactionStmt':
      judgeTransaction(body, walk)
      break
    case 'DeclareCursorStmt':
    case 'PrepareStmt':
      visitStatement(body['query'], walk)
      return
    case 'VariableSetStmt':
      judgeSet(body, walk)
      break
    default: {
      const known = STATEMENTS[kind]
      if (known === undefined) note(walk, 'destructive', `a statement of kind ${kind} cannot be judged`)
      else note(walk, known.risk, known.why)
    }
  }
  visitParts(body, walk)
}

function visitSelect(body: Node, walk: Walk): void {
  if (body['intoClause'] !== undefined) note(walk, 'change', 'SELECT INTO creates a table')
  if (body['lockingClause'] !== undefined) note(walk, 'change', 'locks rows')
  visitParts(body, walk)
}

function judgeExplain(body: Node, walk: Walk): void {
  const options = asList(body['options']).map((option) => asNode(option['DefElem']))
  const analyse = options.findLast((option) => option['defname'] === 'analyze')
  if (analyse !== undefined && isOn(analyse['arg'])) {
    const before = walk.findings.length
    visitStatement(body['query'], walk)
    if (walk.findings.length > before)
      note(walk, highest(walk.findings.slice(before)), 'EXPLAIN ANALYZE runs the statement')
    return
  }
  note(walk, 'read', 'EXPLAIN without ANALYZE only plans')
}

/** `ANALYZE`, `ANALYZE true|on|1`; anything unclear counts as on. */
function isOn(arg: Json | undefined): boolean {
  const text = JSON.stringify(arg ?? null)
  return !/"sval":"(?:off|false)"|"boolval":\{\}|"ival":\{\}|"Integer":\{\}|"Boolean":\{\}/.test(text)
}

function judgeCopy(body: Node, walk: Walk): void {
  if (body['is_program'] === true) note(walk, 'destructive', 'COPY … PROGRAM runs a program on the server')
  if (body['is_from'] === true) note(walk, 'change', 'COPY FROM adds rows')
  else if (body['filename'] !== undefined) note(walk, 'change', 'COPY TO writes a file on the server')
  visitStatement(body['query'], walk)
  visitParts({ where: body['whereClause'] ?? null }, walk)
}

/** `WHERE true` and `WHERE 1 = 1` leave no row out. */
function judgeUpdate(body: Node, walk: Walk): void {
  const where = body['whereClause']
  if (where === undefined || !/"ColumnRef"|"CurrentOfExpr"/.test(JSON.stringify(where))) {
    note(walk, 'destructive', 'UPDATE of every row')
  }
  note(walk, 'change', 'changes rows')
}

function judgeAlterTable(body: Node, walk: Walk): void {
  for (const command of asList(body['cmds'])) {
    const subtype = asNode(command['AlterTableCmd'])['subtype']
    if (typeof subtype === 'string' && LOSING_PARTS.has(subtype))
      note(walk, 'destructive', 'drops a part of a table')
  }
  note(walk, 'change', 'alters something')
}

function judgeTransaction(body: Node, walk: Walk): void {
  const kind = typeof body['kind'] === 'string' ? body['kind'] : ''
  if (kind === 'TRANS_STMT_ROLLBACK_PREPARED') note(walk, 'destructive', 'throws a prepared transaction away')
  else if (kind.includes('PREPARE')) note(walk, 'change', 'prepares or commits a transaction for good')
  else note(walk, 'read', 'opens or ends a transaction')
}

/** With another search path a built-in name can mean a function of somebody else. */
function judgeSet(body: Node, walk: Walk): void {
  const name = body['name']
  if (name === 'search_path' && JSON.stringify(body['args'] ?? null).includes('pg_catalog')) {
    return note(walk, 'destructive', 'a search path that can replace built-in functions')
  }
  if (
    name === 'session_preload_libraries' ||
    name === 'local_preload_libraries' ||
    name === 'dynamic_library_path'
  ) {
    return note(walk, 'destructive', 'loads a library')
  }
  note(walk, 'read', 'changes nothing beyond this session')
}

/** Functions and statements anywhere inside: in expressions, subqueries, `WITH`, `RETURNING`. */
function visitParts(node: Node, walk: Walk): void {
  const stack: [string, Json][] = Object.entries(node)
  for (let next = stack.pop(); next !== undefined; next = stack.pop()) {
    if (++walk.nodes > MAX_NODES) return note(walk, 'destructive', 'too large to be judged')
    const [key, value] = next
    if (Array.isArray(value)) for (const item of value) stack.push(['', item])
    else if (isNode(value)) {
      if (key === 'FuncCall') noteFunction(value, walk)
      else if (key === 'A_Expr') noteOperator(value, walk)
      else if (key === 'RangeTableSample') noteSample(value, walk)
      else if (key === 'SelectStmt' || key === 'selectStmt' || key === 'larg' || key === 'rarg')
        noteInner(value, walk)
      else if (key.endsWith('Stmt') && STATEMENTS[key] !== undefined) {
        judgeStatement(key, value, walk)
        continue
      }
      for (const entry of Object.entries(value)) stack.push(entry)
    }
  }
}

function noteInner(body: Node, walk: Walk): void {
  if (body['intoClause'] !== undefined) note(walk, 'change', 'SELECT INTO creates a table')
  if (body['lockingClause'] !== undefined) note(walk, 'change', 'locks rows')
}

function noteFunction(call: Node, walk: Walk): void {
  const path = namesIn(call['funcname'])
  const { risk, why } = riskOfFunction(path)
  if (risk === 'read') return
  const start = walk.at(asNumber(call['location']) ?? 0)
  walk.findings.push({ risk, why, start, end: Math.min(walk.text.length, start + path.join('.').length) })
}

/** The parts of a dotted name. */
function namesIn(value: Json | undefined): string[] {
  return asList(value)
    .map((part) => asNode(part['String'])['sval'])
    .filter((part) => typeof part === 'string')
}

/** A sampling method is a function too. */
function noteSample(sample: Node, walk: Walk): void {
  const method = namesIn(sample['method']).join('.')
  if (!/^(?:system|bernoulli|system_rows|system_time)$/.test(method)) {
    note(walk, 'destructive', `nothing is known about the sampling method ${method}`)
  }
}

/** An operator of another schema is a function of somebody else. */
function noteOperator(expression: Node, walk: Walk): void {
  const path = namesIn(expression['name'])
  if (path.length > 1 && path[0] !== 'pg_catalog')
    note(walk, 'destructive', `nothing is known about the operator ${path.join('.')}`)
}

function note(walk: Walk, risk: Risk, why: string): void {
  walk.findings.push({ risk, why, start: walk.start, end: walk.end })
}

function highest(findings: readonly SqlFinding[]): Risk {
  if (findings.some((finding) => finding.risk === 'destructive')) return 'destructive'
  return findings.some((finding) => finding.risk === 'change') ? 'change' : 'read'
}

/** The parser counts bytes of UTF-8. */
function byteOffsets(text: string): (byte: number) => number {
  if (!/[^\0-\x7f]/.test(text)) return (byte) => byte
  const offsets: number[] = []
  for (let index = 0; index < text.length; index++) {
    const code = text.codePointAt(index) ?? 0
    const bytes = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4
    for (let count = 0; count < bytes; count++) offsets.push(index)
    if (code > 0xffff) index++
  }
  return (byte) => offsets[byte] ?? text.length
}

function isNode(value: Json | undefined): value is Node {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asNode(value: Json | undefined): Node {
  return isNode(value) ? value : {}
}

function asList(value: Json | undefined): Node[] {
  return Array.isArray(value) ? value.filter((item): item is Node => isNode(item)) : []
}

function asNumber(value: Json | undefined): number | null {
  return typeof value === 'number' ? value : null
}

function entries(value: Json | undefined): [string, Json][] {
  return isNode(value) ? Object.entries(value) : []
}
