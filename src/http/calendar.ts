import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import type { OperationName } from '../operations/index.ts'

export interface CalendarDeps {
  authenticate(token: string): Promise<Actor | null>
  invoke(actor: Actor, name: OperationName, input: unknown): Promise<unknown>
}

/**
 * Calendars for calendar programs, which know no bearer tokens: a token is the password of a basic login, under any user
 * name. `GET /calendars/primary.ics` is a rotation, with `?person=ada` only theirs; `GET /maintenance.ics` has the
 * windows and freezes, with `?service=shop` only those of a service.
 */
export function addCalendars(server: FastifyInstance, deps: CalendarDeps): void {
  const answer = async (request: FastifyRequest, reply: FastifyReply, name: OperationName, input: object) => {
    const actor = await deps.authenticate(tokenOf(request))
    if (actor === null) {
      reply.header('www-authenticate', 'Basic realm="erlmcp", charset="UTF-8"')
      throw new AppError('unauthenticated', 'a calendar needs a token', {
        action: 'Give a token of erlmcp as the password; the user name does not matter.',
      })
    }
    const { calendar } = (await deps.invoke(actor, name, input)) as { calendar: string }
    return reply.type('text/calendar; charset=utf-8').send(calendar)
  }
  server.get<{ Params: { file: string }; Querystring: { person?: string } }>(
    '/calendars/:file',
    async (request, reply) => {
      const rotation = /^(.{1,100})\.ics$/.exec(request.params.file)?.[1]
      if (rotation === undefined) {
        throw new AppError('not_found', `${request.params.file.slice(0, 100)} is no calendar`, {
          action: 'Ask for /calendars/<rotation>.ics.',
        })
      }
      const { person } = request.query
      return answer(request, reply, 'oncall.calendar', {
        rotation,
        ...(person === undefined ? {} : { person }),
      })
    },
  )
  server.get<{ Querystring: { service?: string } }>('/maintenance.ics', async (request, reply) => {
    const { service } = request.query
    return answer(request, reply, 'maintenance.calendar', service === undefined ? {} : { service })
  })
}

function tokenOf(request: FastifyRequest): string {
  const [, scheme = '', value = ''] =
    /^(Basic|Bearer) ([\x21-\x7e]{1,1024})$/i.exec(request.headers.authorization ?? '') ?? []
  if (scheme.toLowerCase() === 'bearer') return value
  const login = Buffer.from(value, 'base64').toString('utf8')
  return login.slice(login.indexOf(':') + 1)
}
