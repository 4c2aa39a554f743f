import { z } from 'zod'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { button, preformatted, section } from '../communication/index.ts'
import { invoke, invokeOnce } from '../operations/index.ts'
import type { OperationDeps } from '../operations/index.ts'
import { keyOf } from './slack-take.ts'
import type { SlackReply } from './slack-take.ts'

const MAX_SHOWN = 6_000
const plan = z.object({
  planHash: z.string(),
  page: z.object({ path: z.string() }),
  procedure: z.object({ title: z.string() }),
  severity: z.string(),
  target: z.unknown(),
  missingInputs: z.array(z.string()),
  steps: z.array(
    z.object({
      title: z.string(),
      option: z.number().nullable(),
      commands: z.array(z.looseObject({ script: z.string(), risk: z.string() })),
    }),
  ),
})

/** `/erlmcp run page.md [procedure]`: shows what it would do here and now; the button starts exactly that. */
export async function showPlan(
  operations: OperationDeps,
  actor: Actor,
  words: readonly string[],
): Promise<SlackReply> {
  const [page, procedure] = words
  if (page === undefined) {
    throw new AppError('input_invalid', 'run which page?', {
      action: 'Type /erlmcp run high-error-rate.md; `erlmcp page list` shows them',
    })
  }
  const input = { page, ...(procedure === undefined ? {} : { procedure }) }
  const shown = plan.parse(await invoke(operations, actor, 'run.plan', input))
  const title = `${shown.procedure.title} (${shown.page.path}), ${shown.severity}, on ${JSON.stringify(shown.target)}`
  if (shown.missingInputs.length > 0)
    return {
      text: `${title} cannot start here: it needs ${shown.missingInputs.join(', ')}. Start it in erlmcp.`,
    }
  const blocks = shown.steps.flatMap((step) => [
    section(step.option === null ? step.title : `Option ${step.option}: ${step.title}`),
    ...step.commands.flatMap((command) => [section(command.risk), preformatted(command.script)]),
  ])
  const size = JSON.stringify(blocks).length
  const start = {
    type: 'actions' as const,
    elements: [button('start-plan', 'Start: what reads runs, the rest is asked', shown.planHash, 'primary')],
  }
  return size > MAX_SHOWN || blocks.length > 40
    ? { text: `${title} is too long to be shown whole here. Look at it in erlmcp, and start it there.` }
    : { text: title, blocks: [section(title), ...blocks, start] }
}

export async function startPlan(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  planHash: string,
): Promise<SlackReply> {
  const input = { planHash, reason: `started in Slack by ${actor.id}` }
  const started = z
    .object({ incident: z.string() })
    .parse(await invokeOnce(operations, actor, 'run.start', input, keyOf(requestId)))
  const { number } = await operations.database.kysely
    .selectFrom('incident')
    .select('number')
    .where('id', '=', started.incident)
    .executeTakeFirstOrThrow()
  return { text: `It runs as INC-${number}.` }
}
