import type { ServerResponse } from 'node:http'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Actor } from '../access/index.ts'
import { mayDo, sightOf } from '../access/index.ts'
import { AppError } from '../base/error.ts'

/** One thing that changed; the viewer reads what it is now through the operations, under its own permissions. */
export interface ViewerChange {
  topic: string
  incident: string
  run: string
  subject: string
  sequence: number
}

export interface EventDeps {
  authenticate(request: FastifyRequest): Promise<Actor | null>
  /** Of these, what the actor may look at. */
  seen(actor: Actor, changes: readonly ViewerChange[]): Promise<ViewerChange[]>
  changes: {
    subscribe(onBatch: (batch: { changes: ViewerChange[]; position: string }) => void): () => void
    since(position: string): Promise<{ changes: ViewerChange[]; position: string } | null>
    awaySince(): Date | null
  }
}

const BEAT_MS = 10_000
/** A token that was revoked ends its streams within this time. */
const RECHECK_MS = 30_000
const MAX_VIEWERS = 2_000
/** A viewer that has not read for this long is let go; it comes back and resumes. */
const STUCK_MS = 60_000
const POSITION_LIMIT = 8_000

/**
 * `GET /api/v1/events`: server-sent events that say what changed. `Last-Event-ID` resumes on any replica; when that is
 * too long ago, `reset` says to read everything anew. A slow viewer holds one entry for each thing that changed, however
 * often it did.
 */
export function addEvents(server: FastifyInstance, deps: EventDeps): void {
  const viewers = new Set<Viewer>()
  server.addHook('preClose', async () => {
    for (const viewer of viewers) viewer.end()
  })
  server.get('/api/v1/events', async (request, reply) => {
    const actor = await watcher(deps, request)
    if (actor === null) {
      throw new AppError('unauthenticated', 'no valid token or session was given', {
        action: 'Sign in again.',
      })
    }
    if (viewers.size >= MAX_VIEWERS) {
      throw new AppError('unavailable', `${MAX_VIEWERS} viewers watch this process already`, {
        action: 'Try again in a moment.',
        retryable: true,
      })
    }
    const given = request.headers['last-event-id']
    const resume = typeof given === 'string' && given.length <= POSITION_LIMIT ? given : null
    reply.hijack()
    const viewer = new Viewer(reply.raw, deps, actor)
    viewers.add(viewer)
    reply.raw.on('close', () => {
      viewers.delete(viewer)
      viewer.end()
    })
    viewer.watch(() => watcher(deps, request))
    await viewer.open(resume)
  })
}

/** Who watches; `null` when they may not. */
async function watcher(deps: EventDeps, request: FastifyRequest): Promise<Actor | null> {
  const actor = await deps.authenticate(request)
  return actor !== null && mayDo(actor, 'look').allowed ? actor : null
}

class Viewer {
  readonly #waiting = new Map<string, ViewerChange>()
  readonly #timers: NodeJS.Timeout[] = []
  readonly #response: ServerResponse
  readonly #deps: EventDeps
  #actor: Actor
  #position: string | null = null
  /** What the viewer may not see is taken out before the next batch, in the order of commits. */
  #turn: Promise<void> = Promise.resolve()
  #leave: (() => void) | null = null
  #fullSince: number | null = null
  #ended = false

  constructor(response: ServerResponse, deps: EventDeps, actor: Actor) {
    this.#response = response
    this.#deps = deps
    this.#actor = actor
    response.on('error', () => this.end())
    response.on('drain', () => {
      this.#fullSince = null
      this.#flush()
    })
  }

  async open(resume: string | null): Promise<void> {
    this.#response.writeHead(200, {
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store, no-transform',
      'x-content-type-options': 'nosniff',
      // a connection that is kept for another request would keep the process from stopping
      connection: 'close',
      // nginx would hold events back
      'x-accel-buffering': 'no',
    })
    this.#response.flushHeaders()
    // first listen, then read what was missed: seen twice does no harm, missed does
    this.#leave = this.#deps.changes.subscribe((batch) => this.#take(batch))
    if (resume !== null) {
      const missed = await this.#deps.changes.since(resume).catch(() => null)
      if (missed === null) this.#write('event: reset\ndata: {}\n\n')
      else this.#take(missed)
    }
    this.#beat()
  }

  watch(whoNow: () => Promise<Actor | null>): void {
    const recheck = async (): Promise<void> => {
      const actor = await whoNow()
      if (actor === null) this.end()
      else this.#actor = actor
    }
    this.#timers.push(
      setInterval(() => this.#beat(), BEAT_MS),
      // a database that is away says nothing about rights
      setInterval(() => void recheck().catch(() => undefined), RECHECK_MS),
    )
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#leave?.()
    for (const timer of this.#timers) clearInterval(timer)
    this.#waiting.clear()
    const { socket } = this.#response
    this.#response.end()
    // one that does not read would keep the process from stopping
    setTimeout(() => socket?.destroy(), 1_000).unref()
  }

  #take(batch: { changes: ViewerChange[]; position: string }): void {
    if (sightOf(this.#actor) === null) return this.#keep(batch)
    this.#turn = this.#turn
      .then(async () => this.#keep({ ...batch, changes: await this.#deps.seen(this.#actor, batch.changes) }))
      // nobody knows what may be shown: the viewer comes back and resumes from what it last got
      .catch(() => this.end())
  }

  #keep(batch: { changes: ViewerChange[]; position: string }): void {
    for (const change of batch.changes)
      this.#waiting.set(`${change.topic} ${change.incident} ${change.run} ${change.subject}`, change)
    this.#position = batch.position
    this.#flush()
  }

  #flush(): void {
    if (this.#ended || this.#fullSince !== null || this.#waiting.size === 0) return
    const changes = [...this.#waiting.values()]
    this.#waiting.clear()
    const id = this.#position === null ? '' : `id: ${this.#position}\n`
    this.#write(`${id}event: change\ndata: ${JSON.stringify(changes)}\n\n`)
  }

  #beat(): void {
    if (this.#fullSince !== null) {
      if (performance.now() - this.#fullSince > STUCK_MS) this.#response.destroy()
      return
    }
    const away = this.#deps.changes.awaySince()
    const data = { at: new Date().toISOString(), databaseAwaySince: away?.toISOString() ?? null }
    this.#write(`event: beat\ndata: ${JSON.stringify(data)}\n\n`)
  }

  #write(text: string): void {
    if (this.#ended || this.#response.destroyed) return
    if (!this.#response.write(text)) this.#fullSince = performance.now()
  }
}
