import type { Command } from 'commander'
import { AppError } from '../base/error.ts'
import { createRemoteClient } from './client.ts'
import { profilesFileOf, readProfiles, removeProfile, saveProfile } from './profiles.ts'
import type { CliDeps } from './program.ts'

/** `login`, `logout`, `profiles`: which server this terminal speaks to. */
export function addLoginCommands(program: Command, deps: CliDeps): void {
  program
    .command('login')
    .description('keep a token for a server, and use that server from now on')
    .argument('<url>', 'the server: https://erlmcp.example')
    .option('--profile <name>', 'a name for it', 'default')
    .addHelpText(
      'after',
      '\nExamples:\n  erlmcp login https://erlmcp.example\n  erlmcp login https://staging.example --profile staging < token\n\nThe token is asked for, or read from standard input; make one in the page under "Tokens", or with\n`erlmcp token create NAME --role responder` where you are logged in already.\n',
    )
    .action(async (url: string, options: { profile: string }) => login(deps, url, options.profile))
  program
    .command('logout')
    .description('forget the token of a profile; the server still takes it until it is revoked')
    .argument('[profile]', 'of `profiles`', 'default')
    .addHelpText('after', '\nExamples:\n  erlmcp logout\n  erlmcp logout staging\n')
    .action(async (name: string) => {
      const { env } = await deps.settings()
      const was = removeProfile(profilesFileOf(env), name)
      deps.write(was ? `${name} is forgotten\n` : `there is no profile ${name}\n`)
    })
  program
    .command('profiles')
    .description('the servers that this terminal knows')
    .addHelpText('after', '\nExamples:\n  erlmcp profiles\n  erlmcp incident list --server staging\n')
    .action(async () => {
      const { env } = await deps.settings()
      const { current, profiles } = readProfiles(profilesFileOf(env))
      const lines = Object.entries(profiles).map(
        ([name, { url }]) => `${name === current ? '*' : ' '} ${name.padEnd(16)} ${url}`,
      )
      deps.write(lines.length === 0 ? 'Nobody is logged in anywhere.\n' : `${lines.join('\n')}\n`)
    })
}

async function login(deps: CliDeps, url: string, profile: string): Promise<void> {
  if (!/^https?:\/\//.test(url) || !URL.canParse(url)) {
    throw new AppError('usage', `${JSON.stringify(url)} is no URL`, { action: 'Write https://HOST.' })
  }
  const { terminal } = deps
  const given = terminal.interactive
    ? await terminal.ask(`Token for ${url}: `, { hidden: true })
    : await deps.readInput()
  const token = given.trim()
  if (!/^[\x21-\x7e]{8,4096}$/.test(token)) {
    throw new AppError('usage', 'that is no token', { action: 'Type it, or send it on standard input.' })
  }
  const client = createRemoteClient(url, token)
  // a token that the server does not take is not kept
  await client.call('incident.list', { limit: 1 })
  const { env } = await deps.settings()
  const file = profilesFileOf(env)
  saveProfile(file, profile, { url, token })
  deps.write(`logged in to ${url}; the token stands in ${file}, readable by you alone\n`)
}
