import type { Clock } from '../base/clock.ts'
import {
  isPagerDutySignature,
  readPagerDutyWebhook,
  readSlackEvent,
  readSlackRequest,
  refuseSlackRequest,
} from '../communication/index.ts'
import type { ChangeFeed, Database } from '../db/index.ts'
import type { PagerDutyIntake, PublicStatus, SlackIntake } from '../http/index.ts'
import type { ResponseDeps } from '../response/index.ts'
import type { WorkflowEngine } from '../workflow/index.ts'
import { drawCards } from './cards.ts'
import { secretOf } from './channels.ts'
import { pruneInbound, storeInbound, workInbound } from './inbound.ts'
import { loopDuty } from './loop.ts'
import { agentDesk } from './mcp.ts'
import type { AppOptions, Duty } from './options.ts'
import { pagerDutyOncallDuty } from './pagerduty-oncalls.ts'
import { followPagerDuty } from './pagerduty.ts'
import { replyTo } from './slack-reply.ts'
import { serveSlack } from './slack.ts'
import { publishStatus } from './status-page.ts'
import { operationDeps } from './store.ts'
import type { Store } from './store.ts'

export interface Chat {
  intake: { slack: SlackIntake | null; pagerduty: PagerDutyIntake | null }
  /** The public status page; `null`: there is none. */
  status: PublicStatus | null
  duties: Duty[]
}

const LOOK_EVERY_MS = 500
const DRAW_EVERY_MS = 1_000
const PRUNE_EVERY_MS = 3_600_000
const MIN_SECRET = 16

/** What people do in Slack and PagerDuty, the cards in Slack, and what everybody may read. */
export async function buildChat(
  options: AppOptions,
  clock: Clock,
  store: Store,
  engine: WorkflowEngine,
  changes: ChangeFeed,
  responseDeps: ResponseDeps,
): Promise<Chat> {
  const { slack, pagerduty } = options.config.channels
  const { database } = store
  const operations = {
    ...operationDeps(options.config, clock, store, engine),
    agents: agentDesk(engine, responseDeps),
  }
  const intake = {
    slack: await slackIntake(slack?.signingSecretFile ?? null, database, clock),
    pagerduty: await pagerDutyIntake(pagerduty?.webhookSecretFiles ?? [], database, clock),
  }
  const workers = {
    ...(slack === null
      ? {}
      : {
          slack: (payload: unknown) =>
            serveSlack(
              { operations, people: slack.people, reply: replyTo(slack.apiUrl, options.log) },
              payload,
            ),
        }),
    ...(pagerduty === null
      ? {}
      : { pagerduty: (payload: unknown) => followPagerDuty(operations, pagerduty.people, payload) }),
  }
  let prunedAt = Number.NEGATIVE_INFINITY
  const inbound = loopDuty({
    name: 'requests from chats',
    everyMs: LOOK_EVERY_MS,
    log: options.log,
    changes,
    async look() {
      if (performance.now() - prunedAt > PRUNE_EVERY_MS) {
        prunedAt = performance.now()
        await pruneInbound(database, clock.now())
      }
      return (await workInbound({ database, clock, log: options.log }, workers)) > 0
    },
  })
  const cards = loopDuty({
    name: 'cards',
    everyMs: DRAW_EVERY_MS,
    log: options.log,
    changes,
    look: async () => {
      await drawCards({
        database,
        now: () => clock.now(),
        address: () => options.config.http.publicUrl ?? null,
      })
      return false
    },
  })
  const listens = intake.slack !== null || intake.pagerduty !== null
  const status = publishStatus(options, clock, database)
  return {
    intake,
    status: status.page,
    duties: [
      ...(listens ? [inbound] : []),
      ...(slack === null ? [] : [cards]),
      ...status.duties,
      ...pagerDutyOncallDuty(options, clock, database, store.oncall),
    ],
  }
}

async function slackIntake(
  secretFile: string | null,
  database: Database,
  clock: Clock,
): Promise<SlackIntake | null> {
  if (secretFile === null) return null
  const secret = await secretOf(secretFile, 'channels.slack.signingSecretFile', MIN_SECRET)
  return {
    refuse: (headers, body) => refuseSlackRequest(secret, headers, body, clock.now()),
    async receive(body) {
      const event = body[0] === OPENING_BRACE ? readSlackEvent(parseJson(body)) : null
      if (event !== null && 'challenge' in event) return event.challenge
      const request = event?.request ?? readSlackRequest(body)
      // stored under the id that Slack gives each click: repeats change nothing
      if (request !== null) await storeInbound(database, clock.now(), 'slack', request)
      return null
    },
  }
}

/** Events are JSON, everything else is a form. */
const OPENING_BRACE = 0x7b

function parseJson(body: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return null
  }
}

async function pagerDutyIntake(
  secretFiles: readonly string[],
  database: Database,
  clock: Clock,
): Promise<PagerDutyIntake | null> {
  if (secretFiles.length === 0) return null
  const secrets = await Promise.all(
    secretFiles.map((file) => secretOf(file, 'channels.pagerduty.webhookSecretFiles', MIN_SECRET)),
  )
  return {
    admit: (signature, body) => isPagerDutySignature(secrets, signature, body),
    async receive(webhookId, body) {
      const news = readPagerDutyWebhook(body)
      if (news !== null)
        await storeInbound(database, clock.now(), 'pagerduty', { ...news, id: webhookId ?? news.id })
    },
  }
}
