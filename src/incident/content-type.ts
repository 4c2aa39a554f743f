export const ATTACHMENT_TYPES = ['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'text/plain'] as const
export type AttachmentType = (typeof ATTACHMENT_TYPES)[number]

/**
 * What bytes are, from the bytes alone: a picture that begins and ends as its format says, or text in UTF-8. `null` for
 * everything else. Text is text, whatever markup stands in it: it is never handed out as anything else.
 */
export function contentType(bytes: Uint8Array): AttachmentType | null {
  const at = (offset: number, text: string): boolean =>
    Buffer.from(text, 'latin1').every((byte, index) => bytes[offset + index] === byte)
  const end = bytes.length
  if (at(0, '\x89PNG\r\n\x1a\n')) return at(12, 'IHDR') && at(end - 8, 'IEND') ? 'image/png' : null
  if (at(0, '\xff\xd8\xff')) return at(end - 2, '\xff\xd9') ? 'image/jpeg' : null
  if (at(0, 'GIF87a') || at(0, 'GIF89a')) return at(end - 1, ';') ? 'image/gif' : null
  if (at(0, 'RIFF') && at(8, 'WEBP'))
    return new DataView(bytes.buffer, bytes.byteOffset).getUint32(4, true) + 8 === end ? 'image/webp' : null
  return isText(bytes) ? 'text/plain' : null
}

function isText(bytes: Uint8Array): boolean {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes)
    // a tab, line ends and the escapes of a terminal's colours; no other control character
    // oxlint-disable-next-line no-control-regex
    return !/[\u0000-\u0008\u000b\u000c\u000e-\u001a\u001c-\u001f]/.test(text)
  } catch {
    return false
  }
}
