import { AppError } from '../../src/base/error.ts'
import type { Logger } from '../../src/base/log.ts'

const nothing = (): void => undefined

/** Says nothing, but a request that ended by an unexpected fault: its answer has only a number to look for here. */
export const silentLog: Logger = {
  error: (details, message) => {
    if (message === 'request failed' && !(details['err'] instanceof AppError))
      console.error(message, details['err'])
  },
  warn: nothing,
  info: nothing,
  debug: nothing,
  child: () => silentLog,
}

export interface LogLine {
  level: 'error' | 'warn' | 'info' | 'debug'
  details: Record<string, unknown>
  message: string
}

/** A log that keeps what is written, for tests of what an operator is told. */
export function memoryLog(): { log: Logger; lines: LogLine[] } {
  const lines: LogLine[] = []
  const write = (level: LogLine['level']) => (details: Record<string, unknown>, message: string) => {
    lines.push({ level, details, message })
  }
  const log: Logger = {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: () => log,
  }
  return { log, lines }
}
