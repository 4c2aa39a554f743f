import { createInterface } from 'node:readline'
import type { ReadStream, WriteStream } from 'node:tty'

/** The terminal that a person sits at. Where input or output is a pipe, nothing is asked, cut or coloured. */
export interface Terminal {
  /** Somebody reads and types. */
  interactive: boolean
  /** Columns and rows, `null` where the output is no terminal. */
  size(): { width: number; height: number } | null
  /** By convention: a terminal, and no `NO_COLOR`. */
  colour: boolean
  /** One line; `hidden` shows nothing of it. */
  ask(question: string, options?: { hidden?: boolean }): Promise<string>
  /** Single keys until the returned function is called; Ctrl-C is one of them: `\u0003`. */
  keys(listener: (key: string) => void): () => void
  /** What Ctrl-C says before it ends this program, until the returned function is called. */
  onInterrupt(say: string): () => void
  /** Where the program that shows long texts is named. */
  pager: string | null
}

export interface TerminalParts {
  input: ReadStream
  output: WriteStream
  errors: { write(text: string): unknown }
  env: Readonly<Record<string, string | undefined>>
}

const INTERRUPTED = 130

export function createTerminal({ input, output, errors, env }: TerminalParts): Terminal {
  const isTerminal = output.isTTY && env['TERM'] !== 'dumb'
  return {
    interactive: isTerminal && input.isTTY,
    size: () => (isTerminal ? { width: output.columns, height: output.rows } : null),
    colour: isTerminal && (env['NO_COLOR'] ?? '') === '',
    pager: isTerminal ? (env['ERLMCP_PAGER'] ?? env['PAGER'] ?? 'less') : null,
    ask: (question, options) => (options?.hidden === true ? askHidden : ask)(input, output, question),
    keys(listener) {
      const hear = (data: Buffer): void => listener(data.toString('utf8'))
      input.setRawMode(true)
      input.on('data', hear)
      input.resume()
      return () => {
        input.off('data', hear)
        input.setRawMode(false)
        input.pause()
      }
    },
    onInterrupt(say) {
      const interrupted = (): void => {
        errors.write(`\n${say}\n`)
        process.exit(INTERRUPTED)
      }
      process.once('SIGINT', interrupted)
      return () => void process.off('SIGINT', interrupted)
    },
  }
}

function ask(input: ReadStream, output: WriteStream, question: string): Promise<string> {
  return new Promise((resolve) => {
    const lines = createInterface({ input, output })
    lines.once('SIGINT', () => process.exit(INTERRUPTED))
    lines.once('close', () => resolve(''))
    lines.question(question, (line) => {
      resolve(line.trim())
      lines.close()
    })
  })
}

/** Nothing of what is typed is shown. */
function askHidden(input: ReadStream, output: WriteStream, question: string): Promise<string> {
  output.write(question)
  return new Promise((resolve) => {
    let typed = ''
    const hear = (data: Buffer): void => {
      for (const key of data.toString('utf8')) {
        if (key === '\u0003') process.exit(INTERRUPTED)
        if (key === '\u007F' || key === '\b') typed = typed.slice(0, -1)
        else if (key === '\r' || key === '\n') {
          input.off('data', hear)
          input.setRawMode(false)
          input.pause()
          output.write('\n')
          resolve(typed)
          return
        } else typed += key
      }
    }
    input.setRawMode(true)
    input.on('data', hear)
    input.resume()
  })
}
