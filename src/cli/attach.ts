import type { Command } from 'commander'
import { AppError } from '../base/error.ts'
import { asText, forTerminal } from '../base/text.ts'
import type { Client } from './client.ts'
import { EXIT } from './exit.ts'
import type { CliDeps } from './program.ts'
import { withClient } from './verbs.ts'

type Row = Record<string, unknown>
const LOOK_EVERY_MS = 500
const ENDED = new Set(['done', 'succeeded', 'failed', 'unknown', 'skipped', 'cancelled', 'timed-out'])

/** `attach RUN STEP`: output as it comes; leaving changes nothing. */
export function addAttachCommand(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  program
    .command('attach')
    .description('follow the output of a command of a run; leaving it stops nothing')
    .argument('<run>', 'id of the run')
    .argument('[step]', 'id of the step or of the execution; default: what runs now, else what ran last')
    .option('--server <url>', 'a server, by its URL or the name of a profile')
    .addHelpText('after', '\nExamples:\n  erlmcp attach run_8f3a01\n  erlmcp attach run_8f3a01 check-pods\n')
    .action(async (run: string, step: string | undefined, options: { server?: string }) => {
      await withClient(deps, options, async (client) => {
        const execution = await findExecution(client, run, step)
        const free = deps.terminal.onInterrupt(
          `left; ${asText(execution['id'])} goes on. Come back with: erlmcp attach ${run} ${asText(execution['id'])}`,
        )
        try {
          setExit(await follow(deps, client, run, asText(execution['id'])))
        } finally {
          free()
        }
      })
    })
}

async function findExecution(client: Client, run: string, step: string | undefined): Promise<Row> {
  const shown = (await client.call('run.show', { id: run })) as Row
  const all = (shown['executions'] as Row[] | undefined) ?? []
  const found =
    step === undefined
      ? (all.find((each) => each['state'] === 'running') ?? all.at(-1))
      : all.findLast((each) => each['id'] === step || each['stepId'] === step)
  if (found !== undefined) return found
  throw new AppError(
    'not_found',
    `${run} has run nothing${step === undefined ? '' : ` named ${JSON.stringify(step)}`}`,
    {
      action: `Its steps: ${[...new Set(all.map((each) => asText(each['stepId'])))].join(', ') || 'none yet'}.`,
    },
  )
}

async function follow(deps: CliDeps, client: Client, run: string, execution: string): Promise<number> {
  let after = -1
  for (;;) {
    const page = (await client.call('run.output', { execution, after })) as Row
    for (const chunk of page['chunks'] as Row[]) {
      deps.write(forTerminal(chunk['text']))
      after = Number(chunk['sequence'])
    }
    if (page['next'] === null && ENDED.has(asText(page['state']))) {
      const { executions } = (await client.call('run.show', { id: run })) as { executions: Row[] }
      const code = executions.find((each) => each['id'] === execution)?.['exitCode']
      deps.writeError(
        `${asText(page['state'])}${code === null || code === undefined ? '' : `, exit ${asText(code)}`}\n`,
      )
      return code === 0 ? EXIT.done : EXIT.failed
    }
    if (page['next'] === null) await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}
