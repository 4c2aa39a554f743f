import { Transform } from 'node:stream'
import { AppError } from '../base/error.ts'
import { newUuid } from '../base/id.ts'
import { runProgram, startProgram } from './process.ts'
import { libpqEnvironment } from './session.ts'
import { majorOfVersion } from './tools.ts'
import type { ToolRunner, Tools } from './tools.ts'
import { kubectlEnvironment, scopeOf } from './workload.ts'

export interface PodRef {
  kubeconfig: string | null
  context: string | null
  namespace: string
  pod: string
  container: string | null
}

/**
 * A constant; what differs are its arguments. It reads a word and the password from standard input, says the word before
 * the output of the program and once more after its success: so both streams were attached, and the output is whole.
 */
const SCRIPT = `IFS= read -r word && IFS= read -r PGPASSWORD || exit 97
if [ -n "$PGPASSWORD" ]; then export PGPASSWORD; else unset PGPASSWORD; fi
printf '%s\\n' "$word" && "$@" && printf '\\n%s\\n' "$word"`
const ASK_LIMIT_MS = 30_000

/** pg_dump and pg_restore where the database runs, through `kubectl exec`. */
export function podTools(ref: PodRef): ToolRunner {
  const env = kubectlEnvironment(ref)
  const inPod = (...args: string[]): string[] => [
    ...scopeOf(ref),
    'exec',
    '--stdin',
    ref.pod,
    ...(ref.container === null ? [] : ['--container', ref.container]),
    '--',
    ...args,
  ]
  return {
    async find(serverMajor) {
      const run = { file: 'kubectl', args: inPod('pg_dump', '--version'), env }
      const said = await runProgram({ ...run, signal: AbortSignal.timeout(ASK_LIMIT_MS) }, ASK_LIMIT_MS)
      const major = majorOfVersion(said)
      if (major !== null && major >= serverMajor) return { major, dump: 'pg_dump', restore: 'pg_restore' }
      throw new AppError(
        'tools_missing',
        `the server is PostgreSQL ${serverMajor}; the pod ${ref.pod} has ${said.trim() === '' ? 'no pg_dump' : said.trim()}`,
        { action: 'Name a pod and container whose image has pg_dump of the version of the server.' },
      )
    },
    start(tool, tools: Tools, args, url, signal) {
      const word = newUuid()
      const { PGPASSWORD: password = '', LC_ALL: _, ...settings } = libpqEnvironment(url)
      if (/[\r\n]/.test(password))
        throw new AppError('input_invalid', 'the password of the database has a line break', {
          action: 'Give the user another password.',
        })
      const open = Object.entries(settings).map(([name, value]) => `${name}=${value}`)
      const command = inPod('sh', '-c', SCRIPT, 'sh', 'env', ...open, tools[tool], ...args)
      const program = startProgram({ file: 'kubectl', args: command, env, signal })
      program.stdin.write(`${word}\n${password}\n`)
      return { ...program, stdout: program.stdout.pipe(between(word)) }
    },
  }
}

/** What stands between the two words. @throws AppError `backup_damaged` from the stream where one is missing. */
export function between(word: string): Transform {
  const before = Buffer.from(`${word}\n`)
  const after = Buffer.from(`\n${word}\n`)
  let held: Buffer = Buffer.alloc(0)
  let begun = false
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      held = Buffer.concat([held, chunk])
      if (!begun && held.length >= before.length) {
        if (!held.subarray(0, before.length).equals(before)) {
          done(cut('its beginning is missing'))
          return
        }
        begun = true
        held = held.subarray(before.length)
      }
      const sure = begun ? held.length - after.length : 0
      if (sure > 0) {
        this.push(held.subarray(0, sure))
        held = held.subarray(sure)
      }
      done()
    },
    flush(done) {
      done(begun && held.equals(after) ? null : cut(begun ? 'its end is missing' : 'it is not attached'))
    },
  })
}

const cut = (how: string): AppError =>
  new AppError('backup_damaged', `the output of the pod did not arrive whole: ${how}`, {
    action: 'Try again; where it persists, look at `kubectl exec` and what is between erlmcp and the pod.',
    retryable: true,
  })
