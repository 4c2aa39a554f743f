import { configSchema } from './config.ts'
import { alternatives, schemaOf } from './config-schema.ts'
import type { SchemaNode } from './config-schema.ts'
import { ENVIRONMENT } from './config-show.ts'

export interface ConfigKey {
  /** `alerting.sources[].name`; `<name>` stands for a name of your choice. */
  path: string
  type: string
  /** `null`: it has to be given where what is around it is given. */
  default: string | null
  what: string
}

/** Every key that the file may have, from the schema that reads it. */
export function configKeys(): ConfigKey[] {
  const byPath = new Map<string, ConfigKey>()
  for (const key of walk(schemaOf(configSchema), '', false)) {
    const known = byPath.get(key.path)
    if (known === undefined) byPath.set(key.path, key)
    else if (!known.type.split(' or ').includes(key.type)) known.type = `${known.type} or ${key.type}`
  }
  return [...byPath.values()]
}

/** A page in Markdown: the environment, then every key of the file. */
export function configDocs(): string {
  const variables = ENVIRONMENT.map(({ name, path, what }) => `| \`${name}\` | \`${path}\` | ${what} |`)
  const keys = configKeys().map(
    (key) =>
      `| \`${key.path}\` | ${key.type} | ${key.default === null ? 'none' : `\`${key.default}\``} | ${key.what} |`,
  )
  return [
    '# Configuration keys',
    '',
    'The environment wins over the file (`ERLMCP_CONFIG`, YAML), the file over the defaults. An unknown key is refused.',
    '`erlmcp config check` says what is wrong, `erlmcp config show` what is in force and where it comes from.',
    '',
    '| variable | key | meaning |',
    '|---|---|---|',
    ...variables,
    '',
    '| key | value | default | meaning |',
    '|---|---|---|---|',
    ...keys,
    '',
  ].join('\n')
}

function* walk(node: SchemaNode, path: string, required: boolean): Generator<ConfigKey> {
  for (const choice of alternatives(node)) {
    const inner = [...membersOf(choice, path)]
    if (inner.length > 0) yield* inner
    else
      yield {
        path,
        type: typeOf(choice),
        default: defaultOf(node, required),
        what: (node.description ?? choice.description ?? '').replaceAll('|', '\\|'),
      }
  }
}

function* membersOf(node: SchemaNode, path: string): Generator<ConfigKey> {
  for (const [key, member] of Object.entries(node.properties ?? {})) {
    const needed = node.required?.includes(key) === true
    yield* walk(member, path === '' ? key : `${path}.${key}`, needed)
  }
  const { items, additionalProperties: named } = node
  if (items !== undefined && alternatives(items).some(isObject)) yield* walk(items, `${path}[]`, false)
  if (typeof named === 'object' && alternatives(named).some(isObject))
    yield* walk(named, `${path}.<name>`, false)
}

const isObject = (node: SchemaNode): boolean => node.properties !== undefined

const defaultOf = (node: SchemaNode, required: boolean): string | null =>
  node.default === undefined ? (required ? null : 'unset') : JSON.stringify(node.default)

function typeOf(node: SchemaNode): string {
  if (node.const !== undefined) return `\`${JSON.stringify(node.const)}\``
  if (node.enum !== undefined) return node.enum.map((each) => `\`${String(each)}\``).join(', ')
  if (node.items !== undefined) {
    const inner = [...new Set(alternatives(node.items).map(typeOf))].join(' or ')
    return `list of ${inner}${node.maxItems === undefined ? '' : `, at most ${node.maxItems}`}`
  }
  if (typeof node.additionalProperties === 'object')
    return `${alternatives(node.additionalProperties).map(typeOf).join(' or ')} by name`
  return `${node.format === 'uri' ? 'URL' : (node.type ?? 'any')}${limitsOf(node)}`
}

function limitsOf({ minimum, exclusiveMinimum, maximum, maxLength }: SchemaNode): string {
  const low = minimum ?? exclusiveMinimum
  const above = minimum === undefined ? 'above ' : ''
  const from = low === undefined || low <= Number.MIN_SAFE_INTEGER ? '' : `${above}${low}`
  const to = maximum === undefined || maximum >= Number.MAX_SAFE_INTEGER ? '' : `to ${maximum}`
  const range = [from, to].filter((each) => each !== '').join(' ')
  if (range !== '') return `, ${range}`
  return maxLength === undefined ? '' : `, at most ${maxLength} characters`
}
