import { sha256 } from '../base/id.ts'
import type { Measured } from './manifest.ts'
import { quoted } from './session.ts'
import type { Session } from './session.ts'

/*
 * What a database is, in numbers that another copy can be compared by: its schema, owners and grants as hashes, and
 * for each table the number of rows and a sum over the hashes of its rows, which does not depend on their order.
 */

/** So that a value has one text whatever the server is configured to. */
const SETTINGS = [
  `set local search_path = pg_catalog`,
  `set local timezone = 'UTC'`,
  `set local datestyle = 'ISO, YMD'`,
  `set local intervalstyle = 'postgres'`,
  `set local extra_float_digits = 1`,
  `set local bytea_output = 'hex'`,
  `set local xmloption = 'content'`,
  `set local lock_timeout = '60s'`,
  `set local statement_timeout = 0`,
  // fails where rows would be hidden, instead of counting fewer
  `set local row_security = off`,
] as const

/** One snapshot: everything that `body` reads is as of the same moment. Read only. */
export async function inSnapshot<T>(session: Session, body: () => Promise<T>): Promise<T> {
  await session.query('begin transaction isolation level repeatable read read only')
  try {
    for (const setting of SETTINGS) await session.query(setting)
    return await body()
  } finally {
    await session.query('rollback').catch(() => undefined)
  }
}

/** Inside `inSnapshot`. */
export async function measure(session: Session, signal: AbortSignal): Promise<Measured> {
  const [server] = await rows<{ number: number; name: string; database: string; lsn: string | null }>(
    session,
    `select current_setting('server_version_num')::int as number, current_setting('server_version') as name,
       current_database() as database,
       case when pg_is_in_recovery() then pg_last_wal_replay_lsn() else pg_current_wal_lsn() end::text as lsn`,
  )
  const tables = await rows<{ schema: string; name: string }>(session, TABLES)
  const measured: Measured['tables'] = []
  for (const { schema, name } of tables) {
    signal.throwIfAborted()
    const [sum] = await rows<{ rows: string; checksum: string }>(
      session,
      // hashes of 64 bits: finds damage and loss; it is not made against somebody who forges
      `select count(*)::text as rows, coalesce(sum(hashtextextended((erlmcp_row.*)::text, 0)::numeric), 0)::text as checksum
       from only ${quoted(schema)}.${quoted(name)} as erlmcp_row`,
    )
    measured.push({ name: `${schema}.${name}`, rows: Number(sum?.rows), checksum: sum?.checksum ?? '' })
  }
  const sequences = await rows<{ name: string; value: string }>(
    session,
    `select schemaname || '.' || sequencename as name, coalesce(last_value, 0)::text as value
     from pg_sequences where ${own('schemaname')} order by 1`,
  )
  return {
    serverVersion: server?.name ?? '',
    serverMajor: Math.floor((server?.number ?? 0) / 10_000),
    database: server?.database ?? '',
    lsn: server?.lsn ?? null,
    schemaHash: sha256(await lines(session, SCHEMA)),
    grantsHash: sha256(await lines(session, GRANTS)),
    tables: measured,
    sequences,
  }
}

const rows = async <T extends object>(session: Session, text: string): Promise<T[]> =>
  (await session.query<T>(text)).rows

const lines = async (session: Session, parts: readonly string[]): Promise<string> => {
  const all: string[] = []
  for (const part of parts) all.push(...(await rows<{ line: string }>(session, part)).map(({ line }) => line))
  return all.toSorted().join('\n')
}

const own = (column: string): string =>
  `${column} not in ('pg_catalog', 'information_schema') and ${column} !~ '^pg_(toast|temp)'`

/** Not what an extension brings: that is restored by its version. */
const notExtension = (catalog: string, oid: string): string =>
  `not exists (select from pg_depend d where d.classid = '${catalog}'::regclass and d.objid = ${oid} and d.deptype = 'e')`

const TABLES = `select n.nspname as schema, c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't' and ${own('n.nspname')} and ${notExtension('pg_class', 'c.oid')}
  order by 1, 2`

const RELATIONS = `pg_class c join pg_namespace n on n.oid = c.relnamespace
  where ${own('n.nspname')} and ${notExtension('pg_class', 'c.oid')}`

