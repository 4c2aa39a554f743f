import type { Command, Option } from 'commander'
import { AppError } from '../base/error.ts'
import { asText } from '../base/text.ts'
import { OPERATIONS } from '../operations/index.ts'
import type { Operation, OperationName } from '../operations/index.ts'
import type { Client } from './client.ts'
import { profilesFileOf, readProfiles } from './profiles.ts'
import type { CliDeps } from './program.ts'
import { choicesOf } from './verbs.ts'

/** What the shell asks for candidates: hidden, and silent when something is wrong. */
export const COMPLETE = '__complete'

const SCRIPTS = {
  bash: `_erlmcp() {
  local IFS=$'\\n'
  COMPREPLY=($(erlmcp ${COMPLETE} -- "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  if [ "\${#COMPREPLY[@]}" -eq 0 ]; then compopt -o default 2>/dev/null; fi
}
complete -F _erlmcp erlmcp
`,
  zsh: `#compdef erlmcp
_erlmcp() {
  local -a values
  local line
  for line in "\${(@f)$(erlmcp ${COMPLETE} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && values+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}")
  done
  if (( \${#values} )); then _describe erlmcp values; else _files; fi
}
compdef _erlmcp erlmcp
`,
  fish: `complete -c erlmcp -f -a '(erlmcp ${COMPLETE} -- (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'
`,
} as const

export function addCompletionCommand(program: Command, deps: CliDeps): void {
  program
    .command('completion')
    .description('the script that lets a shell complete commands, incidents, runs and runbooks')
    .argument('<shell>', Object.keys(SCRIPTS).join(', '))
    .addHelpText(
      'after',
      '\nExamples:\n  source <(erlmcp completion bash)\n  erlmcp completion zsh > "${fpath[1]}/_erlmcp"\n  erlmcp completion fish > ~/.config/fish/completions/erlmcp.fish\n',
    )
    .action((shell: string) => {
      const script = Object.entries(SCRIPTS).find(([name]) => name === shell)
      if (script === undefined) {
        throw new AppError('usage', `there is no completion for ${JSON.stringify(shell)}`, {
          action: `Use one of: ${Object.keys(SCRIPTS).join(', ')}.`,
        })
      }
      deps.write(script[1])
    })
}

interface Candidate {
  value: string
  about: string
}

/** Candidates for the last of `words`, one a line, each with what it is after a tab. */
export async function complete(program: Command, deps: CliDeps, words: readonly string[]): Promise<string> {
  const last = words.at(-1) ?? ''
  const found = await candidates(program, deps, words.slice(0, -1), last).catch(() => [])
  return found
    .filter(({ value }) => value.startsWith(last))
    .map(({ value, about }) => `${value}\t${about.replaceAll(/[\t\n]/g, ' ')}\n`)
    .join('')
}

async function candidates(
  program: Command,
  deps: CliDeps,
  before: readonly string[],
  last: string,
): Promise<Candidate[]> {
  let command = program
  let waits: Option | null = null
  const given: string[] = []
  for (const word of before) {
    if (waits !== null) waits = null
    else if (word.startsWith('-')) waits = optionOf(command, word)
    else {
      const child = command.commands.find((each) => each.name() === word)
      if (child === undefined) given.push(word)
      else command = child
    }
  }
  const name = `${command.parent?.name() ?? ''}.${command.name()}`
  const operation: Operation | null = name in OPERATIONS ? OPERATIONS[name as OperationName] : null
  if (waits !== null) return valuesOf(deps, operation, waits.attributeName(), waits.argChoices ?? [])
  if (last.startsWith('-'))
    return command.options.map(({ long, description }) => ({ value: long ?? '', about: description }))
  if (command.commands.length > 0 && given.length === 0)
    return command.commands
      .filter((child) => !child.name().startsWith('__'))
      .map((child) => ({ value: child.name(), about: child.description() }))
  const argument = command.registeredArguments[given.length]
  if (argument === undefined) return []
  const place = operation ?? { name, input: null }
  return valuesOf(deps, place, argument.name(), argument.argChoices ?? [])
}

/** The option that a word begins, when its value is the next word. */
function optionOf(command: Command, word: string): Option | null {
  const option = command.options.find(({ long, short }) => long === word || short === word)
  return option !== undefined && (option.required || option.optional) ? option : null
}

/** Values of an input: what it may be, else what there is. */
async function valuesOf(
  deps: CliDeps,
  place: Operation | { name: string; input: null } | null,
  key: string,
  choices: readonly string[],
): Promise<Candidate[]> {
  if (key === 'server' || key === 'profile') {
    const { env } = await deps.settings()
    const { profiles } = readProfiles(profilesFileOf(env))
    return Object.entries(profiles).map(([value, { url }]) => ({ value, about: url }))
  }
  const fixed = choices.length > 0 || place === null || place.input === null ? choices : choicesOf(place, key)
  if (fixed.length > 0) return fixed.map((value) => ({ value, about: '' }))
  const noun = (place?.name ?? '').split('.')[0] ?? ''
  const kind = key === 'id' ? noun : key
  const source = SOURCES[kind]
  if (source === undefined) return []
  const client = await deps.connect(undefined, { working: false, running: true })
  try {
    return await source(client)
  } finally {
    await client.close()
  }
}

type Row = Record<string, unknown>
const rowsOf = (answer: unknown, key: string): Row[] => ((answer as Row)[key] as Row[] | undefined) ?? []

const incidents = async (client: Client): Promise<Candidate[]> =>
  rowsOf(await client.call('incident.list', { limit: 50 }), 'incidents').map((each) => ({
    value: asText(each['name']),
    about: `${asText(each['severity'])} ${asText(each['state'])} ${asText(each['title'])}`,
  }))
const pages = async (client: Client): Promise<Row[]> =>
  rowsOf(await client.call('page.list', { limit: 500 }), 'pages')

/** Where values come from, by what they name. */
const SOURCES: Readonly<Record<string, (client: Client) => Promise<Candidate[]>>> = {
  incident: incidents,
  review: incidents,
  run: async (client) =>
    rowsOf(await client.call('run.list', { limit: 50 }), 'runs').map((each) => ({
      value: asText(each['id']),
      about: `${asText(each['state'])} ${asText(each['procedureId'])}`,
    })),
  path: async (client) =>
    (await pages(client)).map((each) => ({ value: asText(each['path']), about: asText(each['title']) })),
  page: async (client) =>
    (await pages(client)).map((each) => ({ value: asText(each['path']), about: asText(each['title']) })),
  procedure: async (client) =>
    (await pages(client)).flatMap((page) =>
      rowsOf(page, 'procedures').map((each) => ({
        value: asText(each['id']),
        about: `${asText(each['title'])} (${asText(page['path'])})`,
      })),
    ),
}
