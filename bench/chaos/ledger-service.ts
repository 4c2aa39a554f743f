import { mkdirSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import path from 'node:path'

/** A service whose approved command leaves a trace that nobody can argue with: a line in a file, synced to disk. */
export interface LedgerService {
  configFile: string
  /** One line for each time the approved command took effect: `TICKET EXECUTION`. */
  effectsFile: string
  stop(): Promise<void>
}

const PAGE = `# Ledger

**Service:** ledger

## Ledger behind {#ledger-behind}

**Alert:** LedgerBehind
**Alert Trigger:** Error rate > 5% for 1 second
**Severity:** P2 (High)
**Recovered when:** Error rate < 1% for 1 second

### Investigation

1. **What was written last?**

   \`\`\`bash
   tail -n 2 $EFFECTS
   \`\`\`

2. **How many are there?**

   \`\`\`bash
   wc -l $EFFECTS
   \`\`\`

### Mitigation

**Option 1: Write the entry (if it is missing)**

\`\`\`bash
sleep 0.15 && echo <ticket> $(printenv ERLMCP_EXECUTION_ID) >> $EFFECTS && sync $EFFECTS && sleep 0.15
\`\`\`
`

/** Writes page and configuration into `folder` and serves counters in which every request succeeds. */
export async function startLedgerService(folder: string): Promise<LedgerService> {
  const pages = path.join(folder, 'pages')
  const effectsFile = path.join(folder, 'effects.log')
  const configFile = path.join(folder, 'erlmcp.yaml')
  mkdirSync(pages, { recursive: true })
  writeFileSync(path.join(pages, 'ledger.md'), PAGE)
  writeFileSync(effectsFile, '')
  const started = Date.now()
  const server = createServer((_request, response) => {
    const requests = Math.floor((Date.now() - started) / 5)
    response.end(`# TYPE http_requests_total counter\nhttp_requests_total{code="200"} ${requests}\n`)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  const { port } = server.address() as AddressInfo
  writeFileSync(configFile, JSON.stringify(configuration(pages, effectsFile, port)))
  return {
    configFile,
    effectsFile,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

const configuration = (pages: string, effectsFile: string, port: number) => ({
  listen: { host: '127.0.0.1', port: 0 },
  runbooks: [pages],
  // every ticket is an incident of its own: none joins another
  alerting: { stormIncidents: 10_000 },
  services: {
    ledger: {
      variables: { EFFECTS: effectsFile },
      signals: { kind: 'scrape', url: `http://127.0.0.1:${port}/metrics` },
    },
  },
  response: { sampleEverySeconds: 0.25, giveUpAfterSeconds: 20, commandTimeoutSeconds: 30 },
  logLevel: 'warn',
})

/** Alertmanager's webhook for one ticket; its incident has the ticket as title. */
export function ledgerAlert(ticket: string, startsAt: string, status: 'firing' | 'resolved'): unknown {
  const labels = { alertname: 'LedgerBehind', service: 'ledger', ticket }
  const annotations = { summary: ticket, runbook_url: 'ledger.md#ledger-behind' }
  return {
    version: '4',
    groupKey: `{}:{ticket="${ticket}"}`,
    truncatedAlerts: 0,
    status,
    receiver: 'erlmcp',
    groupLabels: { alertname: labels.alertname, ticket },
    commonLabels: labels,
    commonAnnotations: annotations,
    externalURL: 'http://alertmanager.example',
    alerts: [
      {
        status,
        labels,
        annotations,
        startsAt,
        endsAt: status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z',
        generatorURL: '',
        fingerprint: `ledger-${ticket}`,
      },
    ],
  }
}
