import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { AppError } from '../base/error.ts'
import { asText, forTerminal } from '../base/text.ts'
import type { Client } from './client.ts'
import { EXIT } from './exit.ts'
import { commandLines } from './incident-view.ts'
import type { CliDeps } from './program.ts'
import { addCommonOptions, callLoudly, formatOf, showAnswer, withClient } from './verbs.ts'
import type { CommonOptions } from './verbs.ts'
import { watchIncident } from './watch.ts'

type Row = Record<string, unknown>

interface StartOptions extends CommonOptions {
  input: Record<string, string>
  page?: string
  service?: string
  severity?: string
  reason?: string
  dryRun: boolean
  yes: boolean
  watch: boolean
}

/** `run start PROCEDURE`: shows the plan, asks for what is missing, starts exactly that plan. */
export function addStartCommand(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  const run = program.commands.find((command) => command.name() === 'run') ?? program.command('run')
  const command = run
    .command('start')
    .description('start a runbook: what only reads runs, what changes anything waits for a person')
    .argument(
      '<procedure>',
      'id of a procedure, or the path of its page, or the hash of a plan that was shown',
    )
    .option('--input <name=value>', 'a value of a placeholder; may be repeated', collect, {})
    .option('--page <path>', 'the page, where several have this procedure')
    .option('--service <name>', 'which service it is for; default the page says')
    .option('--severity <level>', 'P1 to P4; default the page says, else P3')
    .option('--reason <text>', 'why now; it stands in the timeline')
    .option('--dry-run', 'show what would happen, and end', false)
    .option('--yes', 'do not ask before the start; what changes anything is asked for all the same', false)
    .option('--watch', 'follow the incident afterwards', false)
  addCommonOptions(command)
    .addHelpText(
      'after',
      '\nExamples:\n  erlmcp run start orders-failing --dry-run\n  erlmcp run start pod-restart --input POD_NAME=web-0 --service orders --reason "pager said so"\n  erlmcp run start high-latency --watch\n',
    )
    .action(async (procedure: string, options: StartOptions) => {
      const code = await withClient(deps, options, (client) => start(deps, client, procedure, options), {
        // a plan is made by a server too
        working: true,
      })
      setExit(code)
    })
}

const HASH = /^[0-9a-f]{64}$/

async function start(
  deps: CliDeps,
  client: Client,
  procedure: string,
  options: StartOptions,
): Promise<number> {
  const plan = HASH.test(procedure) ? null : await planned(deps, client, procedure, options)
  if (plan !== null) {
    const structured = formatOf(options) === 'json' || formatOf(options) === 'yaml'
    if (options.dryRun && structured) await showAnswer(deps, options, 'run.plan', plan)
    else if (!structured) deps.write(`${planText(plan)}\n`)
    if (options.dryRun) return EXIT.done
  }
  const { terminal } = deps
  if (plan !== null && !options.yes) {
    if (!terminal.interactive)
      throw new AppError('usage', 'nobody is here to say yes', {
        action: 'Add --yes, or --dry-run to look only.',
      })
    if (!/^y(es)?$/i.test(await terminal.ask('Start it? [y/N] '))) return EXIT.refused
  }
  const reason = options.reason ?? (terminal.interactive ? await terminal.ask('Why now: ') : '')
  if (reason === '') throw new AppError('usage', 'a start needs a reason', { action: 'Add --reason TEXT.' })
  const planHash = plan === null ? procedure : asText(plan['planHash'])
  const begun = (await callLoudly(deps, options, client, 'run.start', { planHash, reason })) as Row
  await showAnswer(deps, options, 'run.start', begun)
  return options.watch ? watchIncident(deps, client, asText(begun['incident'])) : EXIT.done
}

/** A plan with all that it needs: what is missing is asked for. */
async function planned(
  deps: CliDeps,
  client: Client,
  procedure: string,
  options: StartOptions,
): Promise<Row> {
  const place = await find(client, procedure, options.page)
  let inputs = options.input
  for (;;) {
    const { service, severity } = options
    const plan = (await callLoudly(deps, options, client, 'run.plan', {
      ...place,
      inputs,
      ...(service === undefined ? {} : { service }),
      ...(severity === undefined ? {} : { severity }),
    })) as Row
    const missing = (plan['missingInputs'] as string[]).filter((name) => inputs[name] === undefined)
    if (missing.length === 0 || options.dryRun) return plan
    if (!deps.terminal.interactive) {
      throw new AppError('usage', `values are missing: ${missing.join(', ')}`, {
        action: `Add ${missing.map((name) => `--input ${name}=VALUE`).join(' ')}.`,
      })
    }
    const given: Record<string, string> = {}
    for (const name of missing) given[name] = await deps.terminal.ask(`${name}: `)
    inputs = { ...inputs, ...given }
  }
}

async function find(
  client: Client,
  wanted: string,
  page: string | undefined,
): Promise<{ page: string; procedure?: string }> {
  const { pages } = (await client.call('page.list', { limit: 1_000 })) as { pages: Row[] }
  const byPath = pages.find(({ path }) => path === wanted)
  if (byPath !== undefined) return { page: wanted }
  const having = pages.filter(
    (each) =>
      (each['procedures'] as Row[]).some(({ id }) => id === wanted) &&
      (page === undefined || each['path'] === page),
  )
  const [only] = having
  if (only !== undefined && having.length === 1) return { page: asText(only['path']), procedure: wanted }
  const all = pages.flatMap((each) => (each['procedures'] as Row[]).map(({ id }) => asText(id)))
  throw having.length > 1
    ? new AppError('usage', `several pages have a procedure ${wanted}`, {
        action: `Add --page with one of: ${having.map(({ path }) => asText(path)).join(', ')}.`,
      })
    : new AppError('not_found', `there is no procedure or page ${JSON.stringify(wanted)}`, {
        action: `${near(wanted, all)}\`erlmcp page list\` has the pages.`,
      })
}

/** Those that hold the word, or a part of it. */
function near(wanted: string, all: readonly string[]): string {
  const parts = wanted
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((part) => part.length > 2)
  const found = all.filter((id) => parts.some((part) => id.includes(part))).slice(0, 5)
  return found.length === 0 ? '' : `Did you mean ${found.join(' or ')}? `
}

function planText(plan: Row): string {
  const lines = [
    `${forTerminal((plan['procedure'] as Row)['title'])}  ${asText(plan['severity'])}  plan ${asText(plan['planHash']).slice(0, 12)}`,
  ]
  for (const step of plan['steps'] as Row[]) {
    const option = step['option'] === null ? '' : `option ${asText(step['option'])}: `
    lines.push('', `${option}${forTerminal(step['title'])}`)
    const gates = new Set((step['commands'] as Row[]).map(({ gate }) => gate))
    if (gates.has('approve')) lines.push('  waits for an approval')
    if (gates.has('person')) lines.push('  is done by a person')
    lines.push(...commandLines(step))
  }
  const missing = plan['missingInputs'] as string[]
  if (missing.length > 0) lines.push('', `missing: ${missing.join(', ')}`)
  return lines.join('\n')
}

function collect(text: string, before: Record<string, string>): Record<string, string> {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('NAME=VALUE is needed.')
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) }
}
