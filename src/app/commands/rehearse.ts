import { appendFile, mkdir } from 'node:fs/promises'
import path from 'node:path'
import type { App } from '../../app.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { loadCommandGrammars } from '../../command/index.ts'
import {
  addToProofFile,
  createHost,
  loadScenarios,
  missingForSandbox,
  openKubeconfigTarget,
  parseTarget,
  procedureOf,
  PROOF_FILE,
  proofOfNothing,
  rehearse,
  rehearseApart,
  sandboxTarget,
  startCluster,
} from '../../rehearsal/index.ts'
import type { Proof, RehearsalTarget, Scenario } from '../../rehearsal/index.ts'
import { loadPages } from '../../runbook/index.ts'
import { connect } from './connect.ts'
import { runJobs } from './jobs.ts'
import { rehearsalDirOf, sandboxDirOf, stopSignal, stopWithin } from './context.ts'
import type { CommandContext } from './context.ts'
import { clusterOfSandbox, SANDBOX_SERVICE, startRehearsed } from './rehearsed.ts'
import type { RehearsedCluster } from './rehearsed.ts'

const DONE = 0
const FAILED = 1

export interface RehearseOptions {
  all: boolean
  speed: number
  /** How many scenarios run side by side in the sandbox, each in a process and a cluster of its own. Default 1. */
  jobs?: number
  /** Whether the proofs are stored where pages are looked at, beside the file that has them. */
  store: boolean
  json: boolean
  /** `sandbox`, or `kubeconfig:CONTEXT/NAMESPACE`. */
  target: string
  /** Folder of a team's own scenarios. */
  scenarios?: string
  /** Folder of a team's own pages. */
  runbooks?: string
  /** A file that carries the proofs elsewhere. */
  proofs?: string
  /** Prometheus of a target that is no sandbox. */
  prometheus?: string
}

/** Rehearses scenarios and keeps their proofs. @returns the exit code. */
export async function rehearseAll(
  context: CommandContext,
  names: readonly string[],
  options: RehearseOptions,
): Promise<number> {
  const chosen = await choose(context, names, options)
  if (chosen === null) return DONE
  const target = parseTarget(options.target)
  if (target === null) await requireSandbox(context)
  const { signal } = stopSignal(context)
  await loadCommandGrammars()
  const runbooks = runbooksOf(context, options)
  const { pages } = await loadPages(runbooks)
  const jobs = target === null ? Math.min(options.jobs ?? 1, chosen.length) : 1
  const show = (text: string): void => void (options.json ? process.stderr : process.stdout).write(text)
  const proofs = await runJobs(chosen, jobs, signal, async (scenario, slot) => {
    // told at its end where several are played at a time
    const told: string[] = []
    const write = jobs === 1 ? show : (text: string): void => void told.push(text)
    if (jobs === 1) write(`\n${scenario.name}: ${scenario.title}\n`)
    const procedure = await procedureOf(scenario, pages, runbooks)
    const here = () =>
      onTarget(context, options, scenario, async (stage) => {
        const { app, target: where } = stage
        const answerToken = await app.issueToken({
          id: 'rehearsal:second-person',
          kind: 'rehearsal',
          role: 'lead',
        })
        const { address, webhookToken, measure } = app
        const host = createHost({ address, webhookToken, answerToken, measure })
        const { speed } = options
        const service = serviceOf(scenario)
        const deps = { host, target: where, procedure, service, speed, now: () => new Date(), write, signal }
        return (await rehearse(deps, scenario)).proof
      })
    const play = jobs === 1 ? here() : playApart(context, options, scenario, slot, signal, write)
    const proof = await play.catch((error: unknown) => {
      // one cluster that does not come up takes no other scenario's proof away
      if (signal.aborted || target !== null || chosen.length === 1) throw error
      const { speed } = options
      return proofOfNothing(
        { procedure, speed, now: () => new Date() },
        'sandbox',
        scenario,
        messageOf(error),
      )
    })
    if (jobs === 1 || !told.join('').includes(proofLine(proof))) write(`${proofLine(proof)}\n`)
    show(told.join(''))
    await keepProof(context, proof, options.proofs)
    return proof
  })
  if (options.store) await record(context, proofs)
  if (options.json) process.stdout.write(`${JSON.stringify(proofs, null, 2)}\n`)
  return proofs.length > 0 && proofs.every((proof) => proof.passed) ? DONE : FAILED
}

const scenariosOf = (context: CommandContext, options: Pick<RehearseOptions, 'scenarios'>): string =>
  path.resolve(options.scenarios ?? path.join(context.root, 'runbooks', 'scenarios'))
const runbooksOf = (context: CommandContext, options: Pick<RehearseOptions, 'runbooks'>): string =>
  path.resolve(options.runbooks ?? path.join(context.root, 'runbooks'))
const serviceOf = (scenario: Scenario): string => scenario.alert.labels['service'] ?? SANDBOX_SERVICE

/** The scenarios to play; without a name they are listed, and that is all: `null`. */
async function choose(
  context: CommandContext,
  names: readonly string[],
  options: RehearseOptions,
): Promise<Scenario[] | null> {
  const folder = scenariosOf(context, options)
  const scenarios = await loadScenarios(folder)
  if (scenarios.length === 0) {
    throw new AppError('not_found', `there is no scenario in ${folder}`, {
      action: 'docs/guide/rehearsal.md has the form of one: a small YAML file.',
    })
  }
  if (names.length === 0 && !options.all) {
    for (const { name, title, page } of scenarios)
      process.stdout.write(`${name.padEnd(24)} ${title} (${page})\n`)
    return null
  }
  for (const name of names) findScenario(scenarios, name)
  return scenarios.filter((scenario) => options.all || names.includes(scenario.name))
}

