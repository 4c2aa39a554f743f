import type { Channel } from '../deliver.ts'

/** Prints messages where the server writes its output, as people would see them in a chat. */
export function createConsoleChannel(write: (text: string) => void): Channel {
  return {
    name: 'console',
    async send(message) {
      const target = message.target === null ? '' : ` ${message.target}`
      const lines = message.body.split('\n').map((line) => `  │ ${line}`)
      write(`${['', `  ┌ message${target} · ${message.kind}`, ...lines, '  └'].join('\n')}\n`)
    },
  }
}
