export { DEFAULT_LIMITS } from './channels/channel.ts'
export type { Channel, ChannelFinding, ChannelLimits, ChannelMessage, Sent } from './channels/channel.ts'
export { createConsoleChannel } from './channels/console.ts'
export { createEmailChannel } from './channels/email.ts'
export type { SmtpServer } from './channels/email.ts'
export { outcomeOfHttp, readRetryAfter } from './channels/http-outcome.ts'
export { isPagerDutySignature, pagerDutyNews, readPagerDutyWebhook } from './channels/pagerduty-webhook.ts'
export type { PagerDutyNews } from './channels/pagerduty-webhook.ts'
export { readPagerDutyOncalls } from './channels/pagerduty-oncalls.ts'
export { createPagerDutyChannel, readPagerDutyKey } from './channels/pagerduty.ts'
export { button, escapeSlack, preformatted, section } from './channels/slack-blocks.ts'
export type { SlackBlocks, SlackCard } from './channels/slack-blocks.ts'
export { readSlackEvent } from './channels/slack-events.ts'
export type { SlackNews } from './channels/slack-events.ts'
export { readSlackRequest, refuseSlackRequest, slackRequest } from './channels/slack-request.ts'
export type { SlackRequest } from './channels/slack-request.ts'
export { createSlackChannel } from './channels/slack.ts'
export { pinnedFetch } from './channels/pinned-fetch.ts'
export { testMessage } from './channels/test-message.ts'
export { createWebhookChannel, signWebhook } from './channels/webhook.ts'
export type { WebhookEndpoint } from './channels/webhook.ts'
export { completeAcknowledgements, plainName } from './complete.ts'
export { createDeliverer, deliverMessages } from './deliver.ts'
export type { Deliverer } from './deliver.ts'
export {
  discardDraft,
  findDraft,
  keepFacts,
  keptFacts,
  listDrafts,
  sendDraft,
  tellFromTemplate,
} from './drafts.ts'
export { LANES, queueMessage } from './queue.ts'
export type { Destination, OutgoingMessage } from './queue.ts'
export { defaultTemplate, MESSAGE_KINDS, renderMessage, templateFor } from './render.ts'
export type { Facts, MessageKind, RenderedMessage } from './render.ts'
export { COMPONENT_STATES, readStatusPage, releaseStatus, statusFiles } from './status-page/index.ts'
export type { ComponentState, EntryState, StatusSettings } from './status-page/index.ts'
export { CONSOLE_ONLY, routeMessage } from './route.ts'
export type { MessageRoutes } from './route.ts'
