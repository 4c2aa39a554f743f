import { AppError } from '../../base/error.ts'
import { MAX_PAGES } from '../load.ts'
import { HEAD_REF, inClone } from './clone.ts'
import type { Clone } from './clone.ts'
import { isPageName, pathProblem } from './page-path.ts'

export interface TreeFile {
  /** Below the source's folder. */
  path: string
  blob: string
}

export interface SourceFinding {
  path: string
  message: string
}

/** The pages of the branch as it is now, and what was not taken as one. */
export async function listTree(
  clone: Clone,
  folder: string,
): Promise<{ files: TreeFile[]; findings: SourceFinding[] }> {
  const listed = await inClone(clone, ['ls-tree', '-r', '-z', `${HEAD_REF}:${folder}`]).catch(
    (error: unknown) => {
      const missing =
        error instanceof AppError &&
        /not a tree|Not a valid object|does not exist|not in/i.test(error.message)
      if (!missing) throw error
      throw new AppError('not_found', `the branch has no folder ${JSON.stringify(folder)}`, {
        action: 'Set `path` of the source, or bring the folder back.',
        cause: error,
      })
    },
  )
  const files: TreeFile[] = []
  const findings: SourceFinding[] = []
  for (const entry of splitNul(listed)) {
    const tab = entry.indexOf('\t')
    const [mode = '', type = '', blob = ''] = entry.slice(0, tab).split(' ')
    const { text, valid } = decodeName(entry.slice(tab + 1))
    if (type !== 'blob' || !isPageName(text)) continue
    const problem = valid ? pathProblem(text) : 'its name is not UTF-8'
    if (problem !== null) findings.push({ path: text, message: `The page is left out: ${problem}` })
    else if (mode === '120000') {
      findings.push({
        path: text,
        message: 'A symbolic link is not followed; the page it leads to is read in its own place',
      })
    } else if (files.length >= MAX_PAGES) {
      findings.push({ path: text, message: `Only the first ${MAX_PAGES} pages are read` })
      break
    } else files.push({ path: text, blob })
  }
  return { files, findings }
}

export interface PastRevision {
  path: string
  /** `null`: the page was removed. */
  blob: string | null
  commit: string
  committedAt: Date
  author: string
  subject: string
}

/** What the last commits of the branch, as it went from state to state, did to its pages; newest first. */
export async function listRevisions(clone: Clone, folder: string, depth: number): Promise<PastRevision[]> {
  const output = await inClone(clone, [
    'log',
    '-z',
    '--raw',
    '--no-abbrev',
    '--no-renames',
    '--no-ext-diff',
    '--first-parent',
    '--diff-merges=first-parent',
    '--no-show-signature',
    `--max-count=${depth}`,
    '--format=%x01%H%x00%ct%x00%an%x00%s',
    HEAD_REF,
    '--',
    ...(folder === '' ? [] : [folder]),
  ])
  const prefix = folder === '' ? '' : `${folder}/`
  const revisions: PastRevision[] = []
  // an author or a subject may be empty: here every place counts
  const tokens = output.toString('latin1').split('\0')
  let commit: Omit<PastRevision, 'path' | 'blob'> | null = null
  for (let index = 0; index < tokens.length; index += 1) {
    const token = tokens[index] ?? ''
    if (token.startsWith('\u0001')) {
      const [seconds, author, subject] = tokens
        .slice(index + 1, index + 4)
        .map((each) => decodeName(each).text)
      commit = {
        commit: token.slice(1),
        committedAt: new Date(Number(seconds) * 1_000),
        author: oneLine(author ?? '', 200),
        subject: oneLine(subject ?? '', 500),
      }
      index += 3
      continue
    }
    const change = /^\n?:(\d{6}) (\d{6}) [0-9a-f]+ ([0-9a-f]+) [A-Z]\d*$/.exec(token)
    if (change === null || commit === null) continue
    index += 1
    const { text, valid } = decodeName(tokens[index] ?? '')
    if (!valid || !text.startsWith(prefix)) continue
    const path = text.slice(prefix.length)
    if (!isPageName(path) || pathProblem(path) !== null) continue
    const [, before = '', after = '', blob = ''] = change
    if (isFile(after)) revisions.push({ ...commit, path, blob })
    else if (isFile(before)) revisions.push({ ...commit, path, blob: null })
  }
  return revisions
}

/** A mode of git's: no link, no other repository. */
const isFile = (mode: string): boolean => mode.startsWith('100')

/** When the branch's last commit was made. */
export async function headCommittedAt(clone: Clone): Promise<Date> {
  const text = await inClone(clone, ['log', '-1', '--format=%ct', HEAD_REF])
  return new Date(Number(text.toString('utf8').trim()) * 1_000)
}

/** Names are bytes to git; latin1 keeps them apart from what they may mean. */
const splitNul = (bytes: Buffer): string[] =>
  bytes
    .toString('latin1')
    .split('\0')
    .filter((entry) => entry !== '')

function decodeName(latin1: string): { text: string; valid: boolean } {
  const bytes = Buffer.from(latin1, 'latin1')
  try {
    return { text: new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes), valid: true }
  } catch {
    return { text: bytes.toString('utf8'), valid: false }
  }
}

// oxlint-disable-next-line no-control-regex
const oneLine = (text: string, max: number): string =>
  text
    .replaceAll(/[\u0000-\u001f\u007f]+/g, ' ')
    .trim()
    .slice(0, max)
