import { readFile } from 'node:fs/promises'
import { fileCredentials, listGroup, readBatch, readJsonBody, tokenCredentials } from '../alert/index.ts'
import type { AlertFormat, Credentials } from '../alert/index.ts'
import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { AlertSourceConfig } from '../base/config-alerting.ts'
import { AppError } from '../base/error.ts'
import type { AlertIntake } from '../http/index.ts'
import { maintenanceOf } from '../maintenance/index.ts'
import { createReceiver, pruneDeliveries, sweepAlerts } from '../response/index.ts'
import type { AlertReceiver, ResponseDeps, Watchdog } from '../response/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import type { AppOptions, Duty } from './options.ts'
import type { Store } from './store.ts'

export interface Alerts {
  intake: AlertIntake
  receiver: AlertReceiver
  duty: Duty
}

const SWEEP_EVERY_MS = 5_000
const PRUNE_EVERY_MS = 3_600_000
const DAY_MS = 86_400_000

/** Alerts in: the sources, who may send, and what has to be looked after when nothing is sent. */
export function buildAlerts(
  options: AppOptions,
  clock: Clock,
  { database }: Store,
  engine: WorkflowEngine,
  responseDeps: ResponseDeps,
  webhookToken: string,
): Alerts {
  const { alerting } = options.config
  const sources = sourcesOf(alerting.sources, webhookToken)
  const watchdogs = alerting.sources.flatMap((source) =>
    source.watchdogs.map(({ name, match, withinSeconds, severity }): Watchdog => ({
      source: source.name,
      name,
      match,
      severity,
      withinMs: withinSeconds * 1_000,
    })),
  )
  const receiver = createReceiver({
    database,
    engine,
    clock,
    log: options.log,
    pages: () => responseDeps.pages(),
    settings: {
      flapMs: responseDeps.settings.flapMs,
      stormIncidents: alerting.stormIncidents,
      stormMs: alerting.stormSeconds * 1_000,
    },
    maintenanceOf: options.maintenanceOf ?? ((service) => maintenanceOf(database, service)),
    watchdogs,
    reconciles: (name) => (sources.get(name)?.config?.apiUrl ?? null) !== null,
  })
  const intake: AlertIntake = {
    async admit(name, authorization) {
      const source = sources.get(name)
      // an unknown source costs the same look as a known one
      const fits = await (source ?? sources.get('alertmanager'))?.credentials(authorization)
      if (source === undefined || fits !== true) throw refused()
    },
    isFull: () => receiver.isFull(),
    async receive(name, form, body) {
      const format = formatOf(sources.get(name)?.config ?? null, name, form)
      return receiver.receive(name, readBatch(format, readJsonBody(body), clock.now()), body)
    },
  }
  const sweep = {
    database,
    clock,
    log: options.log,
    receiver,
    watchdogs,
    listGroup: (name: string, group: { groupKey: string; groupLabels: Record<string, string> }) =>
      listFrom(sources.get(name)?.config ?? null, group),
    keepDeliveriesMs: alerting.keepDeliveriesDays * DAY_MS,
  }
  return { intake, receiver, duty: alertDuty(options, receiver, sweep) }
}

interface Source {
  config: AlertSourceConfig | null
  credentials: Credentials
}

/** `alertmanager`, `prometheus` and `grafana` are there without a word of configuration, with the webhook token. */
function sourcesOf(configured: readonly AlertSourceConfig[], webhookToken: string): Map<string, Source> {
  const own = tokenCredentials(webhookToken)
  const sources = new Map<string, Source>()
  for (const name of BUILT_IN) sources.set(name, { config: null, credentials: own })
  for (const config of configured) {
    const credentials = config.auth === null ? own : fileCredentials(config.auth, () => performance.now())
    sources.set(config.name, { config, credentials })
  }
  return sources
}

const BUILT_IN = ['alertmanager', 'prometheus', 'grafana'] as const
const GROUP_BY = ['alertname', 'service', 'namespace', 'cluster']

function formatOf(config: AlertSourceConfig | null, name: string, form: 'webhook' | 'posted'): AlertFormat {
  const groupBy = config?.groupBy ?? GROUP_BY
  if (form === 'posted') return { kind: 'prometheus', groupBy }
  const kind = config?.kind ?? BUILT_IN.find((each) => each === name) ?? 'alertmanager'
  const mapping = config?.mapping ?? null
  if (kind === 'generic') {
    if (mapping === null) throw new Error(`source ${name} has no mapping`)
    return { kind, groupBy, mapping }
  }
  return kind === 'prometheus' ? { kind, groupBy } : { kind }
}

const refused = (): AppError =>
  new AppError('unauthenticated', "the credentials of the alerts' source are missing or wrong", {
    action:
      "Send erlmcp's webhook token as a bearer token, or what `auth` of the source in `alerting.sources` names.",
  })

async function listFrom(
  config: AlertSourceConfig | null,
  group: { groupKey: string; groupLabels: Record<string, string> },
) {
  const url = config?.apiUrl ?? null
  if (config === null || url === null) throw new Error('this source has no apiUrl')
  const token = config.apiTokenFile === null ? null : (await readFile(config.apiTokenFile, 'utf8')).trim()
  return listGroup({ fetch: globalThis.fetch }, { url, token }, group)
}

function alertDuty(
  options: AppOptions,
  receiver: AlertReceiver,
  sweep: Parameters<typeof sweepAlerts>[0],
): Duty {
  const stopping = new AbortController()
  let prunedAt = Number.NEGATIVE_INFINITY
  const loop = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      try {
        await sweepAlerts(sweep)
        if (performance.now() - prunedAt > PRUNE_EVERY_MS) {
          await pruneDeliveries(sweep)
          prunedAt = performance.now()
        }
      } catch (error) {
        options.log.warn({ err: error }, 'alerts could not be looked after; it is tried again')
      }
      await delay(options.sweepEveryMs ?? SWEEP_EVERY_MS, stopping.signal).catch(() => undefined)
    }
  }
  let done = Promise.resolve()
  return {
    name: 'alerts',
    start() {
      done = loop()
    },
    async stop() {
      stopping.abort()
      await done
      await receiver.stop()
    },
  }
}
