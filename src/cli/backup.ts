import type { Command } from 'commander'
import type { CliDeps } from './program.ts'

/** What has to do with backups and needs no server. */
export interface BackupCommands {
  keygen(file: string): Promise<{ recipient: string }>
  recover(file: string, identityFile: string): Promise<{ tables: number; rows: number; startedAt: string }>
}

/** Called after the operations: `backup` is their noun. */
export function addBackupCommands(program: Command, deps: CliDeps): void {
  const backup = program.commands.find((command) => command.name() === 'backup') ?? program.command('backup')
  backup
    .command('keygen')
    .description('write a new key for backups into a file; keep a copy of it away from the backups')
    .argument('<file>')
    .action(async (file: string) => {
      const { recipient } = await deps.backup.keygen(file)
      deps.write(`${file} holds the secret key. Backups are encrypted for\n${recipient}\n`)
    })
  backup
    .command('recover')
    .description("fill this erlmcp's empty database with a backup of erlmcp; no server may run")
    .argument('<file>', 'the backup; its manifest lies beside it')
    .requiredOption('--identity <file>', 'the secret key that opens it')
    .action(async (file: string, options: { identity: string }) => {
      const { tables, rows, startedAt } = await deps.backup.recover(file, options.identity)
      deps.write(
        `Recovered what was at ${startedAt}: ${rows} rows in ${tables} tables, every checksum as it was.\n`,
      )
    })
}
