import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { loadCommandGrammars, outlineShell, parseKubectl } from '../../src/command/index.ts'
import { startCluster } from '../../src/rehearsal/index.ts'
import type { SandboxCluster } from '../../src/rehearsal/index.ts'
import { planProcedure } from '../../src/run/index.ts'
import type { PlannedCommand } from '../../src/run/index.ts'
import { loadPages } from '../../src/runbook/index.ts'
import { hasKubectl, runLine } from '../support/sandbox.ts'
import type { Result } from '../support/sandbox.ts'

const seed = path.resolve('../shared/seed')
const home = mkdtempSync(path.join(tmpdir(), 'erlmcp-commands-'))
const DEPLOYMENT = 'deployment/erlmcp-tcps'
const QUOTA =
  'apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: erlmcp-quota, namespace: erlmcp }\nspec: { hard: { pods: 15 } }\n'
let cluster: SandboxCluster
let tries = 0

const run = (line: string, as: 'admin' | 'observer' | 'operator' = 'admin', env = {}): Promise<Result> =>
  runLine(cluster, line, { as, home, env })

type Values = Map<string, { value: string; from: string }>

/** Values for the inputs of all pages; what changes with the cluster is asked for. */
async function values(): Promise<Values> {
  const [pod, replicas, history] = await Promise.all([
    run(
      `kubectl get pods -n erlmcp -l app=erlmcp --field-selector=status.phase=Running -o jsonpath='{.items[-1:].metadata.name}'`,
    ),
    run(`kubectl get ${DEPLOYMENT} -n erlmcp -o jsonpath='{.spec.replicas}'`),
    run(`kubectl rollout history ${DEPLOYMENT} -n erlmcp`),
  ])
  const known = {
    NAMESPACE: 'erlmcp',
    DEPLOYMENT: 'erlmcp-tcps',
    MANIFESTS: cluster.manifestsDir,
    QUOTA: 'erlmcp-quota',
    BACKUP: '20261124',
    POD_NAME: pod.out,
    CURRENT_REPLICAS: replicas.out,
    REPLICAS: '3',
    REVISION: /^\d+/m.exec(history.out)?.[0] ?? '1',
  }
  return new Map(Object.entries(known).map(([name, value]) => [name, { value, from: 'the test' }]))
}

interface Line {
  where: string
  command: PlannedCommand
}

/** Everything that a page would run, in its order. */
async function linesOf(folder: string): Promise<Line[]> {
  const known = await values()
  const { pages } = await loadPages(folder)
  const target = { kind: 'kubernetes', context: 'sandbox', namespace: 'erlmcp' } as const
  return pages.flatMap((page) =>
    page.runbook.procedures.flatMap((procedure) => {
      const plan = planProcedure(procedure, { target, values: known })
      const steps = [...plan.diagnosis, ...plan.alternatives, ...plan.checks, ...plan.followUp]
      return steps
        .flatMap((step) => step.commands)
        .toSorted((a, b) => a.line - b.line)
        .map((command) => ({ where: `${page.path}:${command.line}`, command }))
    }),
  )
}

const PROGRAMS = new Set(['kubectl', 'curl', 'psql', 'pg_isready'])

/** For the cluster, and of the kind that kubectl takes. */
function runsHere({ command }: Line): boolean {
  const commands = outlineShell(command.text).commands.filter((item) => item.through.length === 0)
  const valid = commands.every(({ words }) => {
    if (words[0]?.text !== 'kubectl') return true
    return parseKubectl(words.map((word) => word.text)).problems.length === 0
  })
  return (
    command.mode !== 'manual' &&
    valid &&
    PROGRAMS.has(commands[0]?.words[0]?.text ?? '') &&
    command.inputs.every((input) => input.value !== null)
  )
}

interface Outcome {
  where: string
  text: string
  code: number
  err: string
}

/** Kubectl mostly waits for the cluster, and some commands for an interrupt. */
const READS_AT_A_TIME = 4

/** In their order; reads that follow each other go side by side, a change waits for all before it. */
async function executeAll(lines: readonly Line[], perform: (line: Line, known?: Values) => Promise<Outcome>) {
  const outcomes: Outcome[] = []
  for (let at = 0; at < lines.length;) {
    const changesAt = lines.findIndex((line, index) => index >= at && line.command.identity !== 'observer')
    const end = changesAt === -1 ? lines.length : Math.max(changesAt, at + 1)
    const group = lines.slice(at, Math.min(end, at + READS_AT_A_TIME))
    // nothing changes while only reads run
    const known = group.length > 1 && group.some(moves) ? await values() : undefined
    outcomes.push(...(await Promise.all(group.map((line) => perform(line, known)))))
    at += group.length
  }
  return outcomes
}

/** Whether a change before it may have changed what it names. */
const moves = ({ command }: Line): boolean =>
  command.inputs.some((input) => ['POD_NAME', 'CURRENT_REPLICAS', 'REVISION'].includes(input.name))

