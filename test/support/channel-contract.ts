import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Channel, ChannelMessage } from '../../src/communication/index.ts'

/** How the service at the other end answers from now on. */
export type ServiceAnswer =
  | 'take'
  /** Too many: 429 with `Retry-After: 7`, or what the service says instead. */
  | 'busy'
  /** 500, or what the service says instead. */
  | 'broken'
  /** A refusal for ever: 400, or what the service says instead. */
  | 'refuse'
  /** It takes the connection and never answers. */
  | 'silent'
  /** Nobody listens. */
  | 'away'

/** A channel with a real local service at its other end, which checks what the true one would check. */
export interface ChannelHarness {
  channel: Channel
  /** A target that the service knows. */
  target: string | null
  answer(how: ServiceAnswer): Promise<void>
  /** What reached the service, in order, also what it refused: the text that people read, and the key if one is sent. */
  requests(): { text: string; key: string | null }[]
  /** Whether the service says how long to wait when it is busy. */
  saysRetryAfter: boolean
  stop(): Promise<void>
}

/** What every channel has to do for the queue before it; call it in the test file of the channel. */
export function channelContract(name: string, open: () => Promise<ChannelHarness>): void {
  describe(`the channel ${name}`, () => {
    let harness: ChannelHarness
    beforeEach(async () => {
      harness = await open()
    })
    afterEach(() => harness.stop())
    const send = (more: Partial<ChannelMessage> = {}, limitMs = 5_000) =>
      harness.channel.send(
        { ...channelMessage(), target: harness.target, ...more },
        AbortSignal.timeout(limitMs),
      )

    test('has a name and limits', () => {
      expect(harness.channel.name).toMatch(/^[a-z][a-z0-9-]*$/)
      expect(harness.channel.limits.perSecond).toBeGreaterThan(0)
      expect(harness.channel.limits.maxBodyCharacters).toBeGreaterThan(500)
    })

    test('sends one message as one request, with its text', async () => {
      const body = 'Checkout fails for 8.5 % of requests — naïve £ 漢字 🚨\nsecond line <b>&amp;</b>'
      expect(await send({ body })).toMatchObject({ outcome: 'sent' })
      expect(harness.requests()).toHaveLength(1)
      for (const part of ['Checkout fails for 8.5 % of requests — naïve £ 漢字 🚨', 'second line'])
        expect(harness.requests()[0]?.text).toContain(part)
    })

    test('sends a message again under the same key', async () => {
      await send()
      await send()
      const [first, second] = harness.requests()
      expect(harness.requests()).toHaveLength(2)
      expect(second?.key).toBe(first?.key)
      await send({ id: 'msg_other', dedupKey: 'other' })
      const third = harness.requests()[2]
      if (first?.key !== null) expect(third?.key).not.toBe(first?.key)
    })

    test('takes a message that is as long as its limit', async () => {
      const body = 'x'.repeat(harness.channel.limits.maxBodyCharacters)
      expect(await send({ body })).toMatchObject({ outcome: 'sent' })
    })

    test('says how long to wait when the service is busy, and does not try again by itself', async () => {
      await harness.answer('busy')
      expect(await send()).toMatchObject({
        outcome: 'retry',
        reason: expect.stringMatching(/\S/),
        retryAfterMs: harness.saysRetryAfter ? 7_000 : null,
      })
      expect(harness.requests()).toHaveLength(1)
    })

    test('leaves a message for later when the service is broken, and does not try again by itself', async () => {
      await harness.answer('broken')
      expect(await send()).toMatchObject({ outcome: 'retry', reason: expect.stringMatching(/\S/) })
      expect(harness.requests()).toHaveLength(1)
    })

    test('gives a message up that the service refuses, with its words', async () => {
      await harness.answer('refuse')
      expect(await send()).toMatchObject({ outcome: 'refused', reason: expect.stringMatching(/\S{3,}/) })
      expect(harness.requests()).toHaveLength(1)
    })

    test.each(['silent', 'away'] as const)(
      'leaves a message for later when the service is %s',
      async (how) => {
        await harness.answer(how)
        const outcome = await send({}, 300).catch(() => ({ outcome: 'retry' }))
        expect(outcome).toMatchObject({ outcome: 'retry' })
        await harness.answer('take')
        expect(await send()).toMatchObject({ outcome: 'sent' })
      },
    )

    test('says what is wrong in words when it is tried out', async () => {
      if (harness.channel.check === undefined) return
      await harness.answer('refuse')
      const findings = await harness.channel.check(harness.target, AbortSignal.timeout(5_000))
      const wrong = findings.filter((finding) => !finding.ok)
      expect(wrong.length).toBeGreaterThan(0)
      for (const finding of wrong) expect(finding.said).toMatch(/\w+ \w+/)
      await harness.answer('take')
      const good = await harness.channel.check(harness.target, AbortSignal.timeout(5_000))
      expect(good.filter((finding) => !finding.ok)).toEqual([])
    })
  })
}

export const channelMessage = (): ChannelMessage => ({
  id: 'msg_1',
  dedupKey: 'inc_1:page:1',
  incidentId: 'inc_1',
  kind: 'page',
  target: null,
  subject: '[P1] Checkout fails',
  body: 'Checkout fails',
  data: {
    incident: 'INC-7',
    severity: 'P1',
    title: 'Checkout fails',
    state: 'open',
    action: 'trigger',
  },
  lane: 0,
  replaces: null,
  parent: null,
})
