import { once } from 'node:events'
import { PassThrough } from 'node:stream'
import type { Readable, Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { AppError, messageOf } from '../base/error.ts'
import { migrateAll } from '../workflow/index.ts'
import { inSnapshot, measure } from './measure.ts'
import { literal, quoted, withSession } from './session.ts'
import type { Session } from './session.ts'
import type { Dumper } from './source.ts'

/*
 * erlmcp's own database, without pg_dump: the embedded PostgreSQL comes without it. The schema is what the migrations
 * make; the rows are COPY text, as psql reads it:
 *
 *   -- erlmcp dump 1
 *   -- migrations ["0001_initial", …]
 *   COPY "public"."incident" ("id", …) FROM stdin;
 *   …
 *   \.
 *   -- sequence "public"."audit_entry_seq_seq" 12
 *   -- end
 */

const HEAD = '-- erlmcp dump 1'
const MIGRATIONS = '-- migrations '
const SEQUENCE = '-- sequence '
const END = '-- end'
const COPY = /^COPY "((?:[^"]|"")+)"\."((?:[^"]|"")+)" \((.*)\) FROM stdin;$/
const SCHEMAS = `('public', 'dbos')`
/** A row longer than this was not written by erlmcp. */
const LINE_LIMIT = 512 * 1_048_576

export const ownDumper: Dumper = {
  format: 'erlmcp',
  dump: (url, consume, signal) =>
    withSession(url, (session) =>
      inSnapshot(session, async () => {
        const out = new PassThrough({ signal })
        const done = writeAll(session, out, signal).then(async () => ({
          measured: await measure(session, signal),
          toolsMajor: null,
        }))
        done.catch((error: unknown) => out.destroy(error instanceof Error ? error : new Error('aborted')))
        return consume({ stream: out, done })
      }),
    ),
  async load(url, stream, signal) {
    const lines = linesOf(stream, signal)
    const head = await nextText(lines)
    const names = await nextText(lines)
    if (head !== HEAD || !names.startsWith(MIGRATIONS))
      throw notOurs(`it begins with ${JSON.stringify(head)}`)
    await migrateAll(url, JSON.parse(names.slice(MIGRATIONS.length)) as string[])
    await withSession(url, (session) => fill(session, lines))
  },
}

async function writeAll(session: Session, out: Writable, signal: AbortSignal): Promise<void> {
  const { rows: applied } = await session.query<{ name: string }>(
    'select name from public.kysely_migration order by name',
  )
  await write(out, `${HEAD}\n${MIGRATIONS}${JSON.stringify(applied.map(({ name }) => name))}\n`)
  const { to } = await import('pg-copy-streams')
  for (const { schema, name, columns } of await tablesOf(session)) {
    signal.throwIfAborted()
    const target = `${quoted(schema)}.${quoted(name)} (${columns.map(quoted).join(', ')})`
    await write(out, `COPY ${target} FROM stdin;\n`)
    const rows = session.query(to(`copy ${target} to stdout`))
    for await (const chunk of rows) await write(out, chunk as Buffer)
    await write(out, '\\.\n')
  }
  const { rows: sequences } = await session.query<{ name: string; value: string }>(
    `select quote_ident(schemaname) || '.' || quote_ident(sequencename) as name, last_value::text as value
     from pg_sequences where schemaname in ${SCHEMAS} and last_value is not null order by 1`,
  )
  for (const { name, value } of sequences) await write(out, `${SEQUENCE}${name} ${value}\n`)
  out.end(`${END}\n`)
}

async function write(out: Writable, data: string | Buffer): Promise<void> {
  if (out.destroyed) throw new Error('nobody reads the dump any more')
  if (!out.write(data)) await once(out, 'drain')
}

const tablesOf = async (session: Session): Promise<{ schema: string; name: string; columns: string[] }[]> =>
  (
    await session.query<{ schema: string; name: string; columns: string[] }>(
      `select n.nspname::text as schema, c.relname::text as name, array_agg(a.attname::text order by a.attnum) as columns
       from pg_class c join pg_namespace n on n.oid = c.relnamespace join pg_attribute a on a.attrelid = c.oid
       where c.relkind = 'r' and n.nspname in ${SCHEMAS} and a.attnum > 0 and not a.attisdropped and a.attgenerated = ''
       group by 1, 2 order by 1, 2`,
    )
  ).rows

/** Everything or nothing, with triggers and references at rest: the rows were consistent when they were read. */
async function fill(session: Session, lines: Lines): Promise<void> {
  await session.query('begin')
  try {
    await session.query(`set local session_replication_role = 'replica'`)
  } catch (error) {
    throw new AppError('forbidden', `the user may not load a backup of erlmcp: ${messageOf(error)}`, {
      action: 'Load as a superuser, or GRANT SET ON PARAMETER session_replication_role to this user.',
      cause: error,
    })
  }
  const tables = await tablesOf(session)
  const all = tables.map(({ schema, name }) => `${quoted(schema)}.${quoted(name)}`)
  await session.query(`truncate ${all.join(', ')}`)
  for (;;) {
    const line = await nextText(lines)
    if (line === END) break
    const copied = COPY.exec(line)
    if (copied !== null) await fillTable(session, line, lines)
    else if (line.startsWith(SEQUENCE)) await setSequence(session, line.slice(SEQUENCE.length))
    else throw notOurs(`line ${JSON.stringify(line.slice(0, 60))}`)
  }
  await session.query('commit')
}

async function fillTable(session: Session, statement: string, lines: Lines): Promise<void> {
  const { from } = await import('pg-copy-streams')
  const into = session.query(from(statement.replace(/;$/, '')))
  const ended = finished(into)
  ended.catch(() => undefined)
  for (;;) {
    const line = await next(lines)
    if (line.length === 2 && line.toString('latin1') === '\\.') break
    if (into.destroyed) break
    if (!into.write(Buffer.concat([line, NEWLINE]))) await Promise.race([once(into, 'drain'), ended])
  }
  if (!into.destroyed) into.end()
  await ended
}

const NEWLINE = Buffer.from('\n')

async function setSequence(session: Session, rest: string): Promise<void> {
  const at = rest.lastIndexOf(' ')
  const [name, value] = [rest.slice(0, at), rest.slice(at + 1)]
  if (!/^-?\d{1,20}$/.test(value)) throw notOurs(`sequence ${JSON.stringify(rest)}`)
  await session.query(`select setval(${literal(name)}::regclass, ${value}, true)`)
}

type Lines = AsyncIterator<Buffer>

async function next(lines: Lines): Promise<Buffer> {
  const { value, done } = await lines.next()
  if (done === true) throw notOurs('it has no end')
  return value
}

const nextText = async (lines: Lines): Promise<string> => (await next(lines)).toString('utf8')

/** Without the newline; COPY text has no other one in a row. */
async function* linesOf(stream: Readable, signal: AbortSignal): AsyncGenerator<Buffer> {
  let held: Buffer[] = []
  let size = 0
  for await (const chunk of stream) {
    signal.throwIfAborted()
    const data = chunk as Buffer
    let start = 0
    for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, start)) {
      held.push(data.subarray(start, at))
      yield held.length === 1 && held[0] !== undefined ? held[0] : Buffer.concat(held)
      held = []
      size = 0
      start = at + 1
    }
    if (start === data.length) continue
    held.push(data.subarray(start))
    size += data.length - start
    if (size > LINE_LIMIT) throw notOurs('a row is longer than any that erlmcp writes')
  }
  if (held.length > 0) yield Buffer.concat(held)
}

const notOurs = (how: string): AppError =>
  new AppError('backup_damaged', `this is no whole backup of erlmcp: ${how}`, {
    action: 'Take another backup of the list.',
  })
