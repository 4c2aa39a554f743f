import { AppError } from '../base/error.ts'
import { literal, quoted, withDatabase, withSession } from './session.ts'
import type { Session } from './session.ts'

/** By whom a database was made; only such a one is ever dropped. */
const markOf = (id: string): string => `made by erlmcp for ${id}`

/**
 * Makes an empty database like the one at `url`: same owner, encoding and locale. One of the same name is dropped first
 * if erlmcp made it for the same purpose.
 * @throws AppError `conflict` for a foreign database of that name, `forbidden` without the right to make one.
 */
export async function createDatabaseLike(url: string, name: string, id: string): Promise<string> {
  await withSession(url, async (session) => {
    await dropMade(session, name, id)
    await session.query(`create database ${quoted(name)} ${await likeness(session)}`)
    await session.query(`comment on database ${quoted(name)} is ${literal(markOf(id))}`)
  })
  return withDatabase(url, name)
}

export const dropMadeDatabase = (url: string, name: string, id: string): Promise<void> =>
  withSession(url, (session) => dropMade(session, name, id))

async function dropMade(session: Session, name: string, id: string): Promise<void> {
  const { rows } = await session.query<{ mark: string | null }>(
    `select shobj_description(oid, 'pg_database') as mark from pg_database where datname = $1`,
    [name],
  )
  const [found] = rows
  if (found === undefined) return
  // without a mark: a crash came between its making and its comment, and the name is ours alone
  if (found.mark !== null && found.mark !== markOf(id))
    throw new AppError('conflict', `there is a database ${name} that erlmcp did not make`, {
      action: 'Rename it, and try again.',
    })
  await session.query(`drop database ${quoted(name)} with (force)`)
}

interface DatabaseRow {
  owner: string
  encoding: string
  provider: string
  collate: string
  ctype: string
  locale: string | null
}

async function likeness(session: Session): Promise<string> {
  const { rows } = await session.query<DatabaseRow>(
    // the column of the locale has had two names
    `select datdba::regrole::text as owner, pg_encoding_to_char(encoding) as encoding, datlocprovider as provider,
       datcollate as collate, datctype as ctype,
       coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale') as locale
     from pg_database d where datname = current_database()`,
  )
  const [like] = rows
  if (like === undefined) throw new Error('a database that does not exist answered')
  const locale =
    like.provider === 'i'
      ? ` locale_provider icu icu_locale ${literal(like.locale ?? '')}`
      : like.provider === 'b'
        ? ` locale_provider builtin builtin_locale ${literal(like.locale ?? '')}`
        : ''
  return `owner ${like.owner} template template0 encoding ${literal(like.encoding)} lc_collate ${literal(like.collate)} lc_ctype ${literal(like.ctype)}${locale}`
}
