import { createHash } from 'node:crypto'
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { readStatusPage, statusFiles } from '../communication/index.ts'
import type { StatusSettings } from '../communication/index.ts'
import type { Database } from '../db/index.ts'
import type { PublicStatus } from '../http/index.ts'
import { loopDuty } from './loop.ts'
import type { AppOptions, Duty } from './options.ts'

const LOOK_EVERY_MS = 2_000
const TYPES: Readonly<Record<string, string>> = {
  'index.html': 'text/html; charset=utf-8',
  'style.css': 'text/css; charset=utf-8',
  'atom.xml': 'application/atom+xml; charset=utf-8',
  'rss.xml': 'application/rss+xml; charset=utf-8',
  'status.json': 'application/json; charset=utf-8',
}

export const statusSettings = ({ statusPage, http }: Config): StatusSettings => ({
  title: statusPage.title,
  url: statusPage.url ?? (http.publicUrl === null ? null : `${http.publicUrl.replace(/\/$/, '')}/status`),
  components: statusPage.components,
  keptDays: statusPage.keptDays,
})

/**
 * Keeps the public page written, in memory and as files in the data folder, whenever what it tells has changed. While the
 * database is away the last one stays; it is there again before the database is.
 * @returns what is served, `null` where the page is not public.
 */
export function publishStatus(
  options: AppOptions,
  clock: Clock,
  database: Database,
): { page: PublicStatus | null; duties: Duty[] } {
  if (!options.config.statusPage.public) return { page: null, duties: [] }
  const folder = path.join(options.config.dataDir, 'status-page')
  const files = new Map<string, { body: Buffer; type: string; etag: string; writtenAt: Date }>()
  const put = (name: string, body: Buffer, writtenAt: Date): boolean => {
    const type = TYPES[name]
    const etag = `"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`
    if (type === undefined || files.get(name)?.etag === etag) return false
    files.set(name, { body, type, etag, writtenAt })
    return true
  }
  const look = async (): Promise<boolean> => {
    const at = clock.now()
    const written = statusFiles(await readStatusPage(database.kysely, at, statusSettings(options.config)))
    // all of it at once: page and feeds tell the same
    const changed = Object.entries(written).filter(([name, text]) => put(name, Buffer.from(text), at))
    for (const [name, text] of changed) await keep(folder, name, text)
    return false
  }
  const loop = loopDuty({
    name: 'status page',
    everyMs: LOOK_EVERY_MS,
    log: options.log,
    look,
  })
  const duty: Duty = {
    ...loop,
    async start() {
      for (const name of Object.keys(TYPES)) await loadLast(folder, name, put)
      await loop.start()
    },
  }
  return { page: { file: (name) => files.get(name) ?? null }, duties: [duty] }
}

async function loadLast(
  folder: string,
  name: string,
  put: (name: string, body: Buffer, writtenAt: Date) => boolean,
): Promise<void> {
  const file = path.join(folder, name)
  const body = await readFile(file).catch(() => null)
  if (body !== null) put(name, body, (await stat(file)).mtime)
}

/** Written whole or not at all. */
async function keep(folder: string, name: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true })
  const file = path.join(folder, name)
  await writeFile(`${file}.new`, text)
  await rename(`${file}.new`, file)
}
