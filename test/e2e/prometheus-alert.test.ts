import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { openDesk } from '../support/desk.ts'
import type { Desk, Row } from '../support/desk.ts'
import { kinds, until } from '../support/story.ts'

const PROMETHEUS = '/usr/bin/prometheus'
const ALERTMANAGER = '/usr/bin/prometheus-alertmanager'
const present = existsSync(PROMETHEUS) && existsSync(ALERTMANAGER)

let folder: string
let desk: Desk
let ada: string
const children: ChildProcess[] = []

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function run(program: string, port: number, args: string[]): Promise<void> {
  children.push(spawn(program, [...args, `--web.listen-address=127.0.0.1:${port}`], { stdio: 'ignore' }))
  await until(`${program} is ready`, () =>
    fetch(`http://127.0.0.1:${port}/-/ready`).then(
      (answer) => (answer.ok ? true : null),
      () => null,
    ),
  )
}

const rule = (name: string, expression: string, service: string) => ({
  alert: name,
  expr: expression,
  labels: { service, severity: 'P3' },
  annotations: { summary: `${name} of ${service}` },
})

beforeAll(async () => {
  if (!present) return
  folder = await mkdtemp(path.join(tmpdir(), 'erlmcp-prometheus-'))
  desk = await openDesk({ sweepEveryMs: 500 })
  ada = await desk.app.issueToken({ id: 'person:ada', kind: 'person', role: 'lead' })
  const erlmcp = new URL(desk.app.address())
  const write = async (name: string, value: unknown): Promise<string> => {
    const file = path.join(folder, name)
    await writeFile(file, typeof value === 'string' ? value : JSON.stringify(value))
    return file
  }
  const token = await write('token', desk.app.webhookToken())
  await mkdir(path.join(folder, 'am'))
  const alertmanager = await freePort()
  await run(ALERTMANAGER, alertmanager, [
    `--config.file=${await write('am.yml', {
      route: {
        receiver: 'erlmcp',
        group_by: ['alertname', 'service'],
        group_wait: '1s',
        group_interval: '1s',
        repeat_interval: '1m',
      },
      receivers: [
        {
          name: 'erlmcp',
          webhook_configs: [
            {
              url: `${erlmcp.origin}/webhooks/alertmanager`,
              send_resolved: true,
              http_config: { authorization: { credentials_file: token } },
            },
          ],
        },
      ],
    })}`,
    `--storage.path=${path.join(folder, 'am')}`,
    '--cluster.listen-address=',
  ])
  const rules = await write('rules.yml', {
    groups: [
      {
        name: 'desk',
        interval: '1s',
        // fires until the file is rewritten
        rules: [rule('NobodyKnowsThis', 'vector(1) == 1', 'shop')],
      },
    ],
  })
  await run(PROMETHEUS, await freePort(), [
    `--config.file=${await write('prometheus.yml', {
      global: { evaluation_interval: '1s', scrape_interval: '1s' },
      rule_files: [rules],
      alerting: {
        alertmanagers: [
          { static_configs: [{ targets: [`127.0.0.1:${alertmanager}`] }] },
          {
            path_prefix: '/webhooks/alerts/prometheus',
            authorization: { credentials_file: token },
            static_configs: [{ targets: [erlmcp.host] }],
          },
        ],
      },
    })}`,
    `--storage.tsdb.path=${path.join(folder, 'prometheus')}`,
    // its first word may come before it has found its receivers
    '--rules.alert.resend-delay=1s',
  ])
})
afterAll(async () => {
  if (!present) return
  for (const child of children) child.kill('SIGKILL')
  await desk.stop()
  await rm(folder, { recursive: true, force: true })
})

test.skipIf(!present)(
  'a rule of a real Prometheus becomes an incident through a real Alertmanager, and directly',
  async () => {
    const incidents = await until('two incidents', async () => {
      const answer = await desk.api(ada, 'GET', '/incidents?limit=50')
      const found = answer.value['incidents'] as Row[]
      return found.length >= 2 ? found : null
    })
    const rows = await desk.store.database.kysely
      .selectFrom('alert')
      .select(['source', 'fingerprint', 'starts_at', 'name'])
      .orderBy('source')
      .execute()
    expect(rows.map((row) => row.source)).toEqual(['alertmanager', 'prometheus'])
    // the same alert has the same fingerprint and start on both ways
    expect(rows[0]?.fingerprint).toBe(rows[1]?.fingerprint)
    expect(rows[0]?.starts_at).toEqual(rows[1]?.starts_at)
    expect(incidents).toHaveLength(2)
    for (const incident of incidents) {
      expect(incident).toMatchObject({ severity: 'P3', title: 'NobodyKnowsThis of shop' })
      const shown = await desk.api(ada, 'GET', `/incidents/${String(incident['id'])}`)
      expect(kinds(shown.value)).toContain('incident.declared')
    }
  },
)
