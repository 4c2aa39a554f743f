import { readFileSync } from 'node:fs'

/** The memory that counts towards the container's limit: what is the process's own, without files it has mapped. */
export function ownMemoryBytes(): number {
  try {
    const kilobytes = /^RssAnon:\s+(\d+) kB/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]
    if (kilobytes !== undefined) return Number(kilobytes) * 1_024
  } catch {
    // no /proc here
  }
  return process.memoryUsage().rss
}
