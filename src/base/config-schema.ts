import { z } from 'zod'

/** One place of the configuration as JSON Schema describes it; only what is read here. */
export interface SchemaNode {
  type?: string | undefined
  description?: string | undefined
  properties?: Readonly<Record<string, SchemaNode>> | undefined
  required?: readonly string[] | undefined
  items?: SchemaNode | undefined
  additionalProperties?: SchemaNode | boolean | undefined
  anyOf?: readonly SchemaNode[] | undefined
  oneOf?: readonly SchemaNode[] | undefined
  enum?: readonly unknown[] | undefined
  const?: unknown
  default?: unknown
  minimum?: number | undefined
  maximum?: number | undefined
  exclusiveMinimum?: number | undefined
  maxLength?: number | undefined
  maxItems?: number | undefined
  format?: string | undefined
}

/** The shape of what may be written: keys, types, limits, defaults. */
export const schemaOf = (schema: z.ZodType): SchemaNode =>
  z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode

/** The node itself, or what it may be instead, without `null`. */
export function alternatives(node: SchemaNode): SchemaNode[] {
  const choices = [...(node.anyOf ?? []), ...(node.oneOf ?? [])]
  return choices.length === 0
    ? [node].filter(({ type }) => type !== 'null')
    : choices.flatMap((choice) => alternatives(choice))
}

/** The keys that may stand at a path. */
export function keysAt(root: SchemaNode, path: readonly PropertyKey[]): string[] {
  let nodes = alternatives(root)
  for (const segment of path) nodes = nodes.flatMap((node) => child(node, segment)).flatMap(alternatives)
  return [...new Set(nodes.flatMap((node) => Object.keys(node.properties ?? {})))]
}

function child(node: SchemaNode, segment: PropertyKey): SchemaNode[] {
  if (typeof segment === 'number') return node.items === undefined ? [] : [node.items]
  const named = node.properties?.[String(segment)]
  if (named !== undefined) return [named]
  return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []
}

/** What is meant where `given` is a slip of the pen: at most a third of its letters differ. `null`: nothing is near. */
export function nearest(given: string, names: readonly string[]): string | null {
  const scored = names
    .map((name) => ({ name, distance: distance(given.toLowerCase(), name.toLowerCase()) }))
    .toSorted((a, b) => a.distance - b.distance)
  const best = scored[0]
  return best !== undefined && best.distance <= Math.max(1, Math.floor(given.length / 3)) ? best.name : null
}

/** Letters to insert, delete or replace. */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (const [i, letter] of Array.from(a).entries()) {
    const next = [i + 1]
    for (const [j, other] of Array.from(b).entries()) {
      const changed = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(changed, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}

/** One line for each thing that is wrong: where, what, and what was probably meant. */
export function describeIssues(schema: z.ZodType, error: z.ZodError): { path: string; message: string }[] {
  const root = schemaOf(schema)
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.')
    if (issue.code !== 'unrecognized_keys') return [{ path: path || 'top level', message: issue.message }]
    const known = keysAt(root, issue.path)
    return issue.keys.map((key) => {
      const meant = nearest(key, known)
      const hint = meant === null ? `known here: ${known.toSorted().join(', ')}` : `did you mean "${meant}"?`
      return { path: path === '' ? key : `${path}.${key}`, message: `unknown key; ${hint}` }
    })
  })
}
