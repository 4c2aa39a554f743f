import type { Command } from 'commander'
import { EXIT } from './exit.ts'
import { positive } from './rehearsal.ts'
import type { CliDeps } from './program.ts'

/** `sandbox`: a cluster to play with by hand. */
export function addSandboxCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  const { sandbox } = deps.rehearsal
  const parent = program
    .command('sandbox')
    .description('a small Kubernetes cluster on this machine, to play with by hand')
  parent
    .command('up')
    .description('start it and keep it until Ctrl-C')
    .option('--speed <n>', 'deadlines and back-offs of the cluster are divided by this', positive, 1)
    .option('--detach', 'in the background, until `sandbox down`', false)
    .action((options: { speed: number; detach: boolean }) => sandbox.up(options))
  parent
    .command('down')
    .description('end the one that runs, with everything in it')
    .action(() => sandbox.down())
  parent
    .command('status')
    .description('pods, faults, addresses; exit code 1 when none runs')
    .option('--json', 'as JSON', false)
    .action(async (options: { json: boolean }) =>
      setExit((await sandbox.status(options)) ? EXIT.done : EXIT.failed),
    )
  parent
    .command('kubeconfig')
    .description('print the path of its kubeconfig: export KUBECONFIG="$(erlmcp sandbox kubeconfig)"')
    .action(async () => deps.write(`${await sandbox.kubeconfig()}\n`))
  parent
    .command('inject')
    .description('make something go wrong in it')
    .argument('[fault]', 'bad-release, overload, crash-loop:bad-config …; an unknown one lists them')
    .option('--clear', 'put everything back as it was at its start', false)
    .action((fault: string | undefined, options: { clear: boolean }, command: Command) => {
      if (options.clear) return sandbox.inject(null)
      if (fault === undefined) return command.error('name a fault, or give --clear', { exitCode: EXIT.usage })
      return sandbox.inject(fault)
    })
}
