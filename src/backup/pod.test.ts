import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { between } from './pod.ts'

const WORD = '6f1c2d3e'

async function read(data: Buffer, size: number): Promise<Buffer> {
  const parts = Array.from({ length: Math.ceil(data.length / size) }, (_, at) =>
    data.subarray(at * size, (at + 1) * size),
  )
  const out: Buffer[] = []
  const stream = between(WORD)
  stream.on('data', (part: Buffer) => out.push(part))
  await pipeline(Readable.from(parts), stream)
  return Buffer.concat(out)
}

test('what a pod writes comes out as it went in, however it is cut; a missing piece at an end is found', async () => {
  const body = fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes))
  await fc.assert(
    fc.asyncProperty(
      body,
      fc.integer({ min: 1, max: 40 }),
      fc.integer({ min: 1, max: 9 }),
      async (data, size, less) => {
        const whole = Buffer.concat([Buffer.from(`${WORD}\n`), data, Buffer.from(`\n${WORD}\n`)])
        expect((await read(whole, size)).equals(data)).toBe(true)
        await expect(read(whole.subarray(0, -less), size)).rejects.toMatchObject({ code: 'backup_damaged' })
        await expect(read(whole.subarray(less), size)).rejects.toMatchObject({ code: 'backup_damaged' })
      },
    ),
    { numRuns: 40 },
  )
})
