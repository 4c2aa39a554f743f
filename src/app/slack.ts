import { z } from 'zod'
import { actorOfPerson } from '../access/index.ts'
import type { Actor } from '../access/index.ts'
import { AppError } from '../base/error.ts'
import { button, preformatted, section, slackRequest } from '../communication/index.ts'
import type { SlackRequest } from '../communication/index.ts'
import { invoke, invokeOnce } from '../operations/index.ts'
import type { OperationDeps } from '../operations/index.ts'
import { followMessage, markMessage } from './slack-news.ts'
import { startPlan } from './slack-run.ts'
import { HELP, runSlackCommand } from './slack-commands.ts'
import { keyOf, takeIncident } from './slack-take.ts'
import type { SlackReply } from './slack-take.ts'

export interface SlackDesk {
  operations: OperationDeps
  /** Who a member of the workspace is here. */
  people: Readonly<Record<string, string>>
  /** Sends the reply to the address that came with the request. */
  reply(url: string, reply: SlackReply): Promise<void>
}

/** Does what somebody asked for in Slack, as the person that they are here, through the one gate. @returns for the record. */
export async function serveSlack(desk: SlackDesk, payload: unknown): Promise<string> {
  const request = slackRequest.parse(payload)
  const reply = await answerOf(desk, request)
  if (reply !== null) await desk.reply(request.responseUrl, reply)
  return reply?.text ?? 'nothing to say'
}

async function answerOf(desk: SlackDesk, request: SlackRequest): Promise<SlackReply | null> {
  const { ask } = request
  if (ask.kind === 'edited' || ask.kind === 'deleted') {
    await followMessage(desk.operations, ask, nameIn(desk))
    return null
  }
  // a button that only opens a page
  if (ask.kind === 'button' && ask.action === 'open') return null
  if (ask.kind === 'command' && /^\s*(help\s*)?$/.test(ask.text)) return { text: HELP }
  try {
    const actor = await personOf(desk, request.user)
    if (ask.kind === 'mark') return await markMessage(desk.operations, actor, request.id, ask, nameIn(desk))
    return ask.kind === 'command'
      ? await runSlackCommand(desk.operations, actor, request.id, ask)
      : await press(desk.operations, actor, request.id, ask)
  } catch (error) {
    if (error instanceof AppError) return { text: `${error.message}. ${error.action}` }
    throw error
  }
}

/** Who a member of the workspace is here, for people. */
const nameIn =
  ({ people }: SlackDesk) =>
  (user: string): string =>
    people[user] ?? `slack:${user}`

/** @throws AppError `forbidden` for somebody who is nobody here, with how to be linked. */
async function personOf({ people, operations }: SlackDesk, user: string): Promise<Actor> {
  const person = people[user]
  if (person === undefined) {
    throw new AppError('forbidden', `erlmcp does not know who you are: ${user} is linked to nobody`, {
      action: `Ask an administrator to add \`${user}: person:<your name in erlmcp>\` under channels.slack.people; nothing was done`,
    })
  }
  const actor = await actorOfPerson(operations.database.kysely, person)
  if (actor !== null) return actor
  throw new AppError(
    'forbidden',
    `${user} is linked to ${person}, who is not a person of erlmcp or is disabled`,
    {
      action: 'Ask an administrator to add you with `erlmcp person invite`; nothing was done',
    },
  )
}

async function press(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  { action, value }: { action: string; value: string },
): Promise<SlackReply> {
  if (action === 'acknowledge') return takeIncident(operations, actor, requestId, value)
  if (action.startsWith('show-')) return showOption(operations, actor, value)
  if (action === 'start-plan') return startPlan(operations, actor, requestId, value)
  if (action === 'approve') return approve(operations, actor, requestId, value)
  if (action === 'reject') {
    const input = { id: value, reason: 'rejected in Slack' }
    await invokeOnce(operations, actor, 'run.reject', input, keyOf(requestId))
    return { text: 'You have rejected all options. The incident stays with you.' }
  }
  throw new AppError('input_invalid', `the button ${action.slice(0, 50)} does nothing any more`, {
    action: 'Use the newest card.',
  })
}

