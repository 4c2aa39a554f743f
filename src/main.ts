import { readFileSync } from 'node:fs'
import { enableCompileCache } from 'node:module'
import path from 'node:path'
import type { CommandContext } from './app/commands/context.ts'
import type { CliDeps } from './cli/index.ts'

// compiled code is kept between starts: about half of the time to load the server's modules
enableCompileCache()

const ROOT = path.resolve(import.meta.dirname, '..')
const { version } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as { version: string }
const context: CommandContext = {
  env: process.env,
  root: ROOT,
  main: import.meta.filename,
  version,
  exit: (code) => process.exit(code),
}

/** Each command loads only what it needs: the server's parts are not read for a `--version`. */
const deps: Omit<CliDeps, 'terminal'> = {
  version,
  write: (text) => void process.stdout.write(text),
  writeError: (text) => void process.stderr.write(text),
  readInput,
  now: () => new Date(),
  connect: async (server, options) =>
    (await import('./app/commands/connect.ts')).connect(context, server, options),
  serveAgent: async (server) => (await import('./app/commands/mcp.ts')).serveAgent(context, server),
  serve: async () => (await import('./app/commands/serve.ts')).serve(context),
  settings: async () => {
    const { dataDirOf } = await import('./app/commands/context.ts')
    return { env: context.env, dataDir: dataDirOf(context) }
  },
  backup: {
    keygen: async (file) => (await import('./app/commands/backup.ts')).keygen(file),
    recover: async (file, key) => (await import('./app/commands/backup.ts')).recover(context, file, key),
  },
  rehearsal: {
    play: async (flags) => (await import('./app/commands/play.ts')).play(context, flags),
    rehearse: async (names, flags) =>
      (await import('./app/commands/rehearse.ts')).rehearseAll(context, names, flags),
    readProofs: async (file) => (await import('./rehearsal/index.ts')).readProofFile(file),
    proofTeller: async (folder) => (await import('./app/commands/proofs.ts')).proofTeller(context, folder),
    sandbox: {
      up: async (options) => (await import('./app/commands/sandbox.ts')).sandboxUp(context, options),
      down: async () => (await import('./app/commands/sandbox.ts')).sandboxDown(context),
      status: async (options) => (await import('./app/commands/sandbox.ts')).sandboxStatus(context, options),
      kubeconfig: async () => (await import('./app/commands/sandbox.ts')).sandboxKubeconfig(context),
      inject: async (fault) => (await import('./app/commands/sandbox.ts')).sandboxInject(context, fault),
    },
  },
}

async function readInput(): Promise<string> {
  const parts: Buffer[] = []
  for await (const part of process.stdin) parts.push(Buffer.from(part as Uint8Array))
  return Buffer.concat(parts).toString('utf8')
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv.length === 1 && (argv[0] === '--version' || argv[0] === '-V')) {
    process.stdout.write(`${version}\n`)
    return 0
  }
  const { createTerminal, runCli } = await import('./cli/index.ts')
  const { stdin: input, stdout: output, stderr: errors, env } = process
  return runCli({ ...deps, terminal: createTerminal({ input, output, errors, env }) }, argv)
}

process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))
try {
  process.exitCode = await main(process.argv.slice(2))
} catch (error) {
  process.stderr.write(`erlmcp: ${error instanceof Error ? error.message : String(error)}\n`)
  process.exitCode = 1
}
