import { blockMates, flagOf, kubectlOf, placeOf, programOf, wordTexts } from '../context.ts'
import type { LintCall, LintContext, PlacedCommand } from '../context.ts'
import { bash, page } from '../example.ts'
import type { LintRule, Problem } from '../rule.ts'

/** A command of several lines is shown from its first. */
const whole = ({ command }: PlacedCommand): Pick<Problem, 'line' | 'column' | 'endLine'> => ({
  line: command.line,
  column: command.position.column,
  endLine: command.position.endLine,
})

interface Option {
  value: string | null
  index: number
}

/** The value of an option of a program with getopt's rules: `-U x`, `-Ux`, `--username=x`, `--username x`. */
function option(call: LintCall, short: string, long: string): Option | null {
  const words = wordTexts(call.words)
  for (const [index, word] of words.entries()) {
    if (index === 0 || word === null) continue
    if (word === `-${short}` || word === `--${long}`) return { value: words[index + 1] ?? null, index }
    if (word.startsWith(`--${long}=`)) return { value: word.slice(long.length + 3), index }
    if (word.startsWith(`-${short}`) && !word.startsWith('--')) return { value: word.slice(2), index }
  }
  return null
}

const callsOf = (placed: PlacedCommand, program: string): LintCall[] =>
  placed.calls.filter((call) => programOf(call) === program)

const stopsOnError = (call: LintCall): boolean =>
  wordTexts(call.words).some((word) => word !== null && /ON_ERROR_STOP\s*=\s*(?:1|on|true)/i.test(word))

const input = (call: LintCall): string | null =>
  call.redirects.find(({ operator }) => operator === '<')?.target ?? option(call, 'f', 'file')?.value ?? null

const withoutStop: LintRule = {
  id: 'sql-without-on-error-stop',
  severity: 'warning',
  summary: 'psql runs a file without ON_ERROR_STOP: it goes on after errors and exits 0',
  bad: bash('psql -U shop -d shop -f restore.sql'),
  good: bash('psql -v ON_ERROR_STOP=1 -U shop -d shop -f restore.sql'),
  check: ({ commands }) =>
    commands.flatMap((placed) =>
      callsOf(placed, 'psql').flatMap((call) => {
        const fed = call.pipeIndex > 0 && option(call, 'c', 'command') === null
        const redirected = call.redirects.some(({ operator }) => operator === '<')
        if ((!fed && !redirected && option(call, 'f', 'file') === null) || stopsOnError(call)) return []
        const word = call.words[0]
        const place = placeOf(placed.command, word?.start ?? call.start)
        const message = `psql goes on after an error in ${input(call) ?? 'its input'} and exits 0, so a failed restore looks like a good one`
        const edits =
          word === undefined
            ? []
            : [
                {
                  line: place.line,
                  column: place.column + (word.end - word.start),
                  length: 0,
                  text: ' -v ON_ERROR_STOP=1',
                },
              ]
        return [
          {
            ...whole(placed),
            message,
            remedy: 'Add -v ON_ERROR_STOP=1 (and -1 for one transaction).',
            edits,
          },
        ]
      }),
    ),
}

const createWithoutOwner: LintRule = {
  id: 'createdb-without-owner',
  severity: 'warning',
  summary: 'A database is created as one role and then filled as another that may not create tables in it',
  bad: bash('createdb -U postgres shop', 'psql -v ON_ERROR_STOP=1 -U shop -d shop -f schema.sql'),
  good: bash('createdb -U postgres -O shop shop', 'psql -v ON_ERROR_STOP=1 -U shop -d shop -f schema.sql'),
  check: (context) =>
    context.commands.flatMap((placed) =>
      callsOf(placed, 'createdb').flatMap((call) => {
        const creator = option(call, 'U', 'username')?.value ?? null
        if (option(call, 'O', 'owner') !== null || creator === null) return []
        const user = blockMates(context, placed)
          .filter((one) => one.command.line > placed.command.line)
          .flatMap((one) => [...callsOf(one, 'psql'), ...callsOf(one, 'pg_restore')])
          .map((one) => option(one, 'U', 'username')?.value ?? null)
          .find((name) => name !== null && name !== creator)
        if (user === undefined || user === null) return []
        const message = `the database will belong to ${creator}, but ${user} fills it: since PostgreSQL 15 that fails with "permission denied for schema public"`
        return [{ ...whole(placed), message, remedy: `Add -O ${user}.` }]
      }),
    ),
}

