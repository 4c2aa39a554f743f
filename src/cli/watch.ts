import type { Command } from 'commander'
import { asText, forTerminal } from '../base/text.ts'
import type { Client } from './client.ts'
import { describeError, EXIT } from './exit.ts'
import { commandLines, incidentScreen, offered } from './incident-view.ts'
import type { IncidentScene } from './incident-view.ts'
import type { CliDeps } from './program.ts'
import { withClient } from './verbs.ts'

type Row = Record<string, unknown>
const LOOK_EVERY_MS = 2_000
const OVER = new Set(['resolved', 'closed'])
const KEYS = '[a] approve  [p] propose  [k] take it  [n] note  [q] leave'

/** `incident watch ID`: one incident, live, with the keys to decide. Leaving it changes nothing. */
export function addWatchCommand(program: Command, deps: CliDeps, setExit: (code: number) => void): void {
  const incident =
    program.commands.find((command) => command.name() === 'incident') ?? program.command('incident')
  incident
    .command('watch')
    .description('follow an incident as it goes, and decide; leaving it changes nothing')
    .argument('<id>', 'INC-7, 7, or the id')
    .option('--server <url>', 'a server, by its URL or the name of a profile')
    .addHelpText(
      'after',
      `\nKeys: ${KEYS}\nWithout a terminal: a line for each thing that happens, until the incident is over (exit code 0) or\nwaits for a person (4).\n\nExamples:\n  erlmcp incident watch INC-7\n  erlmcp incident watch INC-7 --server staging | tee log\n`,
    )
    .action(async (id: string, options: { server?: string }) => {
      setExit(await withClient(deps, options, (client) => watchIncident(deps, client, id), { working: true }))
    })
}

/** @returns the exit code */
export const watchIncident = (deps: CliDeps, client: Client, id: string): Promise<number> =>
  deps.terminal.interactive ? watchScreen(deps, client, id) : watchLines(deps, client, id)

async function watchLines(deps: CliDeps, client: Client, id: string): Promise<number> {
  const seen = new Set<unknown>()
  for (;;) {
    const { incident, run } = await look(client, id)
    for (const entry of incident['timeline'] as Row[]) {
      if (seen.has(entry['id'])) continue
      seen.add(entry['id'])
      deps.write(
        `${asText(entry['at'])}  ${forTerminal(entry['message']).replaceAll(/\s+/g, ' ')}  (${forTerminal(entry['actor'])})\n`,
      )
    }
    if (OVER.has(asText(incident['state']))) return EXIT.done
    if (run !== null && run['waitsFor'] !== null) {
      const question = (run['waitsFor'] as Row)['question'] as Row
      deps.write(
        `WAITS FOR A PERSON: ${forTerminal(question['text'])}\n  erlmcp run show ${asText(run['id'])}\n`,
      )
      return EXIT.waiting
    }
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS))
  }
}

async function watchScreen(deps: CliDeps, client: Client, id: string): Promise<number> {
  const { terminal } = deps
  let footer = KEYS
  deps.write('\u001B[?1049h')
  try {
    for (;;) {
      const scene = await look(client, id)
      const size = terminal.size() ?? { width: 80, height: 24 }
      const lines = incidentScreen(scene, { ...size, colour: terminal.colour, footer })
      deps.write(`\u001B[H\u001B[2J${lines.join('\n')}`)
      footer = KEYS
      const key = await keyWithin(deps, LOOK_EVERY_MS)
      if (key === 'q' || key === '\u0003') return EXIT.done
      const act = key === null ? undefined : ACTIONS[key]
      if (act === undefined) continue
      deps.write('\u001B[H\u001B[2J')
      footer = await act(deps, client, scene).catch((error: unknown) =>
        describeError(error).replaceAll('\n', ' '),
      )
    }
  } finally {
    deps.write(`\u001B[?1049l`)
    deps.write(`left ${id}; it goes on. Come back with: erlmcp incident watch ${id}\n`)
  }
}

async function look(client: Client, id: string): Promise<IncidentScene> {
  const incident = (await client.call('incident.show', { id })) as Row
  const last = (incident['runs'] as Row[]).at(-1)
  const run = last === undefined ? null : ((await client.call('run.show', { id: last['id'] })) as Row)
  const signal = (await client.call('incident.signal', { id }).catch(() => null)) as Row | null
  return { incident, run, signal, output: run === null ? '' : await outputOf(client, run) }
}

async function outputOf(client: Client, run: Row): Promise<string> {
  const running = (run['executions'] as Row[]).find((each) => each['state'] === 'running')
  if (running === undefined) return ''
  const page = (await client.call('run.output', { execution: running['id'] })) as Row
  return (page['chunks'] as Row[]).map((chunk) => asText(chunk['text'])).join('')
}

function keyWithin(deps: CliDeps, ms: number): Promise<string | null> {
  return new Promise((resolve) => {
    const free = deps.terminal.keys((key) => done(key))
    const timer = setTimeout(() => done(null), ms)
    const done = (key: string | null): void => {
      clearTimeout(timer)
      free()
      resolve(key)
    }
  })
}

type Action = (deps: CliDeps, client: Client, scene: IncidentScene) => Promise<string>

/** What the keys do; each goes through the same operation as the page, and answers what was done. */
const ACTIONS: Readonly<Record<string, Action>> = {
  a: async (deps, client, { run }) => {
    const option = await choose(deps, run)
    if (option === null || run === null) return 'nothing was approved'
    deps.write(`${commandLines(option).join('\n')}\n\n`)
    const again = await deps.terminal.ask(`Type ${asText(option['number'])} again to approve exactly this: `)
    if (again !== asText(option['number'])) return 'nothing was approved'
    const reason = await deps.terminal.ask('Why (may be empty): ')
    const input = { id: run['id'], option: again, hashes: option['hashes'] }
    await client.call('run.approve', reason === '' ? input : { ...input, reason })
    return `approved: ${forTerminal(option['title'])}`
  },
  p: async (deps, client, { run }) => {
    const option = await choose(deps, run)
    if (option === null || run === null) return 'nothing was proposed'
    const reason = await deps.terminal.ask('Why: ')
    await client.call('run.propose', { id: run['id'], option: asText(option['number']), reason })
    return `proposed: ${forTerminal(option['title'])}; somebody else approves it`
  },
  k: async (_deps, client, { incident }) => {
    const answer = (await client.call('incident.acknowledge', { id: incident['id'] })) as Row
    return answer['acknowledged'] === true ? 'you have taken it' : 'somebody had taken it already'
  },
  n: async (deps, client, { incident }) => {
    const text = await deps.terminal.ask('Note: ')
    if (text === '') return 'no note was written'
    await client.call('incident.note', { id: incident['id'], text })
    return 'the note stands in the timeline'
  },
}

async function choose(deps: CliDeps, run: Row | null): Promise<Row | null> {
  const options = run === null ? [] : offered(run)
  if (options.length === 0) return null
  for (const option of options)
    deps.write(`${asText(option['number'])}. ${forTerminal(option['title'])}  [${asText(option['risk'])}]\n`)
  const answer = await deps.terminal.ask('Which one (empty: none): ')
  return options.find((option) => asText(option['number']) === answer) ?? null
}
