import type { Clock } from '../../base/clock.ts'
import type { Logger } from '../../base/log.ts'
import type { Database } from '../../db/index.ts'
import type { Runbook } from '../model.ts'
import type { ForgeSource } from './forge.ts'
import type { PageHead, ReadPage } from './head.ts'

/** A page as it is served, with the bytes a run keeps. */
export interface SourcedPage {
  /** Unique among all sources: with the source's name before it where another source has the same. */
  path: string
  contentHash: string
  /** `null` outside of git, and for a text that is in no commit. */
  commit: string | null
  content: Buffer
  runbook: Runbook
  source: string
  /** Below the source's folder. */
  sourcePath: string
  repositoryPath: string | null
  /** Other than at the commit that the folder's work tree stands on. */
  modified: boolean
}

/** What a source holds at a moment. */
export interface SourceView {
  pages: SourcedPage[]
  heads: Map<string, PageHead>
  forge: ForgeSource | null
}

export interface SourceDeps {
  database: Database
  clock: Clock
  log: Logger
  read: ReadPage
}

/** Reads pages, each text once: what was read before comes from memory. Lets others in between two pages. */
export function createPageCache(read: ReadPage): {
  get(path: string, contentHash: string, content: Uint8Array): Promise<Runbook>
  put(path: string, contentHash: string, runbook: Runbook): void
  keep(paths: ReadonlySet<string>): void
} {
  const known = new Map<string, { contentHash: string; runbook: Runbook }>()
  return {
    async get(path, contentHash, content) {
      const found = known.get(path)
      if (found?.contentHash === contentHash) return found.runbook
      await new Promise((resolve) => setImmediate(resolve))
      const runbook = read(content, path)
      known.set(path, { contentHash, runbook })
      return runbook
    },
    put(path, contentHash, runbook) {
      known.set(path, { contentHash, runbook })
    },
    keep(paths) {
      for (const path of known.keys()) if (!paths.has(path)) known.delete(path)
    },
  }
}
