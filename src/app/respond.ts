import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { hostname } from 'node:os'
import path from 'node:path'
import { delay } from '../base/clock.ts'
import type { Clock } from '../base/clock.ts'
import type { Config } from '../base/config.ts'
import { createRedactor } from '../base/redact.ts'
import type { ResponseDeps, Service } from '../response/index.ts'
import { createOutputStore, executeBash, killLeftover } from '../step/index.ts'
import type { Guard } from '../step/index.ts'
import { createMeter, measureSignal, verify } from '../verification/index.ts'
import { messageSettings } from './messages.ts'
import { pagesInRange } from './oncall.ts'
import type { AppOptions } from './options.ts'
import type { Store } from './store.ts'

const KILL_GRACE_MS = 5_000

/** What the life of an incident needs, with this machine's executor, meters and folders. */
export function buildResponse(
  options: AppOptions,
  clock: Clock,
  { database, pages, oncall, permissions }: Store,
  guard: Guard,
): ResponseDeps {
  const { config, log } = options
  const redactor = createRedactor()
  const output = createOutputStore(database)
  const measureDeps = { fetch: globalThis.fetch, now: () => clock.now(), delay }
  const sampleEveryMs = config.response.sampleEverySeconds * 1_000
  const windowMs = sampleEveryMs * 4
  return {
    database,
    clock,
    log,
    host: hostname(),
    policy: permissions.policy.policy,
    ...messageSettings(config),
    settings: {
      approvalTtlMs: config.response.approvalTtlSeconds * 1_000,
      decisionTtlMs: config.response.decisionTtlSeconds * 1_000,
      sampleEveryMs,
      giveUpAfterMs: config.response.giveUpAfterSeconds * 1_000,
      parallelReads: config.response.parallelReads,
      flapMs: config.alerting.flapSeconds * 1_000,
      stillFiringMs: config.alerting.stillFiringSeconds * 1_000,
    },
    pages: pagesInRange({ database, pages, oncall }, clock),
    service: (name) => serviceOf(config, name),
    execute: (request, signal) =>
      executeBash(
        {
          now: () => clock.now(),
          output,
          // values of variables that carry secrets are blanked wherever they turn up
          redactor: redactor.knowing(request.environment),
          scratchDir: scratchDir(config, request.runId),
          guard,
        },
        {
          executionId: request.executionId,
          script: request.command.script,
          inputs: Object.fromEntries(
            request.command.inputs.flatMap((input) =>
              input.value === null ? [] : [[input.variable, input.value]],
            ),
          ),
          environment: request.environment,
          shellState: request.shellState,
          limits: { timeoutMs: config.response.commandTimeoutSeconds * 1_000, graceMs: KILL_GRACE_MS },
          ...(request.command.mode === 'window'
            ? { windowMs: config.response.endlessWindowSeconds * 1_000 }
            : {}),
          async onStart(started) {
            await database.kysely
              .updateTable('execution')
              .set({ process_id: started.pid, process_started: started.startedAt })
              .where('id', '=', request.executionId)
              .execute()
          },
        },
        signal,
      ),
    async killLeftover(execution) {
      const report = await killLeftover(execution)
      return report.message
    },
    verify: (request, signal) =>
      verify(
        measureDeps,
        {
          ...request,
          condition: {
            ...request.condition,
            forSeconds: request.condition.forSeconds / (options.speed ?? 1),
          },
          sampleEveryMs,
          giveUpAfterMs: config.response.giveUpAfterSeconds * 1_000,
        },
        signal,
      ),
    measure: (source, signal) =>
      // a scraped rate waits for its window, a query does not
      measureSignal(measureDeps, source, {
        signal,
        windowMs: source.kind === 'scrape' ? Math.min(windowMs, 2_000) : windowMs,
      }),
    forgetRun: (runId) => rm(scratchDir(config, runId), { recursive: true, force: true }),
    async countFailures(source) {
      const meter = createMeter(measureDeps, source, { signal: 'error_rate', windowMs })
      return (await meter.measure()).failedRequests
    },
    async writeReviewFile(name, markdown) {
      const folder = path.join(config.dataDir, 'reviews')
      await mkdir(folder, { recursive: true })
      const file = path.join(folder, `${name}.md`)
      // written whole or not at all
      await writeFile(`${file}.new`, markdown)
      await rename(`${file}.new`, file)
      return file
    },
  }
}

/** Home and first working folder of a run's commands, removed when it ends. */
const scratchDir = (config: Config, runId: string): string => path.join(config.dataDir, 'runs', runId)

/** Where the commands of a service act: this machine, where nothing is said. */
export const targetOf = (config: Config, name: string | null): Service['target'] =>
  (name === null ? undefined : config.services[name]?.target) ?? { kind: 'host', host: hostname() }

function serviceOf(config: Config, name: string | null): Service {
  const known = name === null ? undefined : config.services[name]
  return {
    name: name ?? 'unknown',
    target: targetOf(config, name),
    variables: known?.variables ?? {},
    environment: known?.environment ?? { all: {}, observer: {}, operator: {} },
    signals: known?.signals ?? null,
  }
}
