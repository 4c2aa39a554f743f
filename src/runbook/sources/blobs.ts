import { readdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { AppError } from '../../base/error.ts'
import { MAX_PAGE_BYTES } from '../decode.ts'
import { FETCH_FLAGS, inClone } from './clone.ts'
import type { Clone } from './clone.ts'

/** What stands behind an object id: its bytes, or how many they are when a page may not have as many. */
export type BlobContent = { bytes: Buffer } | { tooLarge: number | null }

const BATCH = 2_000
const BATCH_BYTES = 32 * 1_048_576

/**
 * The contents of some objects, fetched in few requests where the clone does not have them. An object that the disk
 * limit does not allow is found by halving, and left out.
 */
export async function readBlobs(clone: Clone, blobs: readonly string[]): Promise<Map<string, BlobContent>> {
  const found = new Map<string, BlobContent>()
  const wanted = [...new Set(blobs)]
  for (let from = 0; from < wanted.length; from += BATCH) {
    await fetchBlobs(clone, wanted.slice(from, from + BATCH), found)
  }
  const sizes = await sizesOf(
    clone,
    wanted.filter((blob) => !found.has(blob)),
  )
  let batch: string[] = []
  let bytes = 0
  for (const [blob, size] of sizes) {
    if (size > MAX_PAGE_BYTES) {
      found.set(blob, { tooLarge: size })
      continue
    }
    if (bytes + size > BATCH_BYTES) {
      await readBatch(clone, batch, found)
      batch = []
      bytes = 0
    }
    batch.push(blob)
    bytes += size
  }
  await readBatch(clone, batch, found)
  return found
}

async function fetchBlobs(
  clone: Clone,
  blobs: readonly string[],
  found: Map<string, BlobContent>,
): Promise<void> {
  if (blobs.length === 0) return
  try {
    // as git itself fetches what a partial clone lacks, but all at once
    await inClone(
      clone,
      [
        '-c',
        'fetch.negotiationAlgorithm=noop',
        'fetch',
        ...FETCH_FLAGS,
        '--filter=blob:none',
        '--stdin',
        'origin',
      ],
      { input: `${blobs.join('\n')}\n`, fetches: true },
    )
  } catch (error) {
    if (!(error instanceof AppError) || error.code !== 'too_large') {
      // a server that refuses single objects sent everything with the branch; reading finds out
      if (error instanceof AppError && error.code === 'unavailable') return
      throw error
    }
    await removeUnfinished(clone)
    const [first = ''] = blobs
    if (blobs.length === 1) found.set(first, { tooLarge: null })
    else {
      const half = Math.ceil(blobs.length / 2)
      await fetchBlobs(clone, blobs.slice(0, half), found)
      await fetchBlobs(clone, blobs.slice(half), found)
    }
  }
}

/** What a fetch that was ended left behind: it would count as used space for ever. */
async function removeUnfinished(clone: Clone): Promise<void> {
  const packs = path.join(clone.folder, 'objects', 'pack')
  for (const name of await readdir(packs).catch(() => [])) {
    if (name.startsWith('tmp_')) await rm(path.join(packs, name), { force: true })
  }
}

async function sizesOf(clone: Clone, blobs: readonly string[]): Promise<Map<string, number>> {
  if (blobs.length === 0) return new Map()
  const listed = await inClone(
    clone,
    ['cat-file', '--batch-check=%(objectname) %(objecttype) %(objectsize)'],
    {
      input: `${blobs.join('\n')}\n`,
      fetches: true,
    },
  )
  const sizes = new Map<string, number>()
  for (const line of listed.toString('utf8').split('\n')) {
    const [blob = '', type, size] = line.split(' ')
    if (type === 'blob') sizes.set(blob, Number(size))
  }
  if (sizes.size < new Set(blobs).size) throw incomplete()
  return sizes
}

async function readBatch(
  clone: Clone,
  blobs: readonly string[],
  found: Map<string, BlobContent>,
): Promise<void> {
  if (blobs.length === 0) return
  const output = await inClone(clone, ['cat-file', '--batch'], {
    input: `${blobs.join('\n')}\n`,
    fetches: true,
  })
  let at = 0
  for (const blob of blobs) {
    const end = output.indexOf(0x0a, at)
    const [name, type, size] = output.toString('latin1', at, end).split(' ')
    if (end === -1 || name !== blob || type !== 'blob') throw incomplete()
    const start = end + 1
    found.set(blob, { bytes: Buffer.from(output.subarray(start, start + Number(size))) })
    at = start + Number(size) + 1
  }
}

const incomplete = (): AppError =>
  new AppError('unavailable', 'the repository did not give all contents that it names', {
    action: 'It is tried again.',
    retryable: true,
  })
