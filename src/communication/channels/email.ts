import { createHash } from 'node:crypto'
import { createTransport } from 'nodemailer'
import { DEFAULT_LIMITS } from './channel.ts'
import type { Channel, ChannelFinding, ChannelMessage, Sent } from './channel.ts'
import { testMessage } from './test-message.ts'

export interface SmtpServer {
  host: string
  port: number
  /** `tls`: from the first byte (465); `starttls`: required (587); `none`: never, for a relay on this host. */
  security: 'tls' | 'starttls' | 'none'
  /** `null`: the server asks for no login. */
  login: { user: string; password: string } | null
  /** `erlmcp <erlmcp@example.com>` */
  from: string
  /** Where messages without a target go. */
  defaultTo: string | null
  /** PEM of an authority beside the known ones. */
  ca: string | null
}

const CONNECT_MS = 6_000
const SOCKET_MS = 9_000

/** Sends messages by SMTP as plain text. Messages of one incident make one conversation in the reader's mailbox. */
export function createEmailChannel(server: SmtpServer, now: () => Date): Channel {
  return {
    name: 'email',
    limits: DEFAULT_LIMITS,
    send: (message, signal) => post(server, message, signal),
    check: (target, signal) => check(server, target, now(), signal),
  }
}

function transportOf(server: SmtpServer) {
  return createTransport({
    host: server.host,
    port: server.port,
    secure: server.security === 'tls',
    requireTLS: server.security === 'starttls',
    ignoreTLS: server.security === 'none',
    connectionTimeout: CONNECT_MS,
    greetingTimeout: CONNECT_MS,
    socketTimeout: SOCKET_MS,
    // nothing of a message may make it read files or call addresses
    disableFileAccess: true,
    disableUrlAccess: true,
    ...(server.ca === null ? {} : { tls: { ca: server.ca } }),
    ...(server.login === null ? {} : { auth: { user: server.login.user, pass: server.login.password } }),
  })
}

async function post(server: SmtpServer, message: ChannelMessage, signal: AbortSignal): Promise<Sent> {
  const to = message.target ?? server.defaultTo
  if (to === null) return { outcome: 'refused', reason: 'the message has no address and none is configured' }
  if (!/^[^\s@<>,;]+@[^\s@<>,;]+$/.test(to))
    return { outcome: 'refused', reason: `${JSON.stringify(to)} is no e-mail address` }
  const domain = /@([^>\s]+)/.exec(server.from)?.[1] ?? 'erlmcp'
  const idOf = (key: string): string =>
    `<${createHash('sha256').update(key).digest('hex').slice(0, 40)}@${domain}>`
  const conversation = message.incidentId === null ? null : idOf(`incident ${message.incidentId}`)
  try {
    await untilAborted(
      transportOf(server).sendMail({
        from: server.from,
        to: { name: '', address: to },
        subject: message.subject ?? message.body.split('\n', 1)[0]?.slice(0, 150) ?? message.kind,
        text: message.body,
        // the same at every try: mailboxes show a repeated message once
        messageId: idOf(message.dedupKey),
        ...(conversation === null ? {} : { references: conversation, inReplyTo: conversation }),
        headers: {
          'Auto-Submitted': 'auto-generated',
          'X-Erlmcp-Key': message.dedupKey.replaceAll(/[^\x21-\x7e]/g, '_'),
        },
        ...(message.lane === 0 ? { priority: 'high' as const } : {}),
      }),
      signal,
    )
    return { outcome: 'sent', reference: idOf(message.dedupKey) }
  } catch (error) {
    return outcomeOf(error)
  }
}

interface SmtpFault {
  message: string
  code: string
  /** The server's code; 0 where it said nothing. */
  responseCode: number
}

function faultOf(error: unknown): SmtpFault {
  const given = error as { message?: unknown; code?: unknown; responseCode?: unknown }
  return {
    message: typeof given.message === 'string' ? (given.message.split('\n', 1)[0] ?? '') : String(error),
    code: typeof given.code === 'string' ? given.code : '',
    responseCode: typeof given.responseCode === 'number' ? given.responseCode : 0,
  }
}

/** 5xx about the message is for ever; a refused login is our setting's fault, and somebody will mend it. */
function outcomeOf(error: unknown): Sent {
  const fault = faultOf(error)
  const reason = fault.message.slice(0, 300)
  const aboutMessage = fault.code === 'EENVELOPE' || fault.code === 'EMESSAGE'
  if (aboutMessage && fault.responseCode >= 500) return { outcome: 'refused', reason }
  return { outcome: 'retry', reason, retryAfterMs: null }
}

async function check(
  server: SmtpServer,
  target: string | null,
  at: Date,
  signal: AbortSignal,
): Promise<ChannelFinding[]> {
  const where = `${server.host}:${server.port}`
  try {
    await untilAborted(transportOf(server).verify(), signal)
  } catch (error) {
    return [{ ok: false, what: 'connection and login', said: explain(server, where, faultOf(error)) }]
  }
  const reached: ChannelFinding = {
    ok: true,
    what: 'connection and login',
    said: `${where} answers${server.login === null ? '' : ` and knows ${server.login.user}`}`,
  }
  const sent = await post(server, testMessage(target, at), signal)
  const to = target ?? server.defaultTo ?? 'nobody'
  const said =
    sent.outcome === 'sent'
      ? `${where} took a test message for ${to}; look whether it arrives, also among spam`
      : `${where} did not take a message from ${server.from} to ${to}: ${sent.reason}`
  return [reached, { ok: sent.outcome === 'sent', what: 'test message', said }]
}

/** What went wrong and what to do, in words. */
function explain(server: SmtpServer, where: string, fault: SmtpFault): string {
  if (fault.code === 'EAUTH')
    return `${where} refuses the login of ${server.login?.user ?? 'nobody'} (${fault.message}); mend user and passwordFile`
  if (fault.code === 'EDNS' || /ENOTFOUND|EAI_AGAIN/.test(fault.message))
    return `the name ${server.host} is not known (${fault.message}); mend channels.email.host`
  if (/ECONNREFUSED/.test(fault.message))
    return `nothing listens at ${where}; mend host or port (usually 587 with starttls, 465 with tls)`
  if (/certificate|self.signed|altnames/i.test(fault.message))
    return `the certificate of ${where} is not trusted (${fault.message}); set caFile, or use the name in the certificate`
  if (/wrong version number|SSL|TLS|STARTTLS/i.test(fault.message))
    return `${where} does not speak ${server.security} (${fault.message}); try another channels.email.security or port`
  if (fault.code === 'ETIMEDOUT' || /timeout|timed out|aborted/i.test(fault.message))
    return `${where} takes the connection or drops it, and says nothing (${fault.message}); is a firewall between, is the port right?`
  return `${where} could not be used: ${fault.message}`
}

async function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let forget = (): void => undefined
  const aborted = new Promise<never>((_resolve, reject) => {
    const onAbort = (): void => reject(new Error('timeout: no answer in time'))
    if (signal.aborted) onAbort()
    else signal.addEventListener('abort', onAbort, { once: true })
    forget = () => signal.removeEventListener('abort', onAbort)
  })
  try {
    return await Promise.race([work, aborted])
  } finally {
    forget()
  }
}
