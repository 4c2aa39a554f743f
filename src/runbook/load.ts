/** The rim: pages from disk. Everything else in this folder is pure. */
import { readdir, readFile, realpath, stat } from 'node:fs/promises'
import nodePath from 'node:path'
import { AppError, messageOf } from '../base/error.ts'
import { MAX_PAGE_BYTES } from './decode.ts'
import type { Runbook } from './model.ts'
import { readRunbook } from './read.ts'

/** More files than this are not read; a warning says so. */
export const MAX_PAGES = 20_000
const PAGE = /\.(?:md|markdown|mdx)(?:\.erb)?$/i
const SKIPPED = new Set(['node_modules', '.git', '.hg', '.svn'])

export interface LoadedPage {
  /** Relative to the folder that was read, with `/`. */
  path: string
  /** The bytes as read, for hashing and for excerpts. */
  source: Uint8Array
  runbook: Runbook
}

export interface LoadFinding {
  path: string
  code: 'unreadable' | 'not_text' | 'too_large' | 'loop' | 'too_many' | 'broken_link'
  message: string
}

export interface LoadedPages {
  pages: LoadedPage[]
  findings: LoadFinding[]
}

/** A page as it lies on disk: its bytes, or why there are none. */
export interface LoadedFile {
  path: string
  content: Uint8Array | null
  problem: { code: LoadFinding['code']; message: string } | null
}

export interface LoadedFiles {
  files: LoadedFile[]
  /** What is wrong with folders; what is wrong with a page stands at the page. */
  findings: LoadFinding[]
}

/**
 * Reads every Markdown page below a folder, or the one file. Symbolic links are followed once; loops and files
 * that cannot be read become findings. Throws AppError `not_found` when `root` itself does not exist.
 */
export async function loadPages(root: string): Promise<LoadedPages> {
  const { files, findings } = await loadFiles(root)
  const found: LoadedPages = { pages: [], findings: [...findings] }
  for (const { path, content, problem } of files) {
    if (problem !== null) found.findings.push({ path, ...problem })
    if (content === null) continue
    try {
      found.pages.push({ path, source: content, runbook: readRunbook(content, { path }) })
    } catch (error) {
      const refused = error instanceof AppError
      found.findings.push({
        path,
        code: refused && error.code === 'unsupported' ? 'not_text' : 'unreadable',
        message: refused ? error.message : `The file cannot be read: ${messageOf(error)}`,
      })
    }
  }
  return found
}

/** The same without reading the pages as runbooks. */
export async function loadFiles(root: string): Promise<LoadedFiles> {
  const found: LoadedFiles = { files: [], findings: [] }
  const kind = await stat(root).catch((error: unknown) => {
    throw new AppError('not_found', `${root} cannot be read: ${messageOf(error)}`, {
      action: 'Check the path, and that this user may read it.',
      data: { path: root },
      cause: error,
    })
  })
  if (kind.isFile()) await addPage(root, nodePath.basename(root), found)
  else await addFolder({ root, folder: root, above: [], seen: new Set() }, found)
  found.files.sort((a, b) => (a.path < b.path ? -1 : 1))
  return found
}

interface Walk {
  root: string
  folder: string
  /** Real paths of the folders above: meeting one again is a loop. */
  above: string[]
  /** Real paths read already, so that a page linked twice is read once. */
  seen: Set<string>
}

async function addFolder(walk: Walk, found: LoadedFiles): Promise<void> {
  const relative = nodePath.relative(walk.root, walk.folder).split(nodePath.sep).join('/')
  try {
    const real = await realpath(walk.folder)
    if (walk.above.includes(real)) {
      found.findings.push({
        path: relative,
        code: 'loop',
        message: 'The folder links to a folder above itself; it is read once',
      })
      return
    }
    if (walk.seen.has(real)) return
    walk.seen.add(real)
    const entries = await readdir(walk.folder, { withFileTypes: true })
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      await addEntry(entry.name, { ...walk, above: [...walk.above, real] }, found)
    }
  } catch (error) {
    found.findings.push({
      path: relative,
      code: 'unreadable',
      message: `The folder cannot be read: ${messageOf(error)}`,
    })
  }
}

async function addEntry(name: string, walk: Walk, found: LoadedFiles): Promise<void> {
  const full = nodePath.join(walk.folder, name)
  const relative = nodePath.relative(walk.root, full).split(nodePath.sep).join('/')
  const kind = await stat(full).catch(() => null)
  if (kind === null) {
    if (PAGE.test(name)) {
      const problem = { code: 'broken_link', message: 'The file is gone, or a link to nowhere' } as const
      found.files.push({ path: relative, content: null, problem })
    }
  } else if (kind.isDirectory()) {
    if (!SKIPPED.has(name)) await addFolder({ ...walk, folder: full }, found)
  } else if (kind.isFile() && PAGE.test(name)) await addPage(full, relative, found)
}

async function addPage(full: string, relative: string, found: LoadedFiles): Promise<void> {
  if (found.files.length >= MAX_PAGES) {
    if (!found.findings.some((finding) => finding.code === 'too_many')) {
      found.findings.push({
        path: relative,
        code: 'too_many',
        message: `Only the first ${MAX_PAGES} pages are read`,
      })
    }
    return
  }
  const refuse = (code: LoadFinding['code'], message: string): void => {
    found.files.push({ path: relative, content: null, problem: { code, message } })
  }
  try {
    const { size } = await stat(full)
    if (size > MAX_PAGE_BYTES) {
      refuse('too_large', `The file has ${size} bytes; a page may have ${MAX_PAGE_BYTES}`)
      return
    }
    found.files.push({ path: relative, content: await readFile(full), problem: null })
  } catch (error) {
    refuse('unreadable', `The file cannot be read: ${messageOf(error)}`)
  }
}
