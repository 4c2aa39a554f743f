import { writeFileSync } from 'node:fs'
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { flamePage } from '../base/profile.ts'
import type { CpuProfile, HotFunction } from '../base/profile.ts'
import { delay } from '../base/clock.ts'
import type { Client } from './client.ts'
import { renderConnections, renderHot, renderMemory, renderObserved } from './observed.ts'
import type { Observed } from './observed.ts'
import type { CliDeps } from './program.ts'

interface Common {
  server?: string
  json: boolean
}

const REFRESH_MS = 2_000
const CLEAR = '\u001b[H\u001b[2J'

/** `observer`, `memory`, `top`, `pool`, `profile`: a running erlmcp from inside, for administrators. */
export function addObserverCommands(program: Command, deps: CliDeps): void {
  const verb = (name: string, what: string): Command =>
    program
      .command(name)
      .description(what)
      .option('--server <url>', 'the replica to ask; default the one on this machine')
      .option('--json', 'print the result as JSON', false)
  const show =
    <Options extends Common>(
      call: (client: Client, options: Options) => Promise<unknown>,
      render: (value: unknown) => string,
    ) =>
    async (options: Options): Promise<void> => {
      const value = await asking(deps, options, (client) => call(client, options))
      deps.write(`${options.json ? JSON.stringify(value, null, 2) : render(value)}\n`)
    }
  verb('observer', 'watch all replicas, the pool, sessions, runs and queues; q or Ctrl-C ends it')
    .option('--once', 'print it once, and end', false)
    .action((options: Common & { once: boolean }) => observe(deps, options))
  verb('memory', 'what the memory is used for, by space, and how it grew').action(
    show((client) => client.call('replica.memory', {}), renderMemory),
  )
  verb('pool', 'who holds connections to the database, for how long, doing what').action(
    show((client) => client.call('replica.pool', {}), renderConnections),
  )
  verb('top', 'the functions that use the processor now')
    .option('--seconds <n>', 'how long to sample, 1 to 20', wholeSeconds, 3)
    .action(
      show<Common & { seconds: number }>(
        (client, { seconds }) => client.call('replica.top', { seconds }),
        (value) => renderHot((value as { functions: HotFunction[] }).functions),
      ),
    )
  verb('profile', 'take a profile of the processor: a .cpuprofile, and a page with its flame graph')
    .option('--seconds <n>', 'how long to sample, 1 to 20', wholeSeconds, 10)
    .option('--output <file>', 'where to write it', 'erlmcp.cpuprofile')
    .action((options: Common & { seconds: number; output: string }) => profile(deps, options))
}

function wholeSeconds(text: string): number {
  const value = Number(text)
  if (Number.isInteger(value) && value >= 1 && value <= 20) return value
  throw new InvalidArgumentError('not a whole number from 1 to 20')
}

async function asking<Value>(
  deps: CliDeps,
  { server }: Common,
  ask: (client: Client) => Promise<Value>,
): Promise<Value> {
  const client = await deps.connect(server)
  try {
    return await ask(client)
  } finally {
    await client.close()
  }
}

async function observe(deps: CliDeps, options: Common & { once: boolean }): Promise<void> {
  await asking(deps, options, async (client) => {
    const look = async (): Promise<Observed> => (await client.call('replica.observe', {})) as Observed
    const text = (seen: Observed): string =>
      options.json ? JSON.stringify(seen, null, 2) : renderObserved(seen)
    if (options.once || options.json || !process.stdout.isTTY) {
      deps.write(`${text(await look())}\n`)
      return
    }
    const quit = untilAskedToQuit()
    while (!quit.signal.aborted) {
      deps.write(`${CLEAR}${text(await look())}\n\nq ends it\n`)
      await delay(REFRESH_MS, quit.signal).catch(() => undefined)
    }
    quit.restore()
  })
}

function untilAskedToQuit(): { signal: AbortSignal; restore(): void } {
  const asked = new AbortController()
  const onKey = (key: Buffer): void => {
    if (key.toString() === 'q' || key.toString() === '\u0003') asked.abort()
  }
  const raw = process.stdin.isTTY
  if (raw) process.stdin.setRawMode(true)
  process.stdin.on('data', onKey).resume()
  return {
    signal: asked.signal,
    restore() {
      process.stdin.off('data', onKey).pause()
      if (raw) process.stdin.setRawMode(false)
    },
  }
}

async function profile(deps: CliDeps, options: Common & { seconds: number; output: string }): Promise<void> {
  const taken = (await asking(deps, options, (client) =>
    client.call('replica.profile', { seconds: options.seconds }),
  )) as { replica: string; functions: HotFunction[]; profile: CpuProfile }
  const page = `${options.output.replace(/\.cpuprofile$/, '')}.html`
  writeFileSync(options.output, JSON.stringify(taken.profile), { mode: 0o600 })
  writeFileSync(page, flamePage(taken.profile, `erlmcp ${taken.replica}, ${options.seconds} s`), {
    mode: 0o600,
  })
  const { replica, functions } = taken
  deps.write(
    options.json
      ? `${JSON.stringify({ replica, functions, files: [options.output, page] }, null, 2)}\n`
      : `${renderHot(functions)}\n\n${options.output} opens in Chrome's developer tools, ${page} in any browser.\n`,
  )
}
