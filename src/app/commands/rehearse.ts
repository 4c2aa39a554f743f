import { appendFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import { createApp } from '../../app.ts'
import type { App } from '../../app.ts'
import { loadConfig } from '../../base/config.ts'
import type { Config } from '../../base/config.ts'
import { AppError } from '../../base/error.ts'
import { sha256 } from '../../base/id.ts'
import { createLogger } from '../../base/log.ts'
import { asText } from '../../base/text.ts'
import { loadCommandGrammars } from '../../command/index.ts'
import { loadScenarios, rehearse, startCluster } from '../../rehearsal/index.ts'
import type { Proof, SandboxCluster, Scenario } from '../../rehearsal/index.ts'
import { loadPages, SIGNAL_TABLE } from '../../runbook/index.ts'
import type { LoadedPage } from '../../runbook/index.ts'
import { rehearsalDirOf, sandboxDirOf, stopSignal, stopWithin } from './context.ts'
import type { CommandContext } from './context.ts'

const DONE = 0
const FAILED = 1
const SANDBOX_SERVICE = 'erlmcp-tcps'

/** Rehearses scenarios in the sandbox cluster. @returns the exit code. */
export async function rehearseAll(
  context: CommandContext,
  names: readonly string[],
  options: { all: boolean; speed: number; json: boolean },
): Promise<number> {
  const scenarios = await loadScenarios(path.join(context.root, 'runbooks', 'scenarios'))
  if (names.length === 0 && !options.all) {
    for (const { name, title, page } of scenarios)
      process.stdout.write(`${name.padEnd(20)} ${title} (${page})\n`)
    return DONE
  }
  const unknown = names.find((name) => !scenarios.some((scenario) => scenario.name === name))
  if (unknown !== undefined) {
    throw new AppError('not_found', `there is no scenario ${JSON.stringify(unknown)}`, {
      action: `Choose from: ${scenarios.map((scenario) => scenario.name).join(', ')}.`,
    })
  }
  const { signal } = stopSignal(context)
  await loadCommandGrammars()
  const { pages } = await loadPages(path.join(context.root, 'runbooks'))
  const proofs: Proof[] = []
  for (const scenario of scenarios.filter((candidate) => options.all || names.includes(candidate.name))) {
    if (signal.aborted) break
    const write = (text: string): void => void (options.json ? process.stderr : process.stdout).write(text)
    write(`\n${scenario.name}: ${scenario.title}\n`)
    const proof = await rehearseOne(context, scenario, pages, options.speed, write, signal)
    proofs.push(proof)
    write(`${proof.passed ? 'PROVED' : 'NOT PROVED'} ${scenario.name}: ${proof.reason}\n`)
  }
  await mkdir(rehearsalDirOf(context), { recursive: true })
  await appendFile(
    path.join(rehearsalDirOf(context), 'proofs.jsonl'),
    proofs.map((proof) => `${JSON.stringify(proof)}\n`).join(''),
  )
  if (options.json) process.stdout.write(`${JSON.stringify(proofs, null, 2)}\n`)
  return proofs.length > 0 && proofs.every((proof) => proof.passed) ? DONE : FAILED
}

async function rehearseOne(
  context: CommandContext,
  scenario: Scenario,
  pages: readonly LoadedPage[],
  speed: number,
  write: (text: string) => void,
  signal: AbortSignal,
): Promise<Proof> {
  const page = pages.find((candidate) => candidate.path === scenario.page)
  const procedure = page?.runbook.procedures.find((candidate) => candidate.id === scenario.procedure)
  if (page === undefined || procedure?.trigger == null) {
    throw new AppError(
      'not_found',
      `${scenario.name}: ${scenario.page}#${scenario.procedure} has no trigger or does not exist`,
      {
        action: 'Name a page below runbooks/ and a procedure with a trigger.',
      },
    )
  }
  const cluster = await startCluster({ dataDir: sandboxDirOf(context), speed })
  let app: App | null = null
  try {
    app = await startRehearsed(context, cluster, speed)
    const token = await app.issueToken({ id: 'rehearsal:second-person', kind: 'rehearsal', role: 'lead' })
    return await rehearse(
      {
        host: {
          api: (method, at, body) => callApi(`${app?.address() ?? ''}/api/v1${at}`, method, token, body),
          webhook: async (body) =>
            void (await callApi(
              `${app?.address() ?? ''}/webhooks/alertmanager`,
              'POST',
              app?.webhookToken() ?? '',
              body,
            )),
          measure: app.measure,
        },
        cluster,
        trigger: procedure.trigger,
        contentHash: sha256(page.source),
        service: SANDBOX_SERVICE,
        speed,
        now: () => new Date(),
        write,
        signal,
      },
      scenario,
    )
  } finally {
    if (app !== null) await stopWithin(context, app, 1_000)
    await cluster.stop()
  }
}

/** erlmcp on the sandbox: the observer's and the operator's identities are the cluster's own. */
async function startRehearsed(context: CommandContext, cluster: SandboxCluster, speed: number): Promise<App> {
  const base = loadConfig(
    { ...context.env, ERLMCP_RUNBOOKS: path.join(context.root, 'runbooks') },
    path.join(rehearsalDirOf(context), 'erlmcp'),
  )
  const queries = Object.fromEntries(
    Object.entries(SIGNAL_TABLE).map(([name, entry]) => [name, `max(${entry.value('', '$window')})`]),
  )
  const config: Config = {
    ...base,
    databaseUrl: null,
    listen: { host: '127.0.0.1', port: 0 },
    logLevel: 'error',
    services: {
      [SANDBOX_SERVICE]: {
        target: { kind: 'kubernetes', context: 'sandbox', namespace: cluster.namespace },
        variables: {
          NAMESPACE: cluster.namespace,
          DEPLOYMENT: SANDBOX_SERVICE,
          MANIFESTS: cluster.manifestsDir,
        },
        environment: {
          all: {},
          observer: cluster.environment('observer'),
          operator: cluster.environment('operator'),
        },
        signals: { kind: 'prometheus', url: cluster.serviceUrl('prometheus'), queries },
      },
    },
    response: { ...base.response, sampleEverySeconds: 3, giveUpAfterSeconds: 120 },
  }
  const app = createApp({ config, speed, log: createLogger({ level: 'error' }), write: () => undefined })
  await app.start()
  return app
}

async function callApi(
  url: string,
  method: 'GET' | 'POST',
  token: string,
  body?: Record<string, unknown>,
): Promise<Record<string, unknown>> {
  const response = await fetch(url, {
    method,
    headers: {
      authorization: `Bearer ${token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    signal: AbortSignal.timeout(30_000),
  })
  const value = (await response.json()) as Record<string, unknown>
  if (response.ok) return value
  throw new AppError('conflict', asText(value['detail']) || `${url} answered ${response.status}`, {
    action: asText(value['action']) || 'Look at the log.',
  })
}
