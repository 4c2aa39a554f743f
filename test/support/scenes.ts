import { appendFile } from 'node:fs/promises'
import type { Desk, Row } from './desk.ts'

/** A second thing that can be wrong with the desk: what mends it loses something, and needs to know which one. */
const GONE = `

## Desk is full {#desk-full}

**Alert:** DeskFull
**Severity:** P2

### Investigation

1. **What lies around?**

   \`\`\`bash
   ls $DESK
   \`\`\`

### Mitigation

**Option 1: Throw a drawer away**

\`\`\`bash
rm -rf $DESK/drawer-<DRAWER>
\`\`\`

**Option 2: Throw everything away**

\`\`\`bash
rm -rf $DESK/archive
\`\`\`
`

/** Adds it to the page of the desk, and waits until erlmcp has read it. */
export async function addFullDesk(desk: Desk, token: string): Promise<void> {
  await appendFile(desk.page, GONE)
  const limit = performance.now() + 30_000
  for (;;) {
    const { value } = await desk.api(token, 'GET', '/pages')
    if (JSON.stringify(value).includes('desk-full')) return
    if (performance.now() > limit) throw new Error('the page was not read again')
    await new Promise((resolve) => setTimeout(resolve, 200))
  }
}

/** Proofs as `rehearse` records them: one scenario four times, the last one failed. */
export function someProofs(contentHash: string): Row[] {
  return [0.2, 0.5, 0.85, null].map((share, index) => ({
    id: `proof_${String(index).padStart(24, '0')}`,
    scenario: 'bad-release',
    target: 'sandbox',
    page: 'desk.md',
    procedure: 'desk-failing',
    contentHash,
    commit: null,
    at: new Date(Date.now() - (5 - index) * 86_400_000).toISOString(),
    speed: 10,
    passed: share !== null,
    reason: share === null ? 'the error rate never came back below 1 %' : 'recovered, and held',
    incident: null,
    severity: 'P2',
    responseTimeSeconds: 900,
    secondsToDetect: 4,
    secondsToAcknowledge: 20,
    secondsToMitigate: share === null ? null : Math.round(900 * share),
    secondsToResolve: share === null ? null : Math.round(1_200 * share),
    commands: [],
  }))
}
