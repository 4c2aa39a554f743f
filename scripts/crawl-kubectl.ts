/**
 * Crawls `kubectl … --help` of one or more kubectl binaries into `src/command/data/kubectl.json`:
 *
 *     node scripts/crawl-kubectl.ts KUBECTL...
 *
 * Whether a flag needs a value cannot be read from the help, so every flag that is not boolean is tried without
 * one. Deprecated flags are missing from the help while kubectl still accepts them; the ones known from its
 * source history are tried as well. No cluster is contacted.
 */
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { promisify } from 'node:util'
import type { FlagSpec, KubectlSpec } from '../src/command/kubectl/spec.ts'

const run = promisify(execFile)
const OUTPUT = 'src/command/data/kubectl.json'

/** Commands that the help of their parent does not list. */
const UNLISTED = ['alpha', 'options', 'help', 'kuberc', '__complete', '__completeNoDesc']
/** Flags that were hidden when they were deprecated, and where they stood. */
const HIDDEN: [RegExp, string[]][] = [
  [/^(annotate|apply|autoscale|create.*|delete|edit|expose|label|patch|replace|run|scale|set .*|taint|rollout .*)$/, ['record']],
  [/^version$/, ['short']],
  [/^drain$/, ['delete-local-data']],
  [/^(run|expose|autoscale|create .*)$/, ['generator']],
  [/^(apply|diff)$/, ['prune-whitelist', 'server-dry-run']],
  [/^autoscale$/, ['cpu-percent']],
  [/^run$/, ['filename', 'serviceaccount', 'requests', 'limits', 'hostport', 'schedule', 'replicas', 'recursive', 'kustomize', 'cascade', 'force', 'grace-period', 'timeout', 'wait']],
  [/^get$/, ['export', 'use-openapi-print-columns', 'show-all', 'no-kind-headers']],
  [/^logs$/, ['interactive']],
  [/^exec$/, ['pod']],
  [/^top (pod|node)$/, ['heapster-namespace', 'heapster-port', 'heapster-scheme', 'heapster-service']],
  [/^debug$/, ['container-name']],
] // prettier-ignore

const learnt = new Map<string, boolean>()

interface Crawled {
  version: string
  global: Record<string, FlagSpec>
  commands: Record<string, { aliases: string[]; flags: Record<string, FlagSpec> }>
}

async function crawl(binary: string): Promise<Crawled> {
  const { stdout } = await kubectl(binary, ['version', '--client', '-o', 'json'])
  const version = /"gitVersion": "v(\d+\.\d+)/.exec(stdout)?.[1]
  if (version === undefined) throw new Error(`${binary} does not say its version: ${stdout}`)
  const commands: Crawled['commands'] = {}
  const queue: string[][] = [[]]
  for (let words = queue.shift(); words !== undefined; words = queue.shift()) {
    const help = (await kubectl(binary, [...words, '--help'])).stdout
    const name = words.join(' ')
    if (name !== '')
      commands[name] = { aliases: aliasesOf(help, name), flags: await flagsOf(binary, words, help) }
    const children = [...subcommandsOf(help), ...(words.length === 0 ? await accepted(binary, UNLISTED) : [])]
    queue.push(...children.map((child) => [...words, child]))
  }
  const globalHelp = (await kubectl(binary, ['options'])).stdout
  const global = await flagsOf(binary, ['version', '--client'], globalHelp)
  return { version, global, commands }
}

async function accepted(binary: string, names: string[]): Promise<string[]> {
  const results = await Promise.all(names.map(async (name) => (await kubectl(binary, [name])).stderr))
  return names.filter((_, index) => !/unknown command/.test(results[index] ?? ''))
}

function subcommandsOf(help: string): string[] {
  const section = /^[A-Z][^\n]*\b(?:Commands|Subcommands)\b[^\n]*:\n((?: {2}\S.*\n)+)/gm
  return [...help.matchAll(section)].flatMap(([, lines = '']) =>
    [...lines.matchAll(/^ {2}([a-z][\w-]*) {2,}/gm)].map(([, name = '']) => name),
  )
}

function aliasesOf(help: string, name: string): string[] {
  const words = /^Aliases:\n(.*)$/m.exec(help)?.[1]?.split(/,\s*/) ?? []
  return words.map((word) => word.trim()).filter((word) => word !== '' && word !== name.split(' ').at(-1))
}

async function flagsOf(binary: string, words: string[], help: string): Promise<Record<string, FlagSpec>> {
  const flags: Record<string, FlagSpec> = {}
  for (const [, short, name = '', defaultValue = ''] of help.matchAll(
    /^ {4}(?:-(\w), )?--([\w-]+)=(.*):$/gm,
  )) {
    const type = typeOf(defaultValue)
    const optional = type !== 'bool' && !(await needsValue(binary, words, name, defaultValue))
    flags[name] = { type, ...(short === undefined ? {} : { short }), ...(optional ? { optional } : {}) }
  }
  const command = words.join(' ')
  for (const name of HIDDEN.filter(([pattern]) => pattern.test(command)).flatMap(([, names]) => names)) {
    if (flags[name] !== undefined) continue
    const { stderr } = await kubectl(binary, [...words, `--${name}`])
    if (stderr.includes('unknown flag')) continue
    flags[name] = { type: stderr.includes('needs an argument') ? 'string' : 'bool', deprecated: true }
  }
  return flags
}

