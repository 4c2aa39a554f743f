import { createServer, request as httpRequest } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo } from 'node:net'

export interface HttpProxy {
  url: string
  stop(): Promise<void>
}

/**
 * A forward proxy on loopback that knows the names of the cluster: with `http_proxy` set to it, any HTTP client of
 * a command reaches `http://erlmcp:8080`. Other names are passed on as they are.
 */
export async function startHttpProxy(
  host: string,
  locate: (name: string, port: number) => { host: string; port: number },
): Promise<HttpProxy> {
  const server = createServer((incoming, outgoing) => {
    if (incoming.url?.startsWith('http://') !== true) {
      outgoing.writeHead(400).end('this is a proxy\n')
      return
    }
    const url = new URL(incoming.url ?? '')
    const { 'proxy-connection': _ignored, ...headers } = incoming.headers
    const upstream = httpRequest(
      {
        ...locate(url.hostname, url.port === '' ? 80 : Number(url.port)),
        method: incoming.method ?? 'GET',
        path: `${url.pathname}${url.search}`,
        headers,
        agent: false,
      },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers)
        response.pipe(outgoing)
      },
    )
    upstream.on('error', (error) => {
      if (outgoing.headersSent) outgoing.destroy()
      else outgoing.writeHead(502, { 'Content-Type': 'text/plain' }).end(`${url.host}: ${error.message}\n`)
    })
    outgoing.on('close', () => upstream.destroy())
    incoming.pipe(upstream)
  })
  server.on('connect', (incoming, socket, head) => {
    const [name = '', port = '443'] = (incoming.url ?? '').split(':')
    const upstream = connect(locate(name, Number(port)), () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n')
      upstream.write(head)
      upstream.pipe(socket)
      socket.pipe(upstream)
    })
    upstream.on('error', () => socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n'))
    socket.on('error', () => upstream.destroy())
  })
  await new Promise<void>((done, reject) => {
    server.once('error', reject)
    server.listen(0, host, done)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://${host}:${port}`,
    async stop() {
      server.closeAllConnections()
      await new Promise<void>((done) => server.close(() => done()))
    },
  }
}
