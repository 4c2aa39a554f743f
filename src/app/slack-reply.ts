import { messageOf } from '../base/error.ts'
import type { Logger } from '../base/log.ts'
import { escapeSlack, section } from '../communication/index.ts'
import type { SlackReply } from './slack-take.ts'

const TIMEOUT_MS = 5_000
/** Where Slack takes answers to people. */
const HOSTS = /^hooks\.slack(-gov)?\.com$/

/**
 * Answers at the address that came with a request, so that only the person who asked sees it. Addresses that are not Slack's
 * are never called. An answer that is lost is not repeated: what was done stands on the card.
 */
export function replyTo(apiUrl: string, log: Logger): (url: string, reply: SlackReply) => Promise<void> {
  const own = new URL(apiUrl)
  return async (url, reply) => {
    const target = new URL(url)
    const isSlack = target.protocol === 'https:' && HOSTS.test(target.hostname)
    if (!isSlack && target.origin !== own.origin) {
      log.warn({ host: target.host }, 'an answer to Slack was asked for at an address that is not Slack')
      return
    }
    try {
      const response = await fetch(target, {
        method: 'POST',
        redirect: 'manual',
        signal: AbortSignal.timeout(TIMEOUT_MS),
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({
          response_type: 'ephemeral',
          replace_original: false,
          text: escapeSlack(reply.text),
          blocks: reply.blocks ?? [section(reply.text)],
        }),
      })
      if (!response.ok) log.warn({ status: response.status }, 'Slack did not take an answer')
    } catch (error) {
      log.warn({ reason: messageOf(error) }, 'Slack could not be answered')
    }
  }
}
