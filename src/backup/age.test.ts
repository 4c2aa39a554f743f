import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import type { Duplex } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { Decrypter, Encrypter } from 'age-encryption'
import * as fc from 'fast-check'
import { beforeAll, expect, test } from 'vitest'
import { decryptWith, encryptFor, generateKey } from './age.ts'

let key: { identity: string; recipient: string }
beforeAll(async () => {
  key = await generateKey()
})

async function through(stream: Duplex, parts: Iterable<Buffer>): Promise<Buffer> {
  const out: Buffer[] = []
  stream.on('data', (part: Buffer) => out.push(part))
  await pipeline(Readable.from(parts), stream)
  return Buffer.concat(out)
}

const cut = (data: Buffer, size: number): Buffer[] =>
  Array.from({ length: Math.ceil(data.length / size) }, (_, at) => data.subarray(at * size, (at + 1) * size))

test.each([0, 1, 65_535, 65_536, 65_537, 131_072, 300_001])(
  'what is encrypted here is opened by the library of the format, and back: %i bytes',
  async (size) => {
    const plain = randomBytes(size)
    const ours = await through(await encryptFor([key.recipient]), cut(plain, 10_007))
    const decrypter = new Decrypter()
    decrypter.addIdentity(key.identity)
    expect(Buffer.from(await decrypter.decrypt(ours)).equals(plain)).toBe(true)
    const encrypter = new Encrypter()
    encrypter.addRecipient(key.recipient)
    const theirs = Buffer.from(await encrypter.encrypt(plain))
    expect((await through(decryptWith([key.identity]), cut(theirs, 777))).equals(plain)).toBe(true)
  },
)

test('a changed byte anywhere, and a missing end, are found', async () => {
  const sealed = await through(await encryptFor([key.recipient]), [randomBytes(70_000)])
  const position = fc.nat({ max: sealed.length - 1 })
  await fc.assert(
    fc.asyncProperty(position, fc.integer({ min: 1, max: 255 }), fc.boolean(), async (at, by, whole) => {
      const bad = whole ? Buffer.from(sealed) : sealed.subarray(0, at)
      if (whole) bad[at] = (bad[at] ?? 0) ^ by
      await expect(through(decryptWith([key.identity]), [bad])).rejects.toMatchObject({
        code: expect.stringMatching(/^backup_(damaged|key)$/),
      })
    }),
    { numRuns: 25 },
  )
})

test('another key is told apart from damage', async () => {
  const sealed = await through(await encryptFor([key.recipient]), [Buffer.from('rows')])
  const other = await generateKey()
  await expect(through(decryptWith([other.identity]), [sealed])).rejects.toMatchObject({ code: 'backup_key' })
})
