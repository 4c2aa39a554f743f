import { DEFAULT_LIMITS } from './channel.ts'
import type { Channel } from './channel.ts'

/** Prints messages where the server writes its output, as people would see them in a chat. */
export function createConsoleChannel(write: (text: string) => void): Channel {
  return {
    name: 'console',
    // nobody is flooded by a screen, and the first incident is played in seconds
    limits: { ...DEFAULT_LIMITS, perSecond: 20 },
    async send(message) {
      const target = message.target === null ? '' : ` ${message.target}`
      const edited = message.replaces === null ? '' : ' · edited'
      const lines = message.body.split('\n').map((line) => `  │ ${line}`)
      write(`${['', `  ┌ message${target} · ${message.kind}${edited}`, ...lines, '  └'].join('\n')}\n`)
      return { outcome: 'sent', reference: message.id }
    },
  }
}
