import { SMTPServer } from 'smtp-server'
import type { AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { channelContract, channelMessage } from '../../../test/support/channel-contract.ts'
import type { ChannelHarness, ServiceAnswer } from '../../../test/support/channel-contract.ts'
import { createEmailChannel } from './email.ts'
import type { SmtpServer } from './email.ts'

const failure = (code: number, text: string): Error => Object.assign(new Error(text), { responseCode: code })

interface Mailbox extends ChannelHarness {
  raw(): string[]
  settings: SmtpServer
}

async function openMailbox(): Promise<Mailbox> {
  let how: ServiceAnswer = 'take'
  let port = 0
  const raw: string[] = []
  const requests: { text: string; key: string | null }[] = []
  let server: SMTPServer | null = null
  const listen = async (): Promise<void> => {
    const fresh = new SMTPServer({
      authOptional: true,
      disabledCommands: ['STARTTLS'],
      closeTimeout: 100,
      onAuth: (auth, _session, done) =>
        auth.password === 'right'
          ? done(null, { user: auth.username })
          : done(failure(535, 'Invalid username or password')),
      onConnect(_session, done) {
        if (how !== 'silent') done()
      },
      onData(stream, _session, done) {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          const mail = Buffer.concat(chunks).toString('utf8')
          raw.push(mail)
          requests.push({ text: bodyOf(mail), key: /^message-id: (.*)$/im.exec(mail)?.[1]?.trim() ?? null })
          if (how === 'busy') done(failure(421, 'Too many messages, slow down'))
          else if (how === 'broken') done(failure(451, 'Local error in processing'))
          else if (how === 'refuse') done(failure(554, 'Message rejected as spam'))
          else done(null)
        })
      },
    })
    fresh.on('error', () => undefined)
    await new Promise<void>((resolve) => fresh.listen(port, '127.0.0.1', () => resolve()))
    port = (fresh.server.address() as AddressInfo).port
    server = fresh
  }
  const close = async (): Promise<void> => {
    const last = server
    server = null
    if (last !== null) await new Promise<void>((resolve) => last.close(() => resolve()))
  }
  await listen()
  const settings: SmtpServer = {
    host: '127.0.0.1',
    port,
    security: 'none',
    login: null,
    from: 'erlmcp <erlmcp@example.com>',
    defaultTo: null,
    ca: null,
  }
  return {
    channel: createEmailChannel(settings, () => new Date()),
    settings,
    target: 'ada@example.com',
    saysRetryAfter: false,
    requests: () => requests,
    raw: () => raw,
    async answer(next) {
      if (next === 'away') await close()
      else if (how === 'away') await listen()
      how = next
    },
    stop: close,
  }
}

/** The text of a mail, decoded. */
function bodyOf(mail: string): string {
  const [head = '', ...rest] = mail.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/content-transfer-encoding: base64/i.test(head)) return Buffer.from(body, 'base64').toString('utf8')
  if (!/content-transfer-encoding: quoted-printable/i.test(head)) return body
  const bytes = body
    .replaceAll(/=\r\n/g, '')
    .replaceAll(/=([0-9A-F]{2})/g, (_whole, hex: string) => String.fromCodePoint(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString('utf8')
}

channelContract('email', openMailbox)

test('messages of one incident are one conversation, and a page is marked as important', async () => {
  const box = await openMailbox()
  const signal = AbortSignal.timeout(5_000)
  await box.channel.send({ ...channelMessage(), target: box.target }, signal)
  await box.channel.send({ ...channelMessage(), target: box.target, dedupKey: 'b', lane: 5 }, signal)
  const [first = '', second = ''] = box.raw()
  const header = (mail: string, name: string): string =>
    new RegExp(`^${name}: (.*)$`, 'im').exec(mail)?.[1]?.trim() ?? ''
  expect(header(first, 'references')).toBe(header(second, 'references'))
  expect(header(first, 'references')).toMatch(/@example\.com>$/)
  expect(header(first, 'x-priority')).toContain('1')
  expect(header(second, 'x-priority')).toBe('')
  expect(header(first, 'auto-submitted')).toBe('auto-generated')
  await box.stop()
})

test('an address that smuggles in another one, or a header, is refused before anything is sent', async () => {
  const box = await openMailbox()
  const signal = AbortSignal.timeout(5_000)
  for (const target of ['a@example.com, b@example.com', 'a@example.com\r\nBcc: b@example.com', 'nobody']) {
    expect(await box.channel.send({ ...channelMessage(), target }, signal)).toMatchObject({
      outcome: 'refused',
    })
  }
  await box.channel.send(
    { ...channelMessage(), target: box.target, subject: 'x\r\nBcc: eve@example.com' },
    signal,
  )
  expect(box.raw()).toHaveLength(1)
  expect(box.raw()[0]).not.toMatch(/^bcc:/im)
  await box.stop()
})

test.each([
  [
    'a login that is refused',
    { login: { user: 'erlmcp', password: 'wrong' } },
    /refuses the login of erlmcp/,
  ],
  ['a port where nothing listens', { port: 1 }, /nothing listens at 127\.0\.0\.1:1/],
  ['a server without STARTTLS', { security: 'starttls' as const }, /does not speak starttls/],
  ['a server that speaks no TLS', { security: 'tls' as const }, /does not speak tls/],
])('%s is explained in words', async (_what, wrong, words) => {
  const box = await openMailbox()
  const channel = createEmailChannel({ ...box.settings, ...wrong }, () => new Date())
  const findings = await channel.check?.('ada@example.com', AbortSignal.timeout(8_000))
  expect(findings).toEqual([expect.objectContaining({ ok: false, said: expect.stringMatching(words) })])
  expect(JSON.stringify(findings)).not.toContain('wrong"')
  await box.stop()
})
