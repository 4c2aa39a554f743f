import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { contentType } from './content-type.ts'

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0))
const png = bytes(`\x89PNG\r\n\x1a\n\0\0\0\rIHDR${'x'.repeat(20)}\0\0\0\0IEND\xaeB\x60\x82`)

test('a picture is known by its bytes, whatever it is called', () => {
  expect(contentType(png)).toBe('image/png')
  expect(contentType(bytes('\xff\xd8\xff\xe0 something \xff\xd9'))).toBe('image/jpeg')
  expect(contentType(bytes('GIF89a something ;'))).toBe('image/gif')
  expect(contentType(bytes('RIFF\x08\0\0\0WEBPVP8 '))).toBe('image/webp')
})

test('a picture with something behind its end, or cut short, is none', () => {
  expect(contentType(bytes(`${String.fromCharCode(...png)}<script>`))).toBe(null)
  expect(contentType(png.subarray(0, 30))).toBe(null)
  expect(contentType(bytes('\xff\xd8\xff\xe0 <script>alert(1)</script>'))).toBe(null)
})

test('markup is text, and an executable is nothing that can be attached', () => {
  expect(contentType(bytes('<svg onload=alert(1)>'))).toBe('text/plain')
  expect(contentType(bytes('\x7fELF\x02\x01\x01\0'))).toBe(null)
  expect(contentType(bytes('MZ\x90\0'))).toBe(null)
})

test('every text in UTF-8 without control characters is text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (text) => {
      // oxlint-disable-next-line no-control-regex
      fc.pre(!/[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]/.test(text))
      fc.pre(!/^(?:GIF8|RIFF)/.test(text))
      expect(contentType(new TextEncoder().encode(text))).toBe('text/plain')
    }),
  )
})