const SCHEMA = [
  `select concat_ws(' ', 'relation', n.nspname, c.relname, c.relkind, c.relpersistence, c.relrowsecurity, c.relforcerowsecurity,
     c.reloptions::text, pg_get_expr(c.relpartbound, c.oid),
     case when c.relkind in ('v', 'm') then pg_get_viewdef(c.oid) end) as line
   from ${RELATIONS} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')`,
  `select concat_ws(' ', 'column', n.nspname, c.relname, row_number() over (partition by c.oid order by a.attnum), a.attname,
     format_type(a.atttypid, a.atttypmod), a.attnotnull, a.attidentity, a.attgenerated, a.attcollation::regcollation,
     pg_get_expr(d.adbin, d.adrelid)) as line
   from pg_attribute a left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
   join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
   where a.attnum > 0 and not a.attisdropped and c.relkind in ('r', 'p', 'f', 'c') and ${own('n.nspname')}`,
  // since 18 a NOT NULL is a constraint too; the column says it already
  `select concat_ws(' ', 'constraint', k.conrelid::regclass, k.conname, k.convalidated, pg_get_constraintdef(k.oid)) as line
   from pg_constraint k join pg_namespace n on n.oid = k.connamespace where k.contype <> 'n' and ${own('n.nspname')}`,
  `select concat_ws(' ', 'index', i.indisvalid, pg_get_indexdef(i.indexrelid)) as line
   from pg_index i join pg_class c on c.oid = i.indexrelid join pg_namespace n on n.oid = c.relnamespace where ${own('n.nspname')}`,
  `select concat_ws(' ', 'function', pg_get_functiondef(p.oid)) as line from pg_proc p join pg_namespace n on n.oid = p.pronamespace
   where p.prokind in ('f', 'p', 'w') and ${own('n.nspname')} and ${notExtension('pg_proc', 'p.oid')}`,
  `select concat_ws(' ', 'trigger', t.tgenabled, pg_get_triggerdef(t.oid)) as line from pg_trigger t
   join pg_class c on c.oid = t.tgrelid join pg_namespace n on n.oid = c.relnamespace where not t.tgisinternal and ${own('n.nspname')}`,
  `select concat_ws(' ', 'enum', t.oid::regtype, string_agg(e.enumlabel, ',' order by e.enumsortorder)) as line
   from pg_enum e join pg_type t on t.oid = e.enumtypid group by t.oid`,
  `select concat_ws(' ', 'policy', p.polrelid::regclass, p.polname, p.polcmd, p.polpermissive, pg_get_expr(p.polqual, p.polrelid),
     pg_get_expr(p.polwithcheck, p.polrelid)) as line from pg_policy p`,
  `select concat_ws(' ', 'extension', extname, extversion) as line from pg_extension`,
  `select concat_ws(' ', 'schema', nspname) as line from pg_namespace where ${own('nspname')}`,
  `select concat_ws(' ', 'sequence', schemaname, sequencename, data_type, start_value, min_value, max_value, increment_by, cycle) as line
   from pg_sequences where ${own('schemaname')}`,
] as const

const acl = (value: string): string =>
  `(select string_agg(i::text, ',' order by i::text) from unnest(${value}) as i)`

/** A missing list stands for the default one; a restore may write it out, or not. */
const GRANTS = [
  `select concat_ws(' ', n.nspname, c.relname, c.relowner::regrole,
     ${acl(`coalesce(c.relacl, acldefault(case when c.relkind = 'S' then 's' else 'r' end::"char", c.relowner))`)}) as line
   from ${RELATIONS} and c.relkind in ('r', 'p', 'v', 'm', 'S', 'f')`,
  `select concat_ws(' ', p.oid::regprocedure, p.proowner::regrole, ${acl(`coalesce(p.proacl, acldefault('f', p.proowner))`)}) as line
   from pg_proc p join pg_namespace n on n.oid = p.pronamespace where ${own('n.nspname')} and ${notExtension('pg_proc', 'p.oid')}`,
  `select concat_ws(' ', nspname, nspowner::regrole, ${acl(`coalesce(nspacl, acldefault('n', nspowner))`)}) as line
   from pg_namespace where ${own('nspname')}`,
  `select concat_ws(' ', 'default', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, ${acl('defaclacl')}) as line
   from pg_default_acl`,
] as const
