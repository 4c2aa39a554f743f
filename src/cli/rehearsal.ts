import type { Command } from 'commander'
import { InvalidArgumentError, Option } from 'commander'
import type { LoadedPage } from '../runbook/index.ts'
import type { CliDeps } from './program.ts'

export interface PlayFlags {
  auto: boolean
  keep: boolean
  example?: 'sandbox' | 'host'
  scenario: string
  speed: number
}

export interface RehearseFlags {
  all: boolean
  speed: number
  jobs?: number
  store: boolean
  json: boolean
  target: string
  scenarios?: string
  runbooks?: string
  proofs?: string
  prometheus?: string
}

/** Practice without a production, as the wiring provides it. Numbers are exit codes. */
export interface RehearsalCommands {
  play(flags: PlayFlags): Promise<number>
  rehearse(names: readonly string[], flags: RehearseFlags): Promise<number>
  readProofs(file: string): Promise<unknown[]>
  /** What the proofs in a folder of pages, and those made on this machine, say of a procedure. */
  proofTeller(
    folder: string,
  ): Promise<(page: LoadedPage, procedure: string) => { state: string; text: string }>
  sandbox: {
    up(options: { speed: number; detach: boolean }): Promise<void>
    down(): Promise<void>
    status(options: { json: boolean }): Promise<boolean>
    kubeconfig(): Promise<string>
    /** `null` puts everything back. */
    inject(fault: string | null): Promise<void>
  }
}

const DEFAULT_SPEED = 30

/** `start`, `rehearse` and `rehearsal import`. */
export function addRehearsalCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  program
    .command('start')
    .description('play an incident on this machine, from its alert to its review')
    .option('--auto', 'answer by itself, as a rehearsal identity that exists only here', false)
    .option('--keep', 'leave everything running afterwards', false)
    .option('--scenario <name>', 'another one of `erlmcp rehearse`', 'bad-release')
    .option('--speed <n>', 'times that pages state are divided by this', positive, DEFAULT_SPEED)
    .addOption(new Option('--example <name>', 'where it is played').choices(['sandbox', 'host']))
    .action(async (flags: PlayFlags) => setExit(await deps.rehearsal.play(flags)))
  program
    .command('rehearse')
    .description('make a fault, wait for its alert, let the runbook work, and keep the proof')
    .argument('[scenarios...]', 'names; without any they are listed')
    .option('--all', 'every scenario', false)
    .option('--speed <n>', 'times that pages state are divided by this', positive, DEFAULT_SPEED)
    .option('--jobs <n>', 'scenarios side by side in the sandbox (default: 1)', positive)
    .option('--target <where>', 'sandbox, or kubeconfig:CONTEXT/NAMESPACE', 'sandbox')
    .option('--prometheus <url>', 'Prometheus of such a target (default: its service, by port-forward)')
    .option('--scenarios <dir>', "a team's own scenarios")
    .option('--runbooks <dir>', "a team's own pages")
    .option('--proofs <file>', 'a file that carries the proofs elsewhere; added to')
    .option('--no-store', 'keep the proofs in files only, not in the store')
    .option('--json', 'the proofs as JSON', false)
    .action(async (names: string[], flags: RehearseFlags) =>
      setExit(await deps.rehearsal.rehearse(names, flags)),
    )
  program
    .command('rehearsal')
    .description('look at and act on rehearsals')
    .command('import')
    .description('store the proofs of a file that `rehearse --proofs` has written')
    .argument('<file>')
    .option('--server <url>', 'the server to ask')
    .action(async (file: string, options: { server?: string }) => {
      const proofs = await deps.rehearsal.readProofs(file)
      const client = await deps.connect(options.server)
      try {
        const answer = (await client.call('rehearsal.record', { proofs })) as Record<string, unknown>
        deps.write(`${String(answer['recorded'])} stored, ${String(answer['known'])} known already\n`)
      } finally {
        await client.close()
      }
    })
}

export function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0 && value <= 1_000) return value
  throw new InvalidArgumentError('a number above 0, at most 1000.')
}
