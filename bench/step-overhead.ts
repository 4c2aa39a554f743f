/**
 * 1,000 trivial commands of one run, each with its intent before and its result after, against the same commands by
 * plain `bash -c` in the same process. Transition: from the end of one command to the start of the next.
 */
import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import path from 'node:path'
import { createApp } from '../src/app.ts'
import { loadConfig } from '../src/base/config.ts'
import { createLogger } from '../src/base/log.ts'
import { quantile, round, temporaryFolder } from './support/measure.ts'

const COUNT = Number(process.argv[2] ?? 1_000)
const { folder, remove } = temporaryFolder('steps')
const page = `# Steps

## Many {#many}

**Alert:** Many

### Mitigation

**Option 1: All**

\`\`\`bash
touch ${path.join(folder, 'begun')}
${Array.from({ length: COUNT }, () => 'true').join('\n')}
\`\`\`
`
writeFileSync(path.join(folder, 'steps.md'), page)
const config = {
  ...loadConfig({ ERLMCP_RUNBOOKS: path.join(folder, 'steps.md') }, path.join(folder, 'data')),
  listen: { host: '127.0.0.1', port: 0 },
}
const app = createApp({ config, log: createLogger({ level: 'error' }), write: () => undefined })
await app.start()
try {
  const token = await app.issueToken({ id: 'rehearsal:bench', kind: 'rehearsal', role: 'lead' })
  const call = async (method: string, at: string, body?: unknown, bearer = token) => {
    const response = await fetch(`${app.address()}${at}`, {
      method,
      headers: {
        authorization: `Bearer ${bearer}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      body: body === undefined ? null : JSON.stringify(body),
    })
    return (await response.json()) as Record<string, unknown>
  }
  const labels = { alertname: 'Many', service: 'steps' }
  await call(
    'POST',
    '/webhooks/alertmanager',
    {
      version: '4',
      groupKey: 'g',
      status: 'firing',
      groupLabels: labels,
      alerts: [
        { status: 'firing', labels, annotations: {}, startsAt: new Date().toISOString(), fingerprint: 'f1' },
      ],
    },
    app.webhookToken(),
  )
  let runId = ''
  for (;;) {
    const { runs } = (await call('GET', '/api/v1/runs')) as { runs: { id: string; state: string }[] }
    if (runs[0]?.state === 'awaiting-decision') {
      runId = runs[0].id
      break
    }
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  await call('POST', `/api/v1/runs/${runId}/approve`, { option: '1' })
  const rowsOf = () =>
    app
      .database()
      .kysely.selectFrom('execution')
      .select(['started_at', 'ended_at'])
      .where('run_id', '=', runId)
      .where('ended_at', 'is not', null)
      .orderBy('command_index')
      .execute()
  while ((await rowsOf()).length < COUNT + 1) await new Promise((resolve) => setTimeout(resolve, 200))
  const rows = (await rowsOf()).slice(1)
  const transitions = rows
    .slice(1)
    .map((row, index) => row.started_at.getTime() - (rows[index]?.ended_at?.getTime() ?? Number.NaN))
  const ours = ((rows.at(-1)?.ended_at?.getTime() ?? 0) - (rows[0]?.started_at.getTime() ?? 0)) / rows.length
  const started = performance.now()
  for (let index = 0; index < COUNT; index += 1) spawnSync('/bin/bash', ['-c', 'true'], { stdio: 'ignore' })
  const plain = (performance.now() - started) / COUNT
  console.log(
    JSON.stringify({
      steps: COUNT,
      perStepMs: round(ours, 2),
      plainBashMs: round(plain, 2),
      ratio: round(ours / plain, 2),
      transitionP50Ms: quantile(transitions, 0.5),
      transitionP99Ms: quantile(transitions, 0.99),
    }),
  )
} finally {
  await app.stop(0)
  remove()
}
