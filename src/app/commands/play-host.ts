import path from 'node:path'
import type { App } from '../../app.ts'
import { messageOf } from '../../base/error.ts'
import { systemClock } from '../../base/clock.ts'
import { loadConfig } from '../../base/config.ts'
import type { Config } from '../../base/config.ts'
import { createHost, prepareFirstIncident } from '../../rehearsal/index.ts'
import type { Responder } from '../../rehearsal/index.ts'
import { exampleDirOf, stopWithin } from './context.ts'
import type { CommandContext } from './context.ts'
import type { Stage } from './play.ts'
import { startOnFreePort } from './rehearsed.ts'

const DONE = 0
const FAILED = 1

/** The example for teams without a cluster: a service on this machine with a good and a bad release. */
export async function playOnHost(stage: Stage, responder: Responder): Promise<number> {
  const { context, options, write, signal } = stage
  const folder = exampleDirOf(context)
  write(`erlmcp ${context.version}: the first incident, on this machine\n`)
  const incident = await prepareFirstIncident({
    shippedDir: path.join(context.root, 'runbooks', 'examples', 'orders'),
    dataDir: folder,
    clock: systemClock,
    responder,
    write,
    signal,
  })
  let app: App | null = null
  try {
    app = await startExample(context, folder, incident.orders)
    write(`  erlmcp listens on ${app.address()}, data in ${folder}\n`)
    const { address, webhookToken, measure } = app
    const answerToken = await app.issueToken(identityOf(stage))
    const review = await incident.run(createHost({ address, webhookToken, measure, answerToken }))
    if (options.keep) {
      write(`  ${review}\n\n  everything goes on running; Ctrl-C ends it\n`)
      await stage.arrived
    }
    await incident.stop()
    await stopWithin(context, app)
    write(`${review}\n`)
    return DONE
  } catch (error) {
    // said before anything is stopped: that may take its time
    if (!signal.aborted) write(`\n  ${messageOf(error)}\n`)
    await incident.stop()
    if (app !== null) await stopWithin(context, app, 1_000)
    if (!signal.aborted) throw error
    write('\n  stopped; nothing is left running\n')
    return FAILED
  }
}

/** The person at the terminal; with `--auto` an identity that exists only in the play's own data. */
export const identityOf = ({ context, options }: Stage) =>
  options.auto
    ? ({ id: 'rehearsal:example', kind: 'rehearsal', role: 'lead' } as const)
    : ({ id: `person:${context.env['USER'] ?? 'you'}`, kind: 'person', role: 'lead' } as const)

function startExample(
  context: CommandContext,
  folder: string,
  orders: { home: string; url: string },
): Promise<App> {
  const base = loadConfig(
    { ...context.env, ERLMCP_RUNBOOKS: path.join(context.root, 'runbooks', 'examples') },
    folder,
  )
  const config: Config = {
    ...base,
    logLevel: context.env['ERLMCP_CONFIG'] === undefined ? 'error' : base.logLevel,
    services: {
      ...base.services,
      orders: {
        variables: { ORDERS_HOME: orders.home, ORDERS_URL: orders.url },
        environment: { all: {}, observer: {}, operator: {} },
        signals: { kind: 'scrape', url: `${orders.url}/metrics`, labels: {} },
      },
    },
    response: { ...base.response, sampleEverySeconds: 2, giveUpAfterSeconds: 90 },
  }
  return startOnFreePort(config, 1, (text) => void process.stdout.write(text))
}
