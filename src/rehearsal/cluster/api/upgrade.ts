import type { IncomingMessage } from 'node:http'
import { PassThrough, Writable } from 'node:stream'
import type { Duplex } from 'node:stream'
import type { Pod } from 'kubernetes-types/core/v1.js'
import { WebSocketServer } from 'ws'
import type { RawData, WebSocket } from 'ws'
import { nameOf } from '../object.ts'
import { ApiStatusError, badRequest } from '../status.ts'
import type { ApiContext } from './context.ts'
import { containerOf } from './log.ts'
import { bufferOf, servePortForward } from './port-forward.ts'
import type { ResourceRequest } from './request.ts'
import { current } from './resource.ts'

const EXEC_PROTOCOL = 'v5.channel.k8s.io'
const FORWARD_PROTOCOL = 'SPDY/3.1+portforward.k8s.io'
/** The real name has a slash, which the websocket library takes for an error; it sees this one. */
const FORWARD_STAND_IN = 'portforward'
const CHANNEL = { stdin: 0, stdout: 1, stderr: 2, status: 3, resize: 4, close: 255 } as const

const servers = new WebSocketServer({
  noServer: true,
  perMessageDeflate: false,
  handleProtocols: (offered) => [EXEC_PROTOCOL, FORWARD_STAND_IN].find((name) => offered.has(name)) ?? false,
})

servers.on('headers', (headers) => {
  for (const [index, line] of headers.entries()) {
    if (line === `Sec-WebSocket-Protocol: ${FORWARD_STAND_IN}`)
      headers[index] = `Sec-WebSocket-Protocol: ${FORWARD_PROTOCOL}`
  }
})

/** exec, attach and port-forward: what they refuse before the upgrade, and the conversation after it. */
export const serveUpgrade = {
  check(context: ApiContext, request: ResourceRequest): void {
    const pod = current(context, request) as Pod
    const name = nameOf(pod)
    if (pod.spec?.nodeName === undefined) throw badRequest(`pod ${name} does not have a host assigned`)
    if (request.subresource === 'portforward') return
    const phase = pod.status?.phase
    if (phase === 'Succeeded' || phase === 'Failed') {
      throw new ApiStatusError(
        500,
        'InternalError',
        `cannot exec in a stopped container: the phase of the pod is ${phase}`,
      )
    }
    const container = containerOf(pod, request.query.get('container'))
    const status = [...(pod.status?.containerStatuses ?? []), ...(pod.status?.initContainerStatuses ?? [])]
    if (status.find((item) => item.name === container)?.state?.running === undefined) {
      throw new ApiStatusError(
        500,
        'InternalError',
        `unable to upgrade connection: container not found ("${container}")`,
      )
    }
    if (request.subresource === 'exec' && request.query.getAll('command').length === 0) {
      throw badRequest('you must specify at least 1 command for the container')
    }
  },

  accept(
    context: ApiContext,
    request: ResourceRequest,
    incoming: IncomingMessage,
    socket: Duplex,
    head: Buffer,
  ): void {
    if (incoming.headers['sec-websocket-protocol'] === FORWARD_PROTOCOL) {
      incoming.headers['sec-websocket-protocol'] = FORWARD_STAND_IN
    }
    servers.handleUpgrade(incoming, socket, head, (ws) => {
      ws.on('error', () => ws.terminate())
      const pod = current(context, request) as Pod
      if (request.subresource === 'portforward') forwardPorts(context, pod, ws)
      else if (request.subresource === 'attach') attach(context, request, pod, ws)
      else exec(context, request, pod, ws)
    })
  },
}

function forwardPorts(context: ApiContext, pod: Pod, ws: WebSocket): void {
  const forwarding = servePortForward(context, pod, (bytes) => {
    if (ws.readyState === ws.OPEN) ws.send(bytes)
  })
  ws.on('message', (data: RawData) => forwarding.receive(bufferOf(data)))
  ws.on('close', () => forwarding.close())
}

function exec(context: ApiContext, request: ResourceRequest, pod: Pod, ws: WebSocket): void {
  const { query } = request
  const flag = (key: string) => ['true', '1'].includes(query.get(key) ?? '')
  const stdin = flag('stdin') ? new PassThrough() : null
  const session = context.nodes.exec(pod, {
    command: query.getAll('command'),
    container: containerOf(pod, query.get('container')),
    tty: flag('tty'),
    stdin,
    stdout: channelStream(ws, CHANNEL.stdout),
    stderr: channelStream(ws, CHANNEL.stderr),
  })
  ws.on('message', (data: RawData) => {
    const message = bufferOf(data)
    const payload = message.subarray(1)
    if (message[0] === CHANNEL.stdin) stdin?.write(payload)
    if (message[0] === CHANNEL.close && payload[0] === CHANNEL.stdin) stdin?.end()
    if (message[0] === CHANNEL.resize) resize(session, payload)
  })
  ws.on('close', () => session.kill())
  session.ended.then(
    (result) => finish(ws, result),
    (error: unknown) => finish(ws, { failure: String(error) }),
  )
}

function resize(session: { resize(columns: number, rows: number): void }, payload: Buffer): void {
  const size = /"Width":(\d+),"Height":(\d+)/.exec(payload.toString('utf8'))
  if (size !== null) session.resize(Number(size[1]), Number(size[2]))
}

/** Attach shows what the program says from now on, until either side ends. */
function attach(context: ApiContext, request: ResourceRequest, pod: Pod, ws: WebSocket): void {
  const left = new AbortController()
  const out = channelStream(ws, CHANNEL.stdout)
  ws.on('close', () => left.abort())
  out.on('finish', () => finish(ws, { code: 0 }))
  const input = ['true', '1'].includes(request.query.get('stdin') ?? '') ? new PassThrough() : null
  ws.on('message', (data: RawData) => {
    const message = bufferOf(data)
    if (message[0] === CHANNEL.stdin) input?.write(message.subarray(1))
    if (message[0] === CHANNEL.close && message[1] === CHANNEL.stdin) input?.end()
  })
  context.nodes.attach(pod, containerOf(pod, request.query.get('container')), { out, input }, left.signal)
}

function finish(ws: WebSocket, result: { code: number } | { failure: string }): void {
  ws.send(Buffer.concat([Buffer.from([CHANNEL.status]), Buffer.from(JSON.stringify(statusOf(result)))]))
  ws.close(1000)
}

/** How a session ended, as the client's error channel carries it. */
export function statusOf(result: { code: number } | { failure: string }): Record<string, unknown> {
  if ('failure' in result) {
    return {
      metadata: {},
      status: 'Failure',
      message: `Internal error occurred: ${result.failure}`,
      reason: 'InternalError',
      details: { causes: [{ message: result.failure }] },
      code: 500,
    }
  }
  if (result.code === 0) return { metadata: {}, status: 'Success' }
  return {
    metadata: {},
    status: 'Failure',
    message: `command terminated with non-zero exit code: exit status ${result.code}`,
    reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(result.code) }] },
  }
}

function channelStream(ws: WebSocket, channel: number): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      if (ws.readyState !== ws.OPEN) {
        done()
        return
      }
      ws.send(Buffer.concat([Buffer.from([channel]), chunk]), () => done())
    },
  })
}
