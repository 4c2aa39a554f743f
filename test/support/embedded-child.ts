// An erlmcp that starts its PostgreSQL and says so, for a test to kill.
import { startEmbedded } from '../../src/db/index.ts'
import { silentLog } from './log.ts'

const embedded = await startEmbedded({ dataDir: process.argv[2] ?? '', log: silentLog })
process.stdout.write(`${JSON.stringify({ url: embedded.url, pid: embedded.pid() })}\n`)
setInterval(() => undefined, 1_000)
