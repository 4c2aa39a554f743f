import type { Command } from 'commander'
import { checkConfig } from '../base/config-check.ts'
import { configDocs } from '../base/config-docs.ts'
import { renderConfig, showConfig } from '../base/config-show.ts'
import { EXIT } from './exit.ts'
import type { CliDeps } from './program.ts'

/** `config`: is the configuration valid, what is in force, what can be said. No server is needed. */
export function addConfigCommands(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  const config = program
    .command('config')
    .description('check, show and explain the configuration; no server is needed')
  config
    .command('check')
    .description('exit code 0 when `erlmcp serve` can read it, 1 with a line for each fault')
    .argument('[file]', 'instead of the file that ERLMCP_CONFIG names')
    .option('--json', 'the faults as JSON', false)
    .action(async (file: string | undefined, options: { json: boolean }) => {
      const { env, dataDir } = await settingsOf(deps, file)
      const found = checkConfig(env, dataDir)
      if (options.json) deps.write(`${JSON.stringify(found, null, 2)}\n`)
      else if (found.length === 0)
        deps.write(`valid: ${env['ERLMCP_CONFIG'] ?? 'no file, the environment and defaults'}\n`)
      else for (const { path, message } of found) deps.writeError(`${path}: ${message}\n`)
      setExit(found.length === 0 ? EXIT.done : EXIT.failed)
    })
  config
    .command('show')
    .description('every value in force and its source: default, file, or the variable; secrets are blanked')
    .argument('[file]', 'instead of the file that ERLMCP_CONFIG names')
    .option('--json', 'as JSON', false)
    .action(async (file: string | undefined, options: { json: boolean }) => {
      const { env, dataDir } = await settingsOf(deps, file)
      const values = showConfig(env, dataDir)
      deps.write(`${options.json ? JSON.stringify(values, null, 2) : renderConfig(values)}\n`)
    })
  config
    .command('docs')
    .description('every key with its limits and default, as Markdown')
    .action(() => deps.write(configDocs()))
}

async function settingsOf(deps: CliDeps, file: string | undefined): ReturnType<CliDeps['settings']> {
  const { env, dataDir } = await deps.settings()
  return { dataDir, env: file === undefined ? env : { ...env, ERLMCP_CONFIG: file } }
}
