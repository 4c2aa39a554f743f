import type { Command } from 'commander'
import { InvalidArgumentError } from 'commander'
import { AppError } from '../base/error.ts'
import type { CliDeps } from './program.ts'

/** `rehearse` and `sandbox`: practice without a production. */
export function addRehearsalCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  program
    .command('rehearse')
    .description('inject a fault into the sandbox cluster, let the runbook work, and write the proof')
    .argument('[scenarios...]', 'names; without any they are listed')
    .option('--all', 'every scenario', false)
    .option('--speed <n>', 'times that pages state are divided by this', positive, 10)
    .option('--json', 'the proofs as JSON', false)
    .action(async (names: string[], options: { all: boolean; speed: number; json: boolean }) =>
      setExit(await deps.rehearse(names, options)),
    )
  const sandbox = program
    .command('sandbox')
    .description('a small Kubernetes cluster on this machine, to play with by hand')
  sandbox
    .command('up')
    .description('start it and keep it until Ctrl-C')
    .option('--speed <n>', 'deadlines and back-offs of the cluster are divided by this', positive, 1)
    .action((options: { speed: number }) => deps.sandbox(options))
  sandbox
    .command('kubeconfig')
    .description('print the path of its kubeconfig: export KUBECONFIG="$(erlmcp sandbox kubeconfig)"')
    .action(async () => {
      const file = await deps.sandboxKubeconfig()
      if (file === null) {
        throw new AppError('unavailable', 'no sandbox is running', {
          action: 'Start one with `erlmcp sandbox up`.',
        })
      }
      deps.write(`${file}\n`)
    })
}

function positive(text: string): number {
  const value = Number(text)
  if (Number.isFinite(value) && value > 0 && value <= 1_000) return value
  throw new InvalidArgumentError('a number above 0, at most 1000.')
}
