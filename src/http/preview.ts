import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor } from '../access/index.ts'
import { mayDo, sightOf } from '../access/index.ts'
import { AppError } from '../base/error.ts'

/** A card as Slack would show it. */
export interface PreviewCard {
  title: string
  /** What stands on it: name and value. */
  fields: readonly (readonly [string, string])[]
  next: string | null
  buttons: readonly string[]
}

export interface PreviewMessage {
  at: Date
  kind: string
  /** `slack #incidents` */
  to: string
  state: string
  subject: string | null
  body: string
}

export interface PreviewDeps {
  authenticate(request: FastifyRequest): Promise<Actor | null>
  read(): Promise<{ cards: readonly PreviewCard[]; messages: readonly PreviewMessage[] }>
}

const SECONDS = 5

/** `GET /preview`: what people are told, as they would see it, on a machine where no Slack and no pager is connected. */
export function addPreview(server: FastifyInstance, deps: PreviewDeps): void {
  server.get('/preview', async (request, reply) => {
    const actor = await deps.authenticate(request)
    // all that was said is on one page: it is for those who may look everywhere
    if (actor === null || !mayDo(actor, 'look').allowed || sightOf(actor) !== null) {
      throw new AppError('unauthenticated', 'the messages are shown to people who are signed in', {
        action: 'Open / and sign in, then come back.',
      })
    }
    return reply.type('text/html; charset=utf-8').send(pageOf(await deps.read()))
  })
}

function pageOf({ cards, messages }: Awaited<ReturnType<PreviewDeps['read']>>): string {
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="refresh" content="${SECONDS}">
<title>Messages</title>
<style>${STYLE}</style>
</head>
<body>
<main>
<h1>Messages</h1>
<p>As people would see them; the page reads itself again every ${SECONDS} seconds. Buttons do nothing here.</p>
<section><h2>Cards</h2>${cards.length === 0 ? '<p>No incident is open.</p>' : cards.map(cardOf).join('')}</section>
<section><h2>Sent and waiting</h2>${messages.length === 0 ? '<p>Nothing was said yet.</p>' : messages.map(messageOf).join('')}</section>
</main>
</body>
</html>
`
}

function cardOf(card: PreviewCard): string {
  const fields = card.fields.map(
    ([name, value]) => `<div><dt>${text(name)}</dt><dd>${text(value)}</dd></div>`,
  )
  const buttons = card.buttons.map((label) => `<button type="button" disabled>${text(label)}</button>`)
  return `<article><h3>${text(card.title)}</h3><dl>${fields.join('')}</dl>${card.next === null ? '' : `<p>Next: ${text(card.next)}</p>`}<p>${buttons.join(' ')}</p></article>`
}

const messageOf = (message: PreviewMessage): string =>
  `<article><p class="head"><strong>${text(message.to)}</strong> · ${text(message.kind)} · ${text(message.state)} · <time datetime="${message.at.toISOString()}">${message.at.toISOString().slice(11, 19)} UTC</time></p>
${message.subject === null ? '' : `<h3>${text(message.subject)}</h3>`}<pre>${text(message.body)}</pre></article>`

const text = (given: string): string =>
  given
    .toWellFormed()
    .replaceAll(/[\u0000-\u0008\u000B-\u001F\u007F\u202A-\u202E\u2066-\u2069]/g, '')
    .replaceAll(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`)

const STYLE = `:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 0; }
main { max-width: 46rem; margin: 0 auto; padding: 0 1rem 3rem; overflow-wrap: anywhere; }
article { border: 1px solid #8884; border-left: .3rem solid #611f69; border-radius: .3rem; padding: .5rem 1rem; margin: .75rem 0; }
h3 { margin: .25rem 0; } .head { margin: 0; opacity: .8; }
pre { white-space: pre-wrap; font: inherit; margin: .5rem 0; }
dl { display: grid; grid-template-columns: 1fr 1fr; gap: .5rem; } dt { opacity: .7; font-size: .85em; } dd { margin: 0; }`
