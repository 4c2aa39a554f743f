import type { ChannelMessage } from './channel.ts'

/** What is sent when somebody tries a channel out. */
export const testMessage = (target: string | null, at: Date): ChannelMessage => ({
  id: `msg_test_${at.getTime()}`,
  dedupKey: `test:${at.toISOString()}`,
  incidentId: null,
  kind: 'test',
  target,
  subject: 'erlmcp: a test',
  body: 'This is a test of erlmcp. Nothing has happened, and nothing has to be done.',
  data: {},
  lane: 5,
  replaces: null,
  parent: null,
})