const DROPS = /\bdropdb\b|\bdrop\s+(?:database|schema)\b/i
const CHECKS_FILE =
  /\btest\s+-[sfe]|\[\[?\s+-[sfe]|\bls\b|\bstat\b|\bpg_restore\b.*(?:-l\b|--list)|\bsha\d+sum\b|\bmd5sum\b|\bgzip\s+-t|\btail\b|\bhead\b|\bgrep\b|\bdu\b|\bwc\b/

function dropsDatabase(placed: PlacedCommand): LintCall | undefined {
  return placed.calls.find(
    (call) =>
      programOf(call) === 'dropdb' ||
      (programOf(call) === 'psql' && DROPS.test(wordTexts(call.words).join(' '))),
  )
}

function restoreAfter(context: LintContext, placed: PlacedCommand): { line: number; file: string } | null {
  for (const one of context.commands) {
    if (
      one.procedure !== placed.procedure ||
      one.phase !== placed.phase ||
      one.command.line <= placed.command.line
    )
      continue
    for (const call of one.calls) {
      if (!/^(?:psql|pg_restore)$/.test(programOf(call))) continue
      const file =
        input(call) ?? (programOf(call) === 'pg_restore' ? (wordTexts(call.words).at(-1) ?? null) : null)
      if (file !== null) return { line: one.command.line, file }
    }
  }
  return null
}

const destroyUnchecked: LintRule = {
  id: 'destroy-before-backup-check',
  severity: 'error',
  summary: 'The old database is dropped before anybody has looked at the backup that replaces it',
  bad: bash(
    'dropdb --force -U postgres shop',
    'createdb -U postgres -O shop shop',
    'pg_restore -U postgres -d shop shop.dump',
  ),
  good: bash(
    'pg_restore --list shop.dump',
    'dropdb --force -U postgres shop',
    'createdb -U postgres -O shop shop',
    'pg_restore -U postgres -d shop shop.dump',
  ),
  check: (context) =>
    context.commands.flatMap((placed) => {
      const call = dropsDatabase(placed)
      if (call === undefined) return []
      const restore = restoreAfter(context, placed)
      if (restore === null) return []
      const name = restore.file.replace(/^.*\//, '')
      const checked = context.commands.some(
        (one) =>
          one.phase === placed.phase &&
          one.command.line < placed.command.line &&
          CHECKS_FILE.test(one.command.text) &&
          one.command.text.includes(name),
      )
      if (checked) return []
      return [
        {
          ...whole(placed),
          message: `the database is dropped before ${restore.file} (line ${restore.line}) has been checked to exist and to be whole`,
          remedy: `First: test -s ${restore.file}, and pg_restore --list or the end marker of the dump; and keep a fresh dump of what is dropped.`,
        },
      ]
    }),
}

const openSessions: LintRule = {
  id: 'drop-with-open-sessions',
  severity: 'warning',
  summary: 'A database is dropped right after scaling to 0, without waiting for the sessions to end',
  bad: bash('kubectl scale deployment web --replicas=0 -n shop', 'dropdb -U postgres shop'),
  good: bash(
    'kubectl scale deployment web --replicas=0 -n shop',
    'kubectl wait pod -l app=web -n shop --for=delete --timeout=120s',
    'dropdb -U postgres shop',
  ),
  check: (context) =>
    context.commands.flatMap((placed) => {
      const call = dropsDatabase(placed)
      if (
        call === undefined ||
        wordTexts(call.words).some((word) => word === '--force' || word === '-f') ||
        /with\s*\(\s*force/i.test(placed.command.text)
      )
        return []
      const before = blockMates(context, placed).filter((one) => one.command.line < placed.command.line)
      const scaled = before.findLast((one) => one.calls.some((each) => scalesToZero(each)))
      if (scaled === undefined) return []
      const waits = before.some(
        (one) =>
          one.command.line > scaled.command.line &&
          /\bkubectl\b.*\b(?:wait|rollout status)\b/s.test(one.command.text),
      )
      if (waits) return []
      const message = `the pods scaled to 0 in line ${scaled.command.line} may still hold sessions: dropdb then fails, and so does all that follows`
      return [
        {
          ...whole(placed),
          message,
          remedy: 'Wait with "kubectl wait pod -l … --for=delete --timeout=120s", or use dropdb --force.',
        },
      ]
    }),
}

function scalesToZero(call: LintCall): boolean {
  const kubectl = kubectlOf(call)
  return kubectl?.verb === 'scale' && flagOf(kubectl, 'replicas') === '0'
}

const TERMINATE = /\bpg_terminate_backend\s*\(\s*(?!\d)[a-z_.]+\s*\)/i
const LIMITS =
  /\b(?:state|query_start|xact_start|state_change|backend_start|datname|usename|application_name|client_addr|pid\s*(?:=|in\b)|leader_pid|backend_type|wait_event)/i

const terminateAll: LintRule = {
  id: 'terminate-without-limit',
  severity: 'error',
  summary: 'pg_terminate_backend on every session that matches a text, whatever it is doing',
  bad: page(
    'sql',
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%report%' AND pid <> pg_backend_pid();",
  ),
  good: page(
    'sql',
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity',
    "WHERE datname = 'shop' AND state = 'active' AND now() - query_start > interval '5 minutes' AND pid <> pg_backend_pid();",
  ),
  check: ({ commands }) =>
    commands.flatMap(({ command }) => {
      const call = TERMINATE.exec(command.text)
      if (call === null || !/pg_stat_activity/i.test(command.text)) return []
      const where = /\bwhere\b([^]*)/i.exec(command.text)?.[1] ?? ''
      if (LIMITS.test(where.replace(/\bpid\s*(?:<>|!=)\s*pg_backend_pid\(\)/gi, ''))) return []
      const message =
        'this ends every session whose last query matches, in every database, also idle ones and replication'
      return [
        {
          ...placeOf(command, call.index),
          endLine: command.position.endLine,
          message,
          remedy:
            "Limit it: datname, state = 'active', now() - query_start > interval '5 minutes', and run the same WHERE as a SELECT first.",
        },
      ]
    }),
}

const idleAsHanging: LintRule = {
  id: 'idle-counted-as-running',
  severity: 'warning',
  summary: 'A search for long-running queries that also lists idle sessions',
  bad: page(
    'sql',
    "SELECT pid, query FROM pg_stat_activity WHERE now() - query_start > interval '5 minutes';",
  ),
  good: page(
    'sql',
    "SELECT pid, query FROM pg_stat_activity WHERE state <> 'idle' AND now() - query_start > interval '5 minutes';",
  ),
  check: ({ commands }) =>
    commands.flatMap(({ command }) => {
      if (!/\bfrom\s+pg_stat_activity\b/i.test(command.text) || TERMINATE.test(command.text)) return []
      const where = /\bwhere\b([^]*)/i.exec(command.text)
      if (
        where === null ||
        !/query_start/i.test(where[1] ?? '') ||
        /\bstate\b|\bwait_event/i.test(where[1] ?? '')
      )
        return []
      const message =
        'query_start stays set after a query has ended, so sessions that are merely idle are listed as long-running'
      return [
        {
          ...placeOf(command, 0),
          endLine: command.position.endLine,
          message,
          remedy: "Add state <> 'idle'.",
        },
      ]
    }),
}

const defaultConnection: LintRule = {
  id: 'psql-default-connection',
  severity: 'info',
  summary: 'psql without role and database: it takes the name of the operating-system user for both',
  bad: bash('psql -c "SELECT 1"'),
  good: bash('psql -U shop -d shop -c "SELECT 1"'),
  check: ({ commands }) =>
    commands.flatMap((placed) =>
      callsOf(placed, 'psql').flatMap((call) => {
        const words = wordTexts(call.words).slice(1)
        if (placed.command.tag === 'inline' || words.length === 0 || words.includes(null)) return []
        if (
          option(call, 'd', 'dbname') !== null ||
          option(call, 'U', 'username') !== null ||
          option(call, 'l', 'list') !== null
        )
          return []
        if (
          words.some(
            (word) =>
              /^(?:postgres(?:ql)?:\/\/|service=|--version|-V|--help)|=/.test(word ?? '') &&
              word?.startsWith('-') === false,
          )
        )
          return []
        const flags = new Set(['-c', '-f', '-h', '-p', '-v', '-o', '-P', '-F', '-R'])
        const named = words.some(
          (word, at) => word !== null && !word.startsWith('-') && !flags.has(words[at - 1] ?? ''),
        )
        if (named) return []
        const message =
          'without -U and -d psql connects as the operating-system user, to a database of that name'
        return [
          {
            ...placeOf(placed.command, call.words[0]?.start ?? call.start),
            message,
            remedy: 'Name the role and the database: psql -U ROLE -d DATABASE.',
          },
        ]
      }),
    ),
}

const backupBySize: LintRule = {
  id: 'backup-not-verified',
  severity: 'warning',
  summary: 'A dump is taken and at most listed; nobody knows whether it can be restored',
  bad: bash('pg_dump -U shop -d shop > "/backup/shop-$(date +%F).sql"', 'ls -lh /backup'),
  good: bash(
    'pg_dump -Fc -U shop -d shop -f "/backup/shop-$(date +%F).dump"',
    'pg_restore --list "/backup/shop-$(date +%F).dump"',
  ),
  check: (context) =>
    context.commands.flatMap((placed) =>
      callsOf(placed, 'pg_dump').flatMap((call) => {
        if (placed.command.tag === 'inline' || call.pipeLength > 1) return []
        if (option(call, 's', 'schema-only') !== null) return []
        const after = context.commands.filter(
          (one) => one.phase === placed.phase && one.command.line > placed.command.line,
        )
        if (after.some((one) => /pg_restore|dump complete|sha\d+sum|gzip -t|\bpsql\b/.test(one.command.text)))
          return []
        return [
          {
            ...placeOf(placed.command, call.words[0]?.start ?? call.start),
            message:
              'nothing after this dump checks that it is whole: pg_dump that was cut off leaves a file as well',
            remedy:
              'Use -Fc and "pg_restore --list FILE", or look for "PostgreSQL database dump complete" at the end; best, restore it somewhere.',
          },
        ]
      }),
    ),
}

const fixedName: LintRule = {
  id: 'backup-overwrites',
  severity: 'warning',
  summary: 'A backup goes to a fixed file name, so the next one destroys the last good one',
  bad: bash('pg_dump -Fc -U shop -d shop > /tmp/shop.dump', 'pg_restore --list /tmp/shop.dump'),
  good: bash(
    'pg_dump -Fc -U shop -d shop > "/backup/shop-$(date +%F).dump"',
    'pg_restore --list "/backup/shop-$(date +%F).dump"',
  ),
  check: ({ commands }) =>
    commands.flatMap(({ command, calls }): Problem[] =>
      calls.flatMap((call) => {
        if (!/^(?:pg_dump|pg_dumpall|mysqldump|mongodump)$/.test(programOf(call)) || command.tag === 'inline')
          return []
        const written = call.redirects.find(({ operator }) => operator === '>')
        const target = written?.target ?? option(call, 'f', 'file')?.value ?? null
        if (target === null || target === '/dev/null') return []
        return [
          {
            ...placeOf(command, written?.start ?? call.start),
            message: `${target} is overwritten every time, also by a dump that fails half-way`,
            remedy: 'Put the date into the name: "backup-$(date +%Y%m%dT%H%M%S).dump".',
          },
        ]
      }),
    ),
}

export const DATABASE_RULES: LintRule[] = [
  withoutStop, createWithoutOwner, destroyUnchecked, openSessions, terminateAll, idleAsHanging, defaultConnection,
  backupBySize, fixedName,
] // prettier-ignore
