import { CircleCheck, CircleX, LoaderCircle } from 'lucide-react'
import type { ReactNode } from 'react'
import type { Message } from '../api/model.ts'
import { seen } from '../ui/command.tsx'
import { At } from '../ui/time.tsx'

const STATES = {
  sent: { icon: CircleCheck, tone: 'green', word: 'sent' },
  pending: { icon: LoaderCircle, tone: 'blue', word: 'waits to be sent' },
  failed: { icon: CircleX, tone: 'red', word: 'not sent' },
} as const

/** Who was told what, and whether it arrived. */
export function Messages({ messages }: { messages: readonly Message[] }): ReactNode {
  return (
    <section aria-labelledby="messages" className="messages">
      <h2 id="messages">Messages</h2>
      {messages.length === 0 ? (
        <p className="quiet">Nobody has been told yet. Messages are sent by the templates of the page.</p>
      ) : null}
      {messages.toReversed().map((message) => {
        const { icon: Icon, tone, word } = STATES[message.state] ?? STATES.pending
        return (
          <details key={message.id} className="message">
            <summary>
              <Icon size={16} aria-hidden className={`tone-${tone}`} />
              <span className="message-title">
                {message.kind.replaceAll('-', ' ')}
                <span className="quiet">
                  {' '}
                  to {message.target ?? message.channel}, {word}
                  {message.sentAt === null ? null : (
                    <>
                      {' '}
                      <At at={message.sentAt} />
                    </>
                  )}
                </span>
              </span>
            </summary>
            <pre className="message-body">{seen(message.body)}</pre>
            {message.error === null ? null : <p className="tone-red">{message.error}</p>}
          </details>
        )
      })}
    </section>
  )
}
