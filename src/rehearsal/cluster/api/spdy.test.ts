import { expect, test } from 'vitest'
import { createDeflate, constants } from 'node:zlib'
import { DICTIONARY, SpdyConnection } from './spdy.ts'
import type { SpdyStream } from './spdy.ts'

test('the header dictionary is the one that clients name by its checksum', () => {
  let [low, high] = [1, 0]
  for (const byte of DICTIONARY) {
    low = (low + byte) % 65_521
    high = (high + low) % 65_521
  }
  expect((high * 65_536 + low).toString(16)).toBe('e3c6a7c2')
})

test('a stream with headers is opened, answered, and carries data both ways, also what came before a receiver was set', async () => {
  const written: Buffer[] = []
  const opened = Promise.withResolvers<SpdyStream>()
  const connection = new SpdyConnection((bytes) => written.push(bytes), opened.resolve)
  connection.receive(await synStream(1, { streamtype: 'data', port: '8080' }))
  connection.receive(dataFrame(1, 'early'))
  const stream = await opened.promise
  await new Promise((resolve) => setImmediate(resolve))
  const got: string[] = []
  stream.onData = (chunk) => got.push(chunk.toString())
  stream.send(Buffer.from('answer'))
  expect(stream.headers).toEqual({ streamtype: 'data', port: '8080' })
  expect(got).toEqual(['early'])
  expect(written[0]?.readUInt32BE(0)).toBe(0x8003_0002)
  expect(written.at(-1)?.subarray(8).toString()).toBe('answer')
})

async function synStream(id: number, headers: Record<string, string>): Promise<Buffer> {
  const word = (text: string): Buffer => Buffer.concat([number(text.length), Buffer.from(text)])
  const block = Buffer.concat([
    number(Object.keys(headers).length),
    ...Object.entries(headers).flat().map(word),
  ])
  const deflate = createDeflate({ dictionary: DICTIONARY })
  const chunks: Buffer[] = []
  deflate.on('data', (chunk: Buffer) => chunks.push(chunk))
  deflate.write(block)
  await new Promise<void>((resolve) => deflate.flush(constants.Z_SYNC_FLUSH, resolve))
  const payload = Buffer.concat([number(id), number(0), Buffer.alloc(2), ...chunks])
  const head = Buffer.from([0x80, 3, 0, 1, 0, 0, 0, 0])
  head.writeUIntBE(payload.length, 5, 3)
  return Buffer.concat([head, payload])
}

function dataFrame(id: number, text: string): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt32BE(id, 0)
  head.writeUIntBE(text.length, 5, 3)
  return Buffer.concat([head, Buffer.from(text)])
}

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
