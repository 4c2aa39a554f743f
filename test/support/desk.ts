import { appendFile, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createApp } from '../../src/app.ts'
import type { App, AppOptions } from '../../src/app.ts'
import type { Clock } from '../../src/base/clock.ts'
import { loadConfig } from '../../src/base/config.ts'
import { testDatabase } from './database.ts'
import type { TestDatabase } from './database.ts'
import { memoryLog } from './log.ts'
import type { LogLine } from './log.ts'

export type Row = Record<string, unknown>

export interface Answer {
  status: number
  value: Row
}

/** The whole of erlmcp in this process, with one small service to look after: a desk that serves a file's word. */
export interface Desk {
  /** Files of the service: `release` holds `good` or `bad`, and decides how many requests fail. */
  file(name: string): string
  /** The page that the desk is looked after by. */
  page: string
  app: App
  store: TestDatabase
  log: LogLine[]
  /** Moves erlmcp's clock forward. */
  moveClock(ms: number): void
  api(token: string, method: 'GET' | 'POST', at: string, body?: unknown): Promise<Answer>
  webhook(body: unknown, token?: string): Promise<Answer>
  /** Starts erlmcp anew on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

const PAGE = path.join(import.meta.dirname, 'pages', 'desk.md')

export interface DeskOptions extends Pick<AppOptions, 'maintenanceOf' | 'sweepEveryMs'> {
  /** The `alerting` part of the configuration. */
  alerting?: Record<string, unknown>
  /** Further parts of the configuration. */
  more?: Record<string, unknown>
  /** The `mcp` part of the configuration. */
  mcp?: Record<string, unknown>
}

export async function openDesk(options: DeskOptions = {}): Promise<Desk> {
  const { alerting, mcp, more, ...rest } = options
  const folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-desk-'))
  const page = path.join(folder, 'pages', 'desk.md')
  await mkdir(path.dirname(page))
  await mkdir(path.join(folder, 'desk'))
  await writeFile(page, await readFile(PAGE))
  const file = (name: string): string => path.join(folder, 'desk', name)
  await writeFile(file('release'), 'bad\n')
  await writeFile(file('good'), 'good\n')
  await appendFile(file('desk.log'), 'level=error out of tickets\n')
  const metrics = await serveMetrics(file('release'))
  const store = await testDatabase()
  const { log, lines } = memoryLog()
  let aheadMs = 0
  const clock: Clock = { now: () => new Date(Date.now() + aheadMs) }
  const configFile = path.join(folder, 'erlmcp.yaml')
  await writeFile(
    configFile,
    JSON.stringify({
      ...configuration(path.dirname(page), folder, metrics.url),
      ...(alerting === undefined ? {} : { alerting }),
      ...more,
      ...(mcp === undefined ? {} : { mcp }),
    }),
  )
  const config = {
    ...loadConfig({ ERLMCP_CONFIG: configFile, DATABASE_URL: store.url }, path.join(folder, 'data')),
  }
  const start = async (): Promise<App> => {
    const app = createApp({ config, log, clock, write: () => undefined, ...rest })
    await app.start()
    return app
  }
  const desk: Desk = {
    file,
    page,
    app: await start(),
    store,
    log: lines,
    moveClock(ms) {
      aheadMs += ms
    },
    api: (token, method, at, body) => call(`${desk.app.address()}/api/v1${at}`, token, method, body),
    webhook: (body, token) =>
      call(`${desk.app.address()}/webhooks/alertmanager`, token ?? desk.app.webhookToken(), 'POST', body),
    async restart() {
      await desk.app.stop(1_000)
      desk.app = await start()
    },
    async stop() {
      await desk.app.stop(0)
      await store.drop()
      await metrics.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return desk
}

const configuration = (pages: string, folder: string, metrics: string) => ({
  listen: { host: '127.0.0.1', port: 0 },
  runbooks: [pages],
  services: {
    desk: {
      variables: { DESK: path.join(folder, 'desk') },
      signals: { kind: 'scrape', url: metrics },
    },
  },
  response: { sampleEverySeconds: 0.2, giveUpAfterSeconds: 3, approvalTtlSeconds: 600 },
})

/** 200 requests a second; a tenth of them fails while the release is bad. */
async function serveMetrics(releaseFile: string): Promise<{ url: string; stop(): Promise<void> }> {
  const counted = { at: Date.now(), good: 0, bad: 0 }
  const server = createServer((_request, response) => {
    const answer = async (): Promise<void> => {
      const release = await readFile(releaseFile, 'utf8')
      const requests = (Date.now() - counted.at) / 5
      const share = release.startsWith('bad') ? 0.1 : 0
      counted.at = Date.now()
      counted.bad += requests * share
      counted.good += requests * (1 - share)
      response.end(
        `http_requests_total{code="200"} ${counted.good}\nhttp_requests_total{code="500"} ${counted.bad}\n`,
      )
    }
    void answer()
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

async function call(url: string, token: string, method: 'GET' | 'POST', body?: unknown): Promise<Answer> {
  const authorization = `Bearer ${token}`
  const response = await fetch(
    url,
    method === 'GET'
      ? { headers: { authorization } }
      : {
          method,
          headers: { authorization, 'content-type': 'application/json' },
          body: typeof body === 'string' ? body : JSON.stringify(body ?? {}),
        },
  )
  return { status: response.status, value: (await response.json()) as Row }
}
