import path from 'node:path'
import type { PageSourceConfig } from '../../base/config-sources.ts'
import { delay } from '../../base/clock.ts'
import { AppError, messageOf } from '../../base/error.ts'
import type { Clock } from '../../base/clock.ts'
import { newUuid } from '../../base/id.ts'
import type { Logger } from '../../base/log.ts'
import type { Database } from '../../db/index.ts'
import { readRunbook } from '../read.ts'
import { createFolderSource } from './folder-source.ts'
import { forgeLink } from './forge.ts'
import { readSecret } from './git-access.ts'
import { createGitSource } from './git-source.ts'
import type { GitSource } from './git-source.ts'
import { readGitUrl } from './git-url.ts'
import { createPoller } from './poller.ts'
import type { PageHead, ReadPage } from './head.ts'
import type { SourcedPage, SourceView } from './source.ts'
import { loadStatuses } from './status.ts'
import type { SourceStatus } from './status.ts'
import { ensureSource } from './store.ts'
import { concernsBranch, isSigned } from './webhook.ts'
import type { Headers } from './webhook.ts'

export interface PageServiceOptions {
  database: Database
  clock: Clock
  log: Logger
  /** In the order in which they win where two have the same page. */
  sources: readonly PageSourceConfig[]
  /** Clones of repositories are kept below. */
  dataDir: string
  read?: ReadPage
}

/** Where a page stands, for the catalogue. */
export interface CataloguedPage {
  source: string
  head: PageHead
  /** `null`: no revision of it was good yet. */
  page: SourcedPage | null
}

export interface PageService {
  /** The pages that are served, at most two seconds old for folders. */
  pages(): Promise<SourcedPage[]>
  catalogue(): Promise<CataloguedPage[]>
  statuses(): Promise<SourceStatus[]>
  /** Reads a source now and waits for it, at most 20 seconds. @throws AppError `not_found` */
  refresh(name: string): Promise<SourceStatus>
  /**
   * A push that the forge announces: polls at once.
   * @throws AppError `unauthenticated` for a wrong signature, and alike for a source that is unknown or has no secret
   */
  receivePush(name: string, headers: Headers, body: Uint8Array): Promise<'polling' | 'ignored'>
  /** The line of a page in its forge; `null` where there is none. */
  link(
    source: string,
    commit: string | null,
    repositoryPath: string | null,
    line: number | null,
  ): string | null
  /** Begins to poll repositories. */
  start(): void
  stop(): Promise<void>
}

const FRESH_MS = 2_000
const REFRESH_WAIT_MS = 20_000

