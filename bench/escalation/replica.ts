/** One replica: the two duties that carry a page, until it is killed. `node bench/escalation/replica.ts '<options>'`. */
import { delay } from '../../src/base/clock.ts'
import { createDeliverer, createWebhookChannel } from '../../src/communication/index.ts'
import { createDatabase } from '../../src/db/index.ts'
import { escalate } from '../../src/oncall/index.ts'
import { fastClock } from './clock.ts'
import { escalationDeps, PEOPLE, SECRET } from './deps.ts'
import type { ChildOptions } from './deps.ts'

const options = JSON.parse(process.argv[2] ?? '') as ChildOptions
const database = createDatabase({ url: options.url, name: 'replica', poolSize: 6 })
const clock = fastClock(options.epochMs, options.speed)
const now = (): Date => clock.now()
const channel = createWebhookChannel({
  endpoints: Object.fromEntries(
    PEOPLE.map((person) => [person, { url: `${options.receiver}/${person}`, secret: SECRET }]),
  ),
  fetch: globalThis.fetch,
  now,
  refuseUrl: async () => null,
})
const deliverer = createDeliverer({ database, channels: [channel], now })
const deps = { ...escalationDeps(), database, now }
process.stdout.write('ready\n')
for (;;) {
  try {
    await escalate(deps)
    await deliverer.look()
  } catch (error) {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  }
  await delay(10)
}
