import { get } from '../api/client.ts'

interface Exported {
  rows: unknown[]
  next: number | null
  checkpoint: unknown
}

/** The audit as `erlmcp audit check` reads it: a line for each row, and the signed checkpoint at the end. */
export async function exportAudit(): Promise<void> {
  const lines: string[] = []
  for (let after: number | null = 0; after !== null;) {
    const page: Exported = await get<Exported>(`/audit/export?after=${after}&limit=5000`)
    for (const row of page.rows) lines.push(JSON.stringify(row))
    if (page.checkpoint !== null) lines.push(JSON.stringify({ checkpoint: page.checkpoint }))
    after = page.next
  }
  download(`erlmcp-audit-${new Date().toISOString().slice(0, 10)}.jsonl`, `${lines.join('\n')}\n`)
}

function download(name: string, text: string): void {
  const link = document.createElement('a')
  link.href = URL.createObjectURL(new Blob([text], { type: 'application/jsonl' }))
  link.download = name
  link.click()
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000)
}
