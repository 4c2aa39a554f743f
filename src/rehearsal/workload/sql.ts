// Runs one SQL text over a connection of its own, for faults that live in the database: `sql.ts NAME SQL`.
import { argv, env } from 'node:process'
import { Client } from 'pg'

const [, , name = 'sql', text = 'SELECT 1'] = argv
const client = new Client({
  host: env['POD_IP'] ?? '127.0.0.1',
  user: 'erlmcp',
  database: 'erlmcp',
  application_name: name,
})
// to be terminated is how such a session is meant to end
client.on('error', () => undefined)
await client.connect()
await client.query(text).catch((error: unknown) => {
  process.stderr.write(`${String(error)}\n`)
  process.exitCode = 1
})
await client.end()