async function execute(line: Line, known?: Values): Promise<Outcome> {
  const { command } = line
  const fresh = moves(line) ? (known ?? (await values())) : new Map<string, { value: string }>()
  const env = Object.fromEntries(
    command.inputs.map((input) => [input.variable, fresh.get(input.name)?.value ?? input.value ?? '']),
  )
  const result = await runLine(cluster, command.script, {
    as: command.identity,
    home,
    env,
    ...(command.mode === 'window' ? { interruptAfterMs: 2_500 } : {}),
  })
  // nothing brings a bare pod back, and what follows needs it
  if (/delete pod .*postgres-pod/.test(command.text)) {
    await run(`kubectl apply -f ${cluster.manifestsDir}/database.yaml`)
    await run('kubectl wait pod/postgres-pod -n erlmcp --for=condition=ready --timeout=60s')
  }
  return { where: line.where, text: command.text, code: result.code, err: result.err }
}

/** What each change expects to find: three ready pods, a revision to go back to, a quota, no databases of earlier tries. */
async function prepare(): Promise<void> {
  await run(`kubectl scale ${DEPLOYMENT} -n erlmcp --replicas=3`)
  await run(`kubectl rollout status ${DEPLOYMENT} -n erlmcp --timeout=60s`)
}

const distinct = (lines: Line[]): Line[] => [
  ...new Map(lines.map((line) => [line.command.script, line])).values(),
]

async function begin(folder: string): Promise<void> {
  cluster = await startCluster({ dataDir: path.join(home, folder), speed: 10 })
  await runLine(cluster, 'kubectl apply -f -', { home, input: QUOTA })
  await run(`kubectl set env ${DEPLOYMENT} -n erlmcp SEEN=once`)
  await prepare()
}

beforeAll(async () => {
  if (!hasKubectl) return
  await loadCommandGrammars()
  await begin('sandbox')
}, 120_000)

afterAll(async () => {
  if (hasKubectl) await cluster.stop()
  rmSync(home, { recursive: true, force: true, maxRetries: 5 })
}, 60_000)

describe.skipIf(!hasKubectl)('the shipped pages', () => {
  test('every command that only reads succeeds as the observer', async () => {
    const reads = distinct((await linesOf('runbooks')).filter(runsHere)).filter(
      ({ command }) => command.identity === 'observer' && !command.text.startsWith('kubectl wait'),
    )
    const results = await executeAll(reads, execute)
    // nothing has restarted yet: kubectl says so, with the exit code of a real cluster
    const failed = results.filter(({ code, text }) => code !== (text.includes('--previous') ? 1 : 0))
    expect(failed).toEqual([])
    expect(results.length).toBeGreaterThan(35)
  }, 300_000)

  test('every command that changes something succeeds as the operator', async () => {
    const changes = distinct((await linesOf('runbooks')).filter(runsHere)).filter(
      ({ command }) => command.identity === 'operator',
    )
    const failed = []
    for (const line of changes) {
      const restores = line.where.startsWith('backup') && /swap|RENAME|current-replicas=0/.test(line.command.text)
      const scales = line.command.text.includes('scale')
      if (scales && !restores) await prepare()
      if (line.command.text.includes('--current-replicas=1')) await run(`kubectl scale ${DEPLOYMENT} -n erlmcp --replicas=1`)
      if (line.command.text.includes('RENAME')) await run('kubectl wait pod -n erlmcp -l app=erlmcp --for=delete --timeout=60s')
      const result = await execute(line)
      if (result.code !== 0) failed.push(result)
    }
    expect(failed).toEqual([])
    expect(changes.length).toBeGreaterThan(20)
  }, 600_000) // prettier-ignore
})

describe.skipIf(!hasKubectl || !existsSync(seed))('the original page', () => {
  test('every command that kubectl takes ends as on a real cluster', async () => {
    // it names revisions and pods that the changes of the shipped pages, or a try before this one, have moved on from
    await cluster.stop()
    tries += 1
    await begin(`original-${tries}`)
    const lines = distinct((await linesOf(seed)).filter(runsHere))
    const expectedOf = (text: string): number[] =>
      EXPECTED.find(([pattern]) => pattern.test(text))?.[1] ?? [0]
    const results = await executeAll(lines, async (line, known) => {
      const result = await execute(line, known)
      if (expectedOf(line.command.text).includes(result.code)) return result
      // a pod that was just replaced, or a slow machine: a second try tells them from a fault
      await run(`kubectl rollout status ${DEPLOYMENT} -n erlmcp --timeout=60s`)
      return execute(line)
    })
    expect(results.filter(({ code, text }) => !expectedOf(text).includes(code))).toEqual([])
    expect(lines.length).toBeGreaterThan(30)
  }, 600_000)
})

/** Commands of the original page that fail on a real cluster too, with their exit codes. */
const EXPECTED: [RegExp, number[]][] = [
  // endless: ended by an interrupt, or with the pod that it followed
  [/kubectl logs .*-f\b/, [0, 1, 130]],
  [/get pods .*-w\b/, [1, 130]],
  // there by that name, and in the image, only in a real installation
  [/-- \\\n\s*psql -h postgres|psql -h postgres -U erlmcp -c/, [0, 1, 2]],
  [/-- \\\n\s*erl |any-pod|erlmcp-pod|--previous/, [1]],
  // grep finds nothing, or something
  [/\| *\\?\s*grep|-- \\\n\s*(?:grep|find)/, [0, 1]],
]