/** The pages of all configured sources. @throws AppError `input_invalid` for an address that git may not be given */
export function createPageService(options: PageServiceOptions): PageService {
  const { database, clock, log, sources } = options
  const read = options.read ?? ((content: Uint8Array, name: string) => readRunbook(content, { path: name }))
  const deps = { database, clock, log, read }
  const gitDeps = { ...deps, cloneDir: path.join(options.dataDir, 'sources') }
  for (const source of sources) if (source.kind === 'git') readGitUrl(source.url)
  const readers = sources.map((source) => {
    if (source.kind === 'folder') {
      const folder = createFolderSource(deps, source)
      return { config: source, git: null, view: () => folder.read() }
    }
    const git = createGitSource(gitDeps, source)
    return { config: source, git, view: () => git.view() }
  })
  const lastView = new Map<string, SourceView>()
  let reading: Promise<void> | null = null
  let readAt = Number.NEGATIVE_INFINITY
  let known = false

  const ensure = async (): Promise<void> => {
    if (known) return
    for (const source of sources) await ensureSource(database, clock.now(), source)
    known = true
  }
  const readAll = async (): Promise<void> => {
    for (const { config, view } of readers) {
      try {
        lastView.set(config.name, await view())
      } catch (error) {
        log.error(
          { source: config.name, err: messageOf(error) },
          'pages cannot be loaded; the last ones stay',
        )
      }
    }
  }
  const fresh = async (): Promise<void> => {
    if (reading === null && performance.now() - readAt > FRESH_MS) {
      reading = readAll().finally(() => {
        readAt = performance.now()
        reading = null
      })
    }
    await reading
  }
  const readAgain = async (): Promise<void> => {
    await reading
    readAt = Number.NEGATIVE_INFINITY
    await fresh()
  }
  const gits = readers.flatMap(({ git }) => git ?? [])
  const poller = createPoller(gits, ensure, log)

  /** Another replica may be at it; then its result is waited for. */
  const pollUntilDone = async (git: GitSource): Promise<void> => {
    await poller.poll(git)
    for (let tries = 0; tries < REFRESH_WAIT_MS / 500; tries += 1) {
      const row = await database.kysely
        .selectFrom('page_source')
        .select('poller')
        .where('name', '=', git.config.name)
        .executeTakeFirst()
      if (row?.poller == null) return
      await delay(500)
    }
  }

  const service: PageService = {
    async pages() {
      await fresh()
      return unite(readers.map(({ config }) => lastView.get(config.name)))
    },
    async catalogue() {
      const served = new Map(
        (await service.pages()).map((page) => [`${page.source}\n${page.sourcePath}`, page]),
      )
      return readers.flatMap(({ config }) =>
        [...(lastView.get(config.name)?.heads.values() ?? [])].map((head) => ({
          source: config.name,
          head,
          page: served.get(`${config.name}\n${head.path}`) ?? null,
        })),
      )
    },
    async statuses() {
      await ensure()
      await fresh()
      return loadStatuses(database, sources)
    },
    async refresh(name) {
      const reader = readers.find(({ config }) => config.name === name)
      if (reader === undefined) {
        throw new AppError('not_found', `there is no source ${JSON.stringify(name.slice(0, 100))}`, {
          action: 'List them with `erlmcp source list`.',
        })
      }
      await ensure()
      if (reader.git !== null) {
        await request(database, clock.now(), name)
        await within(REFRESH_WAIT_MS, pollUntilDone(reader.git))
      }
      await readAgain()
      const found = (await service.statuses()).find((status) => status.name === name)
      if (found === undefined) throw new Error(`source ${name} has no row`)
      return found
    },
    async receivePush(name, headers, body) {
      const git = readers.find(({ config }) => config.name === name)?.git ?? null
      const secret = await secretOf(git, log)
      // the same work and the same answer whether the source exists or not
      const signed = isSigned(secret ?? newUuid(), headers, body, git?.config.forge ?? null)
      if (git === null || secret === null || !signed) {
        throw new AppError('unauthenticated', 'the signature of the webhook is missing or wrong', {
          action: "Set the webhook's secret to the content of the source's `webhookSecretFile`.",
        })
      }
      if (!concernsBranch(headers, body, git.config.branch)) return 'ignored'
      await ensure()
      await request(database, clock.now(), name)
      void poller
        .poll(git)
        .catch((error: unknown) => log.error({ source: name, err: messageOf(error) }, 'a poll failed'))
      return 'polling'
    },
    link(source, commit, repositoryPath, line) {
      const forge = lastView.get(source)?.forge ?? null
      if (forge === null || commit === null || repositoryPath === null) return null
      return forgeLink(forge, commit, repositoryPath, line)
    },
    start() {
      poller.start()
    },
    stop: () => poller.stop(),
  }
  return service
}

/** The folders of the configuration's `runbooks` as sources, named after themselves. */
export function folderSources(folders: readonly string[], taken: readonly string[]): PageSourceConfig[] {
  const names = new Set(taken)
  return folders.map((folder) => {
    const base =
      path
        .basename(folder)
        .toLowerCase()
        .replaceAll(/[^a-z0-9]+/g, '-')
        .replaceAll(/^-+|-+$/g, '')
        .slice(0, 50) || 'runbooks'
    let name = base
    for (let number = 2; names.has(name); number += 1) name = `${base}-${number}`
    names.add(name)
    return { name, kind: 'folder', path: folder }
  })
}

/** All pages, the first of two with the same path under it, the other with its source's name before. */
function unite(views: readonly (SourceView | undefined)[]): SourcedPage[] {
  const taken = new Set<string>()
  return views.flatMap((view) => {
    const pages = (view?.pages ?? []).map((page) =>
      taken.has(page.path) ? { ...page, path: `${page.source}/${page.sourcePath}` } : page,
    )
    for (const page of pages) taken.add(page.path)
    return pages
  })
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const waiting = new AbortController()
  const limit = delay(ms, waiting.signal).catch(() => undefined)
  await Promise.race([work, limit]).finally(() => waiting.abort())
}

async function request(database: Database, at: Date, name: string): Promise<void> {
  await database.kysely
    .updateTable('page_source')
    .set({ requested_at: at, next_poll_at: at })
    .where('name', '=', name)
    .execute()
}

async function secretOf(git: GitSource | null, log: Logger): Promise<string | null> {
  const file = git?.config.webhookSecretFile ?? null
  if (file === null) return null
  try {
    return await readSecret(file)
  } catch (error) {
    log.error(
      { source: git?.config.name, err: messageOf(error) },
      'webhooks of this source cannot be checked',
    )
    return null
  }
}
