import { access, constants, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { ExecuteRequest } from '../model.ts'
import { MARKER } from './process-table.ts'
import { parseState, restoreStatements, saveStatements, takeState } from './shell-state.ts'

/** What one command needs on disk, and where it runs. */
export interface CommandFolder {
  path: string
  /** The script, as bash names it in its messages. */
  script: string
  cwd: string
  bash: string
  environment: Record<string, string>
}

const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'
const BASHES = ['/bin/bash', '/usr/bin/bash', '/usr/local/bin/bash', '/opt/homebrew/bin/bash']
const MAX_STATE_FILE_BYTES = 8 * 1_048_576
/** Exit code of the prelude when erlmcp ended before the script might begin. */
const NOT_RELEASED = 125

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** Variables that change which program runs or what bash does; a value from an alert must not reach them. */
const NOT_AN_INPUT =
  /^(?:PATH|HOME|PWD|OLDPWD|IFS|ENV|SHELLOPTS|CDPATH|GLOBIGNORE|PROMPT_COMMAND|PS[0-4]|TERM|PAGER|LANG|LC_.*|LD_.*|DYLD_.*|BASH.*|ERLMCP_EXECUTION_ID|__erlmcp.*|NODE_OPTIONS|PYTHON.*|PERL.*|RUBY.*|GIT_.*|EDITOR|VISUAL|KUBECONFIG)$/

/** Writes the script and its prelude. Throws with the reason why the command cannot start. */
export async function prepareFolder(scratchDir: string, request: ExecuteRequest): Promise<CommandFolder> {
  refuseUnusable(request)
  const bash = await firstExecutable(BASHES)
  if (bash === null) throw new Error('this host has no bash')
  const state = request.shellState === null ? null : parseState(request.shellState)
  if (request.shellState !== null && state === null) {
    throw new Error('the state left by the command before it cannot be read')
  }
  await mkdir(scratchDir, { recursive: true, mode: 0o700 })
  const cwd = state?.cwd ?? scratchDir
  // elsewhere a relative path would mean other files
  if (!(await isFolder(cwd))) {
    throw new Error(`the working directory of the command before it, ${cwd}, is not there any more`)
  }
  const folder = path.join(scratchDir, '.erlmcp', request.executionId)
  const script = path.join(folder, 'command')
  const prelude = path.join(folder, 'prelude')
  const given = new Set([...Object.keys(request.inputs), ...Object.keys(request.environment)])
  const restore = state === null ? '' : restoreStatements(state, given)
  await rm(folder, { recursive: true, force: true })
  await mkdir(folder, { recursive: true, mode: 0o700 })
  await Promise.all([
    writeFile(script, request.script, { mode: 0o600 }),
    writeFile(prelude, preludeOf(restore, path.join(folder, 'state')), { mode: 0o600 }),
  ])
  return { path: folder, script, cwd, bash, environment: environmentOf(scratchDir, request, cwd, prelude) }
}

function refuseUnusable({ script, inputs, environment, executionId }: ExecuteRequest): void {
  if (!/^[A-Za-z0-9_.-]{1,128}$/.test(executionId))
    throw new Error(`${executionId} is no name of an execution`)
  if (script.includes('\0')) throw new Error('the command holds a NUL character')
  for (const [name, value] of Object.entries({ ...environment, ...inputs })) {
    if (!NAME.test(name)) throw new Error(`${name} is no name of a variable`)
    if (value.includes('\0')) throw new Error(`the value of ${name} holds a NUL character`)
  }
  const forbidden = Object.keys(inputs).find((name) => NOT_AN_INPUT.test(name))
  if (forbidden !== undefined)
    throw new Error(`${forbidden} cannot be an input: it changes what a command means`)
}

/** Sourced by bash before the script, which stays the main program: line numbers, `$0` and `exit` are its own. */
const preludeOf = (restore: string, stateFile: string): string => `unset BASH_ENV
IFS= read -r -u 3 __erlmcp_go || exit ${NOT_RELEASED}
exec 3<&-
unset __erlmcp_go
umask 077
${saveStatements(stateFile)}
${restore}
`

const environmentOf = (
  scratchDir: string,
  request: ExecuteRequest,
  cwd: string,
  prelude: string,
): Record<string, string> => ({
  PATH: DEFAULT_PATH,
  LANG: 'C.UTF-8',
  HOME: scratchDir,
  TERM: 'dumb',
  NO_COLOR: '1',
  PAGER: 'cat',
  ...request.environment,
  ...request.inputs,
  PWD: cwd,
  BASH_ENV: prelude,
  [MARKER]: request.executionId,
})

/** When bash could not write its state (killed, `exec`), what the next command gets is what this one got. */
export async function stateAfter(
  folder: CommandFolder,
  request: ExecuteRequest,
): Promise<{ shellState: string | null; lost: string | null }> {
  const file = path.join(folder.path, 'state')
  const size = await stat(file)
    .then((found) => found.size)
    .catch(() => null)
  if (size === null) return { shellState: request.shellState, lost: null }
  if (size > MAX_STATE_FILE_BYTES)
    return {
      shellState: request.shellState,
      lost: 'variables and functions are too large to be kept for the next command',
    }
  const taken = takeState(
    await readFile(file, 'utf8'),
    folder.environment,
    new Set(Object.keys(request.environment)),
  )
  // half written: the disk is full
  if (taken === null) {
    const lost = 'variables and directory could not be written; the next command gets those from before'
    return { shellState: request.shellState, lost }
  }
  const lost =
    taken.dropped.length === 0
      ? null
      : `too large to be kept for the next command: ${taken.dropped.join(', ')}`
  return { shellState: JSON.stringify(taken.state), lost }
}

const isFolder = (name: string): Promise<boolean> =>
  stat(name).then(
    (found) => found.isDirectory(),
    () => false,
  )

async function firstExecutable(names: readonly string[]): Promise<string | null> {
  for (const name of names) {
    const there = await access(name, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (there) return name
  }
  return null
}