/** One definition serves many commands: what was learnt of a name and default holds for all of that binary. */
async function needsValue(
  binary: string,
  words: string[],
  name: string,
  defaultValue: string,
): Promise<boolean> {
  const key = `${binary} ${name} ${defaultValue}`
  const known = learnt.get(key)
  if (known !== undefined) return known
  const { stderr } = await kubectl(binary, [...words, `--${name}`])
  // kubectl reads --kuberc before it parses flags, and so complains about the file instead.
  const needed = name === 'kuberc' || stderr.includes('flag needs an argument')
  learnt.set(key, needed)
  return needed
}

function typeOf(value: string): FlagSpec['type'] {
  if (value === 'true' || value === 'false') return 'bool'
  if (/^-?\d+$/.test(value)) return 'int'
  return /^(?:\d+(?:h|m|s|ms))+$/.test(value) ? 'duration' : 'string'
}

/** Runs it where it can reach and change nothing: an empty home, no cluster, no standard input. */
async function kubectl(binary: string, args: string[]): Promise<{ stdout: string; stderr: string }> {
  const child = run(binary, args, {
    timeout: 10_000,
    maxBuffer: 8 << 20,
    env: { HOME: home, KUBECONFIG: path.join(home, 'config'), PATH: '/nonexistent' },
  })
  child.child.stdin?.end()
  try {
    return await child
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string }
    return { stdout: stdout ?? '', stderr: stderr ?? '' }
  }
}

const minor = (version: string): number => Number(version.split('.')[1])

/** One table for all versions; `since` and `until` say where a command or flag is missing at an end. */
function merge(all: Crawled[]): KubectlSpec {
  const versions = all.map((one) => one.version)
  const span = (has: (one: Crawled) => boolean): { since?: string; until?: string } => {
    const present = all.filter(has).map((one) => one.version)
    const [first, last] = [present[0], present.at(-1)]
    return {
      ...(first !== undefined && first !== versions[0] ? { since: first } : {}),
      ...(last !== undefined && last !== versions.at(-1) ? { until: last } : {}),
    }
  }
  const mergeFlags = (
    pick: (one: Crawled) => Record<string, FlagSpec> | undefined,
  ): Record<string, FlagSpec> => {
    const holders = all.filter((one) => pick(one) !== undefined)
    const names = [...new Set(holders.flatMap((one) => Object.keys(pick(one) ?? {})))].sort()
    return Object.fromEntries(
      names.map((name) => {
        const specs = holders.flatMap((one) => pick(one)?.[name] ?? [])
        const newest = specs.at(-1) ?? { type: 'string' }
        const listed = specs.some((spec) => spec.deprecated !== true) && newest.deprecated === true
        const short = newest.short ?? specs.find((spec) => spec.short !== undefined)?.short
        const inCommand = span((one) => pick(one)?.[name] !== undefined)
        const command = span((one) => pick(one) !== undefined)
        return [
          name,
          {
            ...newest,
            ...(listed ? (specs.find((spec) => spec.deprecated !== true) ?? {}) : {}),
            ...(newest.deprecated === true ? { deprecated: true } : {}),
            ...(short === undefined ? {} : { short }),
            ...(inCommand.since !== command.since && inCommand.since !== undefined
              ? { since: inCommand.since }
              : {}),
            ...(inCommand.until !== command.until && inCommand.until !== undefined
              ? { until: inCommand.until }
              : {}),
          },
        ]
      }),
    )
  }
  const names = [...new Set(all.flatMap((one) => Object.keys(one.commands)))].sort()
  const commands = names.map((name) => {
    const aliases = [...new Set(all.flatMap((one) => one.commands[name]?.aliases ?? []))]
    return [
      name,
      {
        ...span((one) => one.commands[name] !== undefined),
        ...(aliases.length === 0 ? {} : { aliases }),
        flags: mergeFlags((one) => one.commands[name]?.flags),
      },
    ] as const
  })
  return { versions, global: mergeFlags((one) => one.global), commands: Object.fromEntries(commands) }
}

const home = mkdtempSync(path.join(tmpdir(), 'crawl-kubectl-'))
const crawled: Crawled[] = []
for (const binary of process.argv.slice(2)) crawled.push(await crawl(binary))
rmSync(home, { recursive: true, force: true })
if (crawled.length === 0) throw new Error('usage: node scripts/crawl-kubectl.ts KUBECTL...')
crawled.sort((a, b) => minor(a.version) - minor(b.version))
writeFileSync(OUTPUT, `${JSON.stringify(merge(crawled), null, 1)}\n`)
console.log(`${OUTPUT}: ${readFileSync(OUTPUT).length} bytes, ${crawled.map((one) => one.version).join(' ')}`)
