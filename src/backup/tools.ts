import { readdir } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../base/error.ts'
import { runProgram, startProgram } from './process.ts'
import type { RunningProgram } from './process.ts'
import { libpqEnvironment } from './session.ts'

export interface Tools {
  dump: string
  restore: string
  major: number
}

const ASK_LIMIT_MS = 10_000
/** Where packages of Debian, Red Hat and Homebrew put each version. */
const PARENTS = ['/usr/lib/postgresql', '/usr', '/opt/homebrew/opt', '/usr/local/opt', '/Library/PostgreSQL']

/**
 * pg_dump and pg_restore for a server: the lowest major that is not older than it. An older pg_dump refuses the server;
 * what a newer one writes, the server may not understand.
 * @param searchPath folders to look in first, then PATH
 * @throws AppError `tools_missing`
 */
export async function findTools(serverMajor: number, searchPath: readonly string[]): Promise<Tools> {
  const found: Tools[] = []
  for (const folder of [...searchPath, ...(await installedFolders())]) {
    const major = await majorIn(folder)
    if (major !== null)
      found.push({ major, dump: path.join(folder, 'pg_dump'), restore: path.join(folder, 'pg_restore') })
  }
  const fitting = chooseTools(serverMajor, found)
  if (fitting !== null) return fitting
  const had = [...new Set(found.map(({ major, dump }) => `${major} (${dump})`))]
  throw new AppError(
    'tools_missing',
    `the server is PostgreSQL ${serverMajor}; no pg_dump ${serverMajor} or newer was found, only ${had.length === 0 ? 'none' : had.join(', ')}`,
    {
      action: `Install postgresql-client-${serverMajor} (apt.postgresql.org has every version), name its folder in \`backup.toolsFolders\`, or let the target use the tools in the database's pod (\`pod\`).`,
      data: { serverMajor, found: had },
    },
  )
}

export const chooseTools = (serverMajor: number, found: readonly Tools[]): Tools | null =>
  found.filter(({ major }) => major >= serverMajor).toSorted((a, b) => a.major - b.major)[0] ?? null

async function installedFolders(): Promise<string[]> {
  const folders: string[] = []
  for (const parent of PARENTS) {
    const names = await readdir(parent).catch(() => [])
    for (const name of names.filter((each) => /^(\d+|pgsql-\d+|postgresql@\d+|libpq)$/.test(each)))
      folders.push(path.join(parent, name, 'bin'))
  }
  return folders
}

async function majorIn(folder: string): Promise<number | null> {
  const versions = await Promise.all(
    ['pg_dump', 'pg_restore'].map(async (tool) => {
      const run = { file: path.join(folder, tool), args: ['--version'], env: { LC_ALL: 'C' } }
      return runProgram({ ...run, signal: AbortSignal.timeout(ASK_LIMIT_MS) }, ASK_LIMIT_MS).then(
        majorOfVersion,
        () => null,
      )
    }),
  )
  const [dump, restore] = versions
  return dump !== undefined && dump === restore ? dump : null
}

/** `pg_dump (PostgreSQL) 15.18 (Debian …)` → 15 */
export const majorOfVersion = (text: string): number | null => {
  const found = /\(PostgreSQL\) (\d+)/.exec(text)
  return found === null ? null : Number(found[1])
}

/** How pg_dump and pg_restore are started: on this machine, or where the database runs. */
export interface ToolRunner {
  find(serverMajor: number): Promise<Tools>
  /** The address goes by the environment, or over standard input: it holds a password. */
  start(
    tool: 'dump' | 'restore',
    tools: Tools,
    args: readonly string[],
    url: string,
    signal: AbortSignal,
  ): RunningProgram
}

export const localTools = (searchPath: readonly string[]): ToolRunner => ({
  find: (serverMajor) => findTools(serverMajor, searchPath),
  start: (tool, tools, args, url, signal) =>
    startProgram({ file: tools[tool], args, env: libpqEnvironment(url), signal }),
})
