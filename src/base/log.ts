import { pino } from 'pino'
import type { Redactor } from './redact.ts'
import { createRedactor } from './redact.ts'

export const LOG_LEVELS = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

type Write = (details: Record<string, unknown>, message: string) => void

/** What other code knows of logging: details first, then one sentence. */
export interface Logger {
  error: Write
  warn: Write
  info: Write
  debug: Write
  /** A logger whose every line also carries `bindings`. */
  child(bindings: Record<string, unknown>): Logger
}

export interface LoggerOptions {
  level: LogLevel
  /** Default: standard error, so that standard output stays a command's own. */
  destination?: { write(line: string): void }
  /** Default: one that knows the common forms of secrets. */
  redactor?: Redactor
}

/** A logger whose level, and that of its children, can change while it is used. */
export interface RootLogger extends Logger {
  level(): LogLevel
  setLevel(level: LogLevel): void
}

/** One JSON object a line, redacted before it is written. */
export function createLogger(options: LoggerOptions): RootLogger {
  const redactor = options.redactor ?? createRedactor()
  const destination = options.destination ?? pino.destination({ dest: 2, sync: true })
  const inner = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: (value: unknown) => value },
    },
    destination,
  )
  const threshold = { level: options.level }
  return {
    ...wrap(inner, redactor, threshold),
    level: () => threshold.level,
    setLevel(level) {
      threshold.level = level
    },
  }
}

function wrap(inner: pino.Logger, redactor: Redactor, threshold: { level: LogLevel }): Logger {
  const write =
    (level: Exclude<LogLevel, 'silent'>): Write =>
    (details, message) => {
      if (LOG_LEVELS.indexOf(level) <= LOG_LEVELS.indexOf(threshold.level))
        inner[level](record(redactor, details), redactor.text(message))
    }
  return {
    error: write('error'),
    warn: write('warn'),
    info: write('info'),
    debug: write('debug'),
    child: (bindings) => wrap(inner.child(record(redactor, bindings)), redactor, threshold),
  }
}

const record = (redactor: Redactor, details: Record<string, unknown>): Record<string, unknown> =>
  Object.fromEntries(Object.entries(Object(redactor.value(details)) as Record<string, unknown>))
