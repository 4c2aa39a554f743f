import { readFile } from 'node:fs/promises'
import path from 'node:path'
import { AppError, messageOf } from '../base/error.ts'
import { loadCommandGrammars } from '../command/index.ts'
import { loadPages, readRunbook } from '../runbook/index.ts'
import type { LoadedPage } from '../runbook/index.ts'
import type { CliDeps } from './program.ts'

/** Reads one page from disk. */
export async function readPage(file: string): Promise<LoadedPage> {
  await loadCommandGrammars()
  const source = await readBytes(file)
  return { path: file, source, runbook: readRunbook(source, { path: path.basename(file) }) }
}

/** Reads the pages below a folder, or one file; what cannot be read is said on standard error. */
export async function readPages(root: string, deps: Pick<CliDeps, 'writeError'>): Promise<LoadedPage[]> {
  await loadCommandGrammars()
  const { pages, findings } = await loadPages(root)
  for (const finding of findings) deps.writeError(`${finding.path}: ${finding.message}\n`)
  return pages
}

/** Reads a text file. */
export const readText = async (file: string): Promise<string> =>
  Buffer.from(await readBytes(file)).toString('utf8')

async function readBytes(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file)
  } catch (error) {
    throw new AppError('not_found', `${file} cannot be read: ${messageOf(error)}`, {
      action: 'Check the path, and that this user may read it.',
      cause: error,
    })
  }
}
