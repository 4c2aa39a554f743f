import { readFileSync, writeFileSync } from 'node:fs'
import type { Command } from 'commander'
import { loadPolicy, verifyExport } from '../access/index.ts'
import type { Checkpoint } from '../access/index.ts'
import { AppError, messageOf } from '../base/error.ts'
import type { Client } from './client.ts'
import { EXIT } from './exit.ts'
import type { CliDeps } from './program.ts'

interface Page {
  rows: unknown[]
  next: number | null
  checkpoint: Checkpoint | null
}

/** What is checked without a server: a policy, and an export of the audit. */
export function addAccessCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  const noun = (name: string, what: string): Command =>
    program.commands.find((command) => command.name() === name) ?? program.command(name).description(what)
  noun('policy', 'look at the policy')
    .command('check')
    .description('say what is wrong with a policy file, without a server')
    .argument('<file>')
    .action((file: string) => {
      const { policy, hash } = loadPolicy(file)
      const { change, destructive } = policy.risks
      deps.write(
        `${file} is good (${hash.slice(0, 12)})\n  change: ${change.approvals} × ${change.role}\n  destructive: ${destructive.approvals} × ${destructive.role}\n`,
      )
    })
  const audit = noun('audit', 'look at the audit')
  audit
    .command('save')
    .description('write the whole audit to a file that `audit check` reads, with its signed end')
    .argument('<file>')
    .option('--server <url>', 'the server to ask')
    .action(async (file: string, options: { server?: string }) => {
      const client = await deps.connect(options.server)
      try {
        const { text, rows } = await exportAll(client)
        writeFileSync(file, text, { mode: 0o600 })
        deps.write(`${rows} rows in ${file}\n`)
      } finally {
        await client.close()
      }
    })
  audit
    .command('check')
    .description('check an export offline: changed, removed, reordered or missing rows, and its signature')
    .argument('<file>')
    .requiredOption('--key <file>', 'audit-key.pub of the server, kept where the export is not')
    .option('--checkpoints <file>', 'audit-checkpoints.jsonl of the server')
    .action((file: string, options: { key: string; checkpoints?: string }) => {
      const kept = options.checkpoints === undefined ? '' : read(options.checkpoints)
      const verdict = verifyExport(read(file), read(options.key), kept)
      deps.write(
        verdict.intact
          ? `intact: ${verdict.entries} rows, ${verdict.checkpoints} checkpoints, head ${verdict.head.slice(0, 16)}\n`
          : `NOT INTACT: ${verdict.reason ?? ''}\n`,
      )
      setExit(verdict.intact ? EXIT.done : EXIT.failed)
    })
}

/** The reading is a row itself, so the end is what was there when the last page was read. */
async function exportAll(client: Client): Promise<{ text: string; rows: number }> {
  const lines: string[] = []
  let after = 0
  for (;;) {
    const page = (await client.call('audit.export', { after, limit: 5_000 })) as Page
    for (const row of page.rows) lines.push(JSON.stringify(row))
    if (page.next === null) {
      const rows = lines.length
      if (page.checkpoint !== null) lines.push(JSON.stringify({ checkpoint: page.checkpoint }))
      return { text: `${lines.join('\n')}\n`, rows }
    }
    after = page.next
  }
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    throw new AppError('not_found', `${file} cannot be read: ${messageOf(error)}`, {
      action: 'Check the path.',
      cause: error,
    })
  }
}
