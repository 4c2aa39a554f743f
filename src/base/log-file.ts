import { closeSync, fstatSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from 'node:fs'
import path from 'node:path'

export interface LogFileOptions {
  file: string
  /** A file that has grown to this is put aside. */
  maxBytes: number
  /** Files put aside: `erlmcp.log.1` is the newest. */
  keep: number
}

export interface LogFile {
  write(line: string): void
  /** Opens the file anew, after something else has put it aside. */
  reopen(): void
}

/**
 * Appends to a file that only its owner reads, and puts it aside by size. A line that cannot be written goes to standard
 * error, so a full disk hides nothing.
 * @throws where the file cannot be opened at all.
 */
export function openLogFile({ file, maxBytes, keep }: LogFileOptions): LogFile {
  mkdirSync(path.dirname(file), { recursive: true, mode: 0o750 })
  const open = (): { descriptor: number; bytes: number } => {
    const descriptor = openSync(file, 'a', 0o640)
    return { descriptor, bytes: fstatSync(descriptor).size }
  }
  let current = open()
  const reopen = (): void => {
    closeSync(current.descriptor)
    current = open()
  }
  const putAside = (): void => {
    rmSync(`${file}.${keep}`, { force: true })
    for (let number = keep - 1; number >= 1; number -= 1) move(`${file}.${number}`, `${file}.${number + 1}`)
    if (keep > 0) move(file, `${file}.1`)
    else rmSync(file, { force: true })
    reopen()
  }
  return {
    reopen,
    write(line) {
      try {
        if (current.bytes > 0 && current.bytes + line.length > maxBytes) putAside()
        current.bytes += writeSync(current.descriptor, line)
      } catch {
        process.stderr.write(line)
      }
    },
  }
}

function move(from: string, to: string): void {
  try {
    renameSync(from, to)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
}
