import { pipeline } from 'node:stream/promises'
import { AppError } from '../base/error.ts'
import { inSnapshot, measure } from './measure.ts'
import { withSession } from './session.ts'
import type { Session } from './session.ts'
import type { Dumper } from './source.ts'
import type { ToolRunner } from './tools.ts'

/** A database of any application, by pg_dump and pg_restore of a fitting version. */
export function toolsDumper(runner: ToolRunner): Dumper {
  return {
    format: 'pg_dump',
    dump: (url, consume, signal) =>
      withSession(url, (session) =>
        inSnapshot(session, async () => {
          const tools = await runner.find(await majorOf(session))
          const { rows } = await session.query<{ id: string }>('select pg_export_snapshot() as id')
          const args = [
            '--format=custom',
            // compressed later, and better
            '--compress=0',
            '--no-password',
            `--snapshot=${rows[0]?.id ?? ''}`,
          ]
          const program = runner.start('dump', tools, args, url, signal)
          program.stdin.end()
          const done = Promise.all([measure(session, signal), program.ended]).then(([measured]) => ({
            measured,
            toolsMajor: tools.major,
          }))
          done.catch(() => undefined)
          return consume({ stream: program.stdout, done })
        }),
      ),
    async load(url, stream, signal) {
      const tools = await runner.find(await withSession(url, majorOf))
      const database = decodeURIComponent(new URL(url).pathname.slice(1))
      const args = ['--exit-on-error', '--no-password', `--dbname=${database}`]
      const program = runner.start('restore', tools, args, url, signal)
      program.stdout.resume()
      const fed = pipeline(stream, program.stdin, { signal }).catch((error: unknown) => {
        // it ends its input when it fails; why, it says itself
        if ((error as NodeJS.ErrnoException).code !== 'EPIPE') throw error
      })
      const [input, exit] = await Promise.allSettled([fed, program.ended])
      // damage in what was fed explains the complaint of pg_restore, not the other way round
      if (input.status === 'rejected') throw input.reason
      if (exit.status === 'rejected') throw restoreFault(exit.reason)
    },
  }
}

async function majorOf(session: Session): Promise<number> {
  const { rows } = await session.query<{ major: number }>(
    `select current_setting('server_version_num')::int / 10000 as major`,
  )
  return rows[0]?.major ?? 0
}

function restoreFault(reason: unknown): unknown {
  if (!(reason instanceof AppError)) return reason
  if (/No space left on device|could not extend file/.test(reason.message))
    return new AppError('data_unwritable', reason.message, {
      action: 'Free space where the database server keeps its data, and try again.',
    })
  if (/permission denied|must be (?:owner|superuser|member)/i.test(reason.message))
    return new AppError('forbidden', reason.message, {
      action: 'Restore as a user that owns the objects or is a member of their owners.',
    })
  if (/unsupported version .* in file header/.test(reason.message))
    return new AppError('tools_missing', reason.message, {
      action: 'Install the pg_restore of the version that wrote the backup; its manifest says which.',
    })
  return reason
}
