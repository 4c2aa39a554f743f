import { createReadStream } from 'node:fs'
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { unwritable } from '../seal.ts'
import type { BackupStore, StoredObject } from '../store.ts'

const PARTIAL = '.partial'

export function folderStore(folder: string): BackupStore {
  const at = (key: string): string => {
    const file = path.resolve(folder, key)
    if (file.startsWith(`${path.resolve(folder)}${path.sep}`)) return file
    throw new AppError('input_invalid', `${JSON.stringify(key)} is outside of ${folder}`, {
      action: 'Use a key of the list.',
    })
  }
  return {
    where: `folder ${folder}`,
    spool: path.join(folder, PARTIAL),
    async put(file, key) {
      const target = at(key)
      try {
        await mkdir(path.dirname(target), { recursive: true, mode: 0o700 })
        await moveTo(file, target)
        await syncFolder(path.dirname(target))
      } catch (error) {
        throw unwritable(target, error)
      }
    },
    async open(key) {
      const file = at(key)
      await stat(file).catch(() => {
        throw new AppError('not_found', `${file} does not exist`, {
          action: 'It was removed by hand, or the folder is not mounted.',
        })
      })
      return createReadStream(file)
    },
    async list(prefix) {
      const base = path.dirname(at(`${prefix}x`))
      const names = await readdir(base, { withFileTypes: true }).catch(() => [])
      const found: StoredObject[] = []
      for (const entry of names) {
        const key = path.posix.join(path.posix.dirname(`${prefix}x`), entry.name)
        if (entry.isFile() && key.startsWith(prefix))
          found.push({ key, sizeBytes: (await stat(at(key))).size })
      }
      return found.toSorted((a, b) => (a.key < b.key ? -1 : 1))
    },
    async remove(key) {
      await rm(at(key), { force: true })
      return true
    },
  }
}

/** By rename; from another file system by a copy that is renamed when it is whole and synced. */
async function moveTo(file: string, target: string): Promise<void> {
  try {
    await rename(file, target)
    return
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EXDEV') throw error
  }
  const copy = `${target}${PARTIAL}`
  await copyFile(file, copy)
  await syncFile(copy, 'r+')
  await rename(copy, target)
  await rm(file, { force: true })
}

const syncFolder = (folder: string): Promise<void> => syncFile(folder, 'r')

async function syncFile(file: string, flags: string): Promise<void> {
  const handle = await open(file, flags)
  try {
    await handle.sync()
  } finally {
    await handle.close()
  }
}
