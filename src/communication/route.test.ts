import { expect, test } from 'vitest'
import { CONSOLE_ONLY, routeMessage } from './route.ts'

const routes = {
  ...CONSOLE_ONLY,
  channels: ['console', 'slack', 'email'],
  reserves: [{ channel: 'email', target: null }],
}

test('a page that names a Slack channel is told there, and on the next channels when it is down', () => {
  expect(routeMessage('#incidents (Slack)', routes)).toEqual({
    to: { channel: 'slack', target: '#incidents' },
    fallbacks: [
      { channel: 'slack', target: null },
      { channel: 'email', target: null },
      { channel: 'console', target: null },
    ],
  })
})

test('the configuration says what a name on a page means', () => {
  const places = { '#Incidents': { channel: 'email', target: 'ops@example.com' } }
  expect(routeMessage('#incidents (Slack)', { ...routes, places }).to).toEqual(places['#Incidents'])
})

test('an address is written to, and what cannot be reached is shown on the console under its name', () => {
  expect(routeMessage('Email: ops@example.com', routes).to).toEqual({
    channel: 'email',
    target: 'ops@example.com',
  })
  expect(routeMessage('#incidents (Slack)', CONSOLE_ONLY)).toEqual({
    to: { channel: 'console', target: '#incidents (Slack)' },
    fallbacks: [],
  })
})

test('a page that names no place is told in the standard one', () => {
  expect(routeMessage(null, routes).to).toEqual({ channel: 'slack', target: null })
  const standard = { channel: 'webhook', target: 'ops' }
  expect(routeMessage(null, { ...routes, standard }).to).toEqual(standard)
})
