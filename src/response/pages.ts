import { messageOf } from '../base/error.ts'
import { sha256 } from '../base/id.ts'
import type { Logger } from '../base/log.ts'
import { loadPages } from '../runbook/index.ts'
import type { Page } from './deps.ts'

const FRESH_MS = 2_000

/**
 * The pages of some folders as they are now, read again when the last reading is older than two seconds. A folder that
 * cannot be read keeps its last good pages.
 */
export function createPageSource(folders: readonly string[], log: Logger): () => Promise<Page[]> {
  const lastGood = new Map<string, Page[]>()
  let reading: Promise<Page[]> | null = null
  let readAt = 0
  const readAll = async (): Promise<Page[]> => {
    const all: Page[] = []
    for (const folder of folders) {
      try {
        lastGood.set(folder, await readFolder(folder, log))
      } catch (error) {
        log.error({ folder, err: messageOf(error) }, 'runbooks cannot be read; the last good ones stay')
      }
      all.push(...(lastGood.get(folder) ?? []))
    }
    return all
  }
  return () => {
    if (reading === null || performance.now() - readAt > FRESH_MS) {
      readAt = performance.now()
      reading = readAll()
    }
    return reading
  }
}

async function readFolder(folder: string, log: Logger): Promise<Page[]> {
  const { pages, findings } = await loadPages(folder)
  for (const finding of findings) log.warn({ folder, ...finding }, 'a page is left out')
  return pages.map(({ path: name, source, runbook }) => ({
    path: name,
    contentHash: sha256(source),
    commit: null,
    content: Buffer.from(source),
    runbook,
  }))
}