const run = z.object({
  waitsFor: z.object({ kind: z.string() }).nullable(),
  reason: z.string().nullable(),
  target: z.unknown(),
  options: z.array(
    z.object({
      number: z.number(),
      id: z.string(),
      title: z.string(),
      risk: z.string(),
      missingInputs: z.array(z.string()),
      hashes: z.array(z.string()),
      commands: z.array(
        z.object({
          script: z.string(),
          inputs: z.array(z.object({ name: z.string(), value: z.string().nullable() })),
          risk: z.string(),
          mode: z.string(),
        }),
      ),
    }),
  ),
})
const optionValue = z.tuple([z.string().min(1), z.string().min(1)])
const approvalValue = z.tuple([z.string().min(1), z.string().min(1)]).rest(z.string().length(64))

/** Slack shows about this much; what cannot be shown whole is not approved there. */
const MAX_SHOWN = 8_000
const MAX_VALUE = 1_900

/** The exact commands of an option, with their hashes; the button approves these and no others. */
async function showOption(operations: OperationDeps, actor: Actor, value: string): Promise<SlackReply> {
  const [runId, optionId] = optionValue.parse(parseJson(value))
  const shown = run.parse(await invoke(operations, actor, 'run.show', { id: runId }))
  const option = shown.options.find((one) => one.id === optionId)
  if (option === undefined || shown.waitsFor?.kind !== 'choose')
    return { text: `This is not asked any more. ${await whoWasFirst(operations, runId)}` }
  const scripts = option.commands.map((command) => {
    const inputs = command.inputs.map(({ name, value: given }) => `${name}=${given ?? '(missing)'}`)
    return {
      head: `${command.risk}, ${command.mode}${inputs.length === 0 ? '' : `, with ${inputs.join(', ')}`}`,
      script: command.script,
    }
  })
  const title = `Option ${option.number}: ${option.title} (${option.risk}) on ${JSON.stringify(shown.target)}`
  const approval = JSON.stringify([runId, option.id, ...option.hashes])
  const size = scripts.reduce((sum, one) => sum + one.script.length + one.head.length, 0)
  if (size > MAX_SHOWN || approval.length > MAX_VALUE || scripts.length > 20)
    return {
      text: `${title} is too long to be shown whole here. Look at it in erlmcp, and approve it there.`,
    }
  if (option.missingInputs.length > 0)
    return { text: `${title} cannot be approved: it needs ${option.missingInputs.join(', ')}.` }
  return {
    text: title,
    blocks: [
      section(title),
      ...scripts.flatMap(({ head, script }) => [section(head), preformatted(script)]),
      section(
        `Approved are exactly these commands, once. Hashes:\n${option.hashes.join('\n') || 'none: they only read'}`,
      ),
      {
        type: 'actions',
        elements: [button('approve', `Approve option ${option.number}`, approval, 'primary')],
      },
    ],
  }
}

async function approve(
  operations: OperationDeps,
  actor: Actor,
  requestId: string,
  value: string,
): Promise<SlackReply> {
  const [id, option, ...hashes] = approvalValue.parse(parseJson(value))
  const done = approved.parse(
    await invokeOnce(operations, actor, 'run.approve', { id, option, hashes }, keyOf(requestId)),
  )
  return {
    text: done.complete
      ? `You have approved ${done.approved}; it runs now.`
      : `You have approved ${done.approved}; ${done.given} of ${done.needed} have, it waits for another one.`,
  }
}

const approved = z.object({
  approved: z.string(),
  complete: z.boolean(),
  needed: z.number(),
  given: z.number(),
})

async function whoWasFirst(operations: OperationDeps, runId: string): Promise<string> {
  const last = await operations.database.kysely
    .selectFrom('decision')
    .select(['answered_by', 'state'])
    .where('run_id', '=', runId)
    .orderBy('asked_at', 'desc')
    .limit(1)
    .executeTakeFirst()
  if (last?.answered_by) return `${last.answered_by} has answered it first.`
  return last === undefined ? 'There is no such run.' : `The question is ${last.state}.`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return null
  }
}