/** @throws AppError `not_found` naming those that there are. */
export function findScenario(scenarios: readonly Scenario[], name: string): Scenario {
  const found = scenarios.find((scenario) => scenario.name === name)
  if (found !== undefined) return found
  throw new AppError('not_found', `there is no scenario ${JSON.stringify(name)}`, {
    action: `Choose from: ${scenarios.map((scenario) => scenario.name).join(', ')}.`,
  })
}

async function requireSandbox(context: CommandContext): Promise<void> {
  const missing = await missingForSandbox(process.platform, context.env['PATH'] ?? '')
  if (missing !== null) throw new AppError('unsupported', missing.what, { action: missing.remedy })
}

/** In a process and a folder of its own: two erlmcps in one process share an engine. */
async function playApart(
  context: CommandContext,
  options: RehearseOptions,
  scenario: Scenario,
  slot: number,
  signal: AbortSignal,
  write: (text: string) => void,
): Promise<Proof> {
  const folders = ['--scenarios', scenariosOf(context, options), '--runbooks', runbooksOf(context, options)]
  const how = ['--speed', String(options.speed), '--json', '--no-store', ...folders]
  const { proof, told } = await rehearseApart(
    {
      command: [context.main, 'rehearse', scenario.name, ...how],
      environment: {
        ...context.env,
        ERLMCP_DATA_DIR: path.join(rehearsalDirOf(context), `job-${slot + 1}`),
      },
    },
    signal,
  )
  write(told)
  return proof
}

interface Stage {
  app: App
  target: RehearsalTarget
}

/** A fresh erlmcp on the target, for one scenario; gone afterwards. */
async function onTarget<T>(
  context: CommandContext,
  options: RehearseOptions,
  scenario: Scenario,
  work: (stage: Stage) => Promise<T>,
): Promise<T> {
  const { target, cluster, close } = await openTarget(context, options)
  let app: App | null = null
  try {
    app = await startRehearsed(context, cluster, {
      dataDir: path.join(rehearsalDirOf(context), 'erlmcp'),
      runbooks: runbooksOf(context, options),
      service: serviceOf(scenario),
      speed: options.speed,
      sampleEverySeconds: 3,
      giveUpAfterSeconds: 120,
      config: { databaseUrl: null, listen: { host: '127.0.0.1', port: 0 }, logLevel: 'error' },
    })
    return await work({ app, target })
  } finally {
    if (app !== null) await stopWithin(context, app, 1_000)
    await close()
  }
}

interface OpenTarget {
  target: RehearsalTarget
  cluster: RehearsedCluster
  close(): Promise<void>
}

async function openTarget(context: CommandContext, options: RehearseOptions): Promise<OpenTarget> {
  const path_ = context.env['PATH'] ?? ''
  const wanted = parseTarget(options.target)
  if (wanted !== null) {
    return openKubeconfigTarget(wanted, {
      environment: context.env,
      dataDir: path.join(rehearsalDirOf(context), 'target'),
      prometheusUrl: options.prometheus ?? null,
    })
  }
  const cluster = await startCluster({ dataDir: sandboxDirOf(context), speed: options.speed })
  return {
    target: sandboxTarget(cluster, path_),
    cluster: clusterOfSandbox(cluster),
    close: () => cluster.stop(),
  }
}

/** "PROVED bad-release: … (detected in 9 s, mitigated in 4 s, resolved in 21 s; 15 min allowed)". */
function proofLine(proof: Proof): string {
  const seconds = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} s`)
  const allowed =
    proof.responseTimeSeconds === null ? '' : `; ${proof.responseTimeSeconds / 60} min allowed to respond`
  const times = `detected in ${seconds(proof.secondsToDetect)}, acknowledged in ${seconds(proof.secondsToAcknowledge)}, mitigated in ${seconds(proof.secondsToMitigate)}, resolved in ${seconds(proof.secondsToResolve)}${allowed}`
  return proof.passed
    ? `PROVED ${proof.scenario}: ${proof.reason} (${times})`
    : `NOT PROVED ${proof.scenario}: ${proof.reason}`
}

/** At once, so that a later fault takes no proof away; into a file that travels as well, where one is named. */
export async function keepProof(context: CommandContext, proof: Proof, file?: string): Promise<void> {
  await mkdir(rehearsalDirOf(context), { recursive: true })
  await appendFile(path.join(rehearsalDirOf(context), 'proofs.jsonl'), `${JSON.stringify(proof)}\n`)
  await addToProofFile(path.join(rehearsalDirOf(context), PROOF_FILE), [proof])
  if (file !== undefined) await addToProofFile(path.resolve(file), [proof])
}

/** Into the store that pages are looked at in: the server that runs, or the local one. */
async function record(context: CommandContext, proofs: readonly Proof[]): Promise<void> {
  if (proofs.length === 0) return
  try {
    const client = await connect(context, undefined)
    try {
      await client.call('rehearsal.record', { proofs })
    } finally {
      await client.close()
    }
  } catch (error) {
    process.stderr.write(
      `the proofs could not be stored: ${messageOf(error)}\n  They stand in ${path.join(rehearsalDirOf(context), PROOF_FILE)}; \`erlmcp rehearsal import FILE\` stores them later.\n`,
    )
  }
}
