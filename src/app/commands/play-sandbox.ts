import path from 'node:path'
import type { App } from '../../app.ts'
import { AppError, messageOf } from '../../base/error.ts'
import { loadCommandGrammars } from '../../command/index.ts'
import {
  createHost,
  endOfStory,
  loadScenarios,
  procedureOf,
  rehearse,
  sandboxTarget,
  startCluster,
} from '../../rehearsal/index.ts'
import type { Rehearsal, SandboxCluster } from '../../rehearsal/index.ts'
import { loadPages } from '../../runbook/index.ts'
import { exampleDirOf, sandboxDirOf, stopWithin } from './context.ts'
import { identityOf } from './play-host.ts'
import type { Stage } from './play.ts'
import { findScenario, keepProof } from './rehearse.ts'
import { clusterOfSandbox, SANDBOX_SERVICE, startRehearsed } from './rehearsed.ts'

const DONE = 0
const FAILED = 1
/** Somebody may read before they answer. */
const PATIENCE_SECONDS = 30 * 60

/** The sandbox cluster, erlmcp beside it, and one scenario, live. @returns the exit code. */
export async function playInSandbox(stage: Stage): Promise<number> {
  const { context, options, write, signal } = stage
  const runbooks = path.join(context.root, 'runbooks')
  const shipped = findScenario(await loadScenarios(path.join(runbooks, 'scenarios')), options.scenario)
  const scenario = options.auto ? shipped : { ...shipped, timeLimitSeconds: PATIENCE_SECONDS }
  await loadCommandGrammars()
  const procedure = await procedureOf(scenario, (await loadPages(runbooks)).pages, runbooks)
  write(`erlmcp ${context.version}: ${scenario.title}\n  raising the sandbox cluster…\n`)
  const cluster = await startCluster({ dataDir: sandboxDirOf(context), speed: options.speed })
  let app: App | null = null
  try {
    if (signal.aborted) throw signal.reason
    app = await startRehearsed(context, clusterOfSandbox(cluster), {
      dataDir: exampleDirOf(context),
      runbooks,
      service: SANDBOX_SERVICE,
      speed: options.speed,
      sampleEverySeconds: 2,
      giveUpAfterSeconds: 90,
    })
    introduce(stage, cluster, app)
    const { address, webhookToken, measure } = app
    const answerToken = await app.issueToken(identityOf(stage))
    const host = createHost({ address, webhookToken, measure, answerToken })
    const done = await rehearse(
      {
        host,
        target: sandboxTarget(cluster, context.env['PATH'] ?? ''),
        procedure,
        service: SANDBOX_SERVICE,
        speed: options.speed,
        now: () => new Date(),
        write,
        signal,
        ...(stage.person === null ? {} : { responder: stage.person }),
      },
      scenario,
    )
    const last = conclude(stage, done)
    if (done.proof.passed) {
      await keepProof(context, done.proof)
      await host.api('POST', '/rehearsals', { proofs: [done.proof] })
    }
    if (options.keep) await keepOn(stage, cluster, app)
    await stopWithin(context, app)
    await cluster.stop()
    write(`${last}\n`)
    return done.proof.passed ? DONE : FAILED
  } catch (error) {
    // said before anything is stopped: that may take its time
    if (!signal.aborted) write(`\n  ${messageOf(error)}\n`)
    if (app !== null) await stopWithin(context, app, 1_000)
    await cluster.stop()
    if (!signal.aborted) throw error
    write('\n  stopped; nothing is left running\n')
    return FAILED
  }
}

function introduce({ context, options, write }: Stage, cluster: SandboxCluster, app: App): void {
  write(
    [
      `  cluster   namespace ${cluster.namespace}, for any kubectl: export KUBECONFIG=${cluster.kubeconfigPath}`,
      ...(cluster.otherPorts === '' ? [] : [`  ports     taken on this machine; here ${cluster.otherPorts}`]),
      `  erlmcp    ${app.address()}, data in ${exampleDirOf(context)}`,
      `  speed     the times that the page states are divided by ${options.speed}: 5 minutes are ${300 / options.speed} s`,
      '',
      '',
    ].join('\n'),
  )
}

/** @returns the last line: the path of the review. */
function conclude({ write }: Stage, { proof, incident }: Rehearsal): string {
  if (incident === null) {
    throw new AppError('timeout', `the story did not come to its end: ${proof.reason}`, {
      action: 'Start again; on a machine that is busy with other work, with a smaller --speed.',
    })
  }
  const seconds = (value: number | null): string => (value === null ? '-' : `${Math.round(value)} s`)
  const allowed =
    proof.responseTimeSeconds === null
      ? ''
      : ` (${proof.severity ?? ''} allows ${proof.responseTimeSeconds / 60} min to respond)`
  write(
    `\n  detected in ${seconds(proof.secondsToDetect)}, acknowledged in ${seconds(proof.secondsToAcknowledge)}${allowed}, mitigated in ${seconds(proof.secondsToMitigate)}, resolved in ${seconds(proof.secondsToResolve)}\n`,
  )
  if (!proof.passed) write(`  not as the scenario expects: ${proof.reason}\n`)
  return endOfStory(write, incident)
}

async function keepOn({ write, arrived }: Stage, cluster: SandboxCluster, app: App): Promise<void> {
  write(
    [
      '',
      '  everything goes on running; in another terminal:',
      `    export KUBECONFIG=${cluster.kubeconfigPath}`,
      `    kubectl get pods -n ${cluster.namespace}`,
      '    bin/erlmcp incident list',
      `  erlmcp is at ${app.address()}; Ctrl-C ends everything`,
      '',
    ].join('\n'),
  )
  await arrived
}
