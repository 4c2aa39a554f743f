const NOTICE = '\n… cut here; the whole text is in the incident'

/** At most `limit` characters, cut at the end of a line where one is near, and saying so. */
export function trimBody(body: string, limit: number): string {
  if (body.length <= limit) return body
  const room = Math.max(0, limit - NOTICE.length)
  const head = body.slice(0, room)
  const lineEnd = head.lastIndexOf('\n')
  const cut = lineEnd > room / 2 ? head.slice(0, lineEnd) : head.replace(/[\uD800-\uDBFF]$/, '')
  return `${cut}${NOTICE}`.slice(0, limit)
}
