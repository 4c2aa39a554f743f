import type { ReadResourceResult, Resource } from '@modelcontextprotocol/server'
import { AppError } from '../base/error.ts'
import type { OperationName } from '../operations/index.ts'
import type { McpDeps } from './deps.ts'
import { fit } from './fit.ts'
import { neutraliseDeep, noneNeutralised } from './neutralise.ts'
import type { Caller, Registry } from './registry.ts'

/** A page of a resource: more than a tool gives, and still bounded. */
const BOUNDS = { text: 65_536, list: 500, total: 262_144 }

interface Kind {
  name: string
  title: string
  template: string
  mimeType: string
  pattern: RegExp
  operation: OperationName
  input(match: RegExpExecArray): Record<string, unknown>
  /** The text, where it is not JSON. */
  text?(answer: Record<string, unknown>): string
}

const decoded = (text: string | undefined): string => {
  try {
    return decodeURIComponent(text ?? '')
  } catch {
    return ''
  }
}

const KINDS: readonly Kind[] = [
  {
    name: 'runbook',
    title: 'A runbook',
    template: 'erlmcp://runbooks/{path}',
    mimeType: 'text/markdown',
    pattern: /^erlmcp:\/\/runbooks\/([^/?#]{1,2000})$/,
    operation: 'page.show',
    input: ([, path]) => ({ path: decoded(path) }),
    text: ({ content }) => (typeof content === 'string' ? content : ''),
  },
  {
    name: 'runbook-revision',
    title: 'A runbook as it was at a revision',
    template: 'erlmcp://runbooks/{path}/revisions/{digest}',
    mimeType: 'text/markdown',
    pattern: /^erlmcp:\/\/runbooks\/([^/?#]{1,2000})\/revisions\/([0-9a-f]{7,64})$/,
    operation: 'page.show',
    input: ([, path, revision]) => ({ path: decoded(path), revision }),
    text: ({ content }) => (typeof content === 'string' ? content : ''),
  },
  {
    name: 'incident',
    title: 'An incident with its timeline',
    template: 'erlmcp://incidents/{id}',
    mimeType: 'application/json',
    pattern: /^erlmcp:\/\/incidents\/([^/?#]{1,100})$/,
    operation: 'incident.show',
    input: ([, id]) => ({ id: decoded(id) }),
  },
  {
    name: 'run',
    title: 'A run: plan, commands, what waits for a person',
    template: 'erlmcp://runs/{id}',
    mimeType: 'application/json',
    pattern: /^erlmcp:\/\/runs\/([^/?#]{1,100})$/,
    operation: 'run.show',
    input: ([, id]) => ({ id: decoded(id) }),
  },
  {
    name: 'output',
    title: 'Output of a command: untrusted',
    template: 'erlmcp://executions/{id}/output',
    mimeType: 'text/plain',
    pattern: /^erlmcp:\/\/executions\/([^/?#]{1,100})\/output$/,
    operation: 'run.output',
    input: ([, id]) => ({ execution: decoded(id) }),
    text: ({ chunks }) =>
      (Array.isArray(chunks) ? chunks : []).map((chunk) => (chunk as { text: string }).text).join(''),
  },
]

const ANNOTATIONS = { audience: ['assistant' as const, 'user' as const], priority: 0.3 }

/** What can be read by its address; whoever may not see a thing hears that there is none. */
export function createResources(deps: McpDeps): Pick<Registry, 'templates' | 'resources' | 'read'> {
  return {
    templates: KINDS.map(({ name, title, template, mimeType }) => ({
      name,
      title,
      uriTemplate: template,
      mimeType,
      annotations: ANNOTATIONS,
    })),
    resources: (caller) => listed(deps, caller),
    read: (caller, uri) => read(deps, caller, uri),
  }
}

/** Runbooks have addresses that stay; runs and incidents come by their links. */
async function listed(deps: McpDeps, { actor }: Caller): Promise<Resource[]> {
  const answer = (await deps.invoke(actor, 'page.list', { limit: 200 })) as {
    pages: { path: string; title: string | null }[]
  }
  return answer.pages.map(({ path, title }) => {
    const clean = neutraliseDeep({ path, title }, noneNeutralised()) as { path: string; title: string | null }
    return {
      uri: `erlmcp://runbooks/${encodeURIComponent(path)}`,
      name: clean.path.slice(0, 200),
      ...(clean.title === null ? {} : { title: clean.title.slice(0, 200) }),
      mimeType: 'text/markdown',
      annotations: ANNOTATIONS,
    }
  })
}

async function read(deps: McpDeps, { actor }: Caller, uri: string): Promise<ReadResourceResult | null> {
  for (const kind of KINDS) {
    const match = kind.pattern.exec(uri)
    if (match === null) continue
    let answer: Record<string, unknown>
    try {
      answer = JSON.parse(
        JSON.stringify(await deps.invoke(actor, kind.operation, kind.input(match))),
      ) as Record<string, unknown>
    } catch (error) {
      const isGone =
        error instanceof AppError && ['not_found', 'forbidden', 'input_invalid'].includes(error.code)
      if (isGone) return null
      throw error
    }
    const neutralised = noneNeutralised()
    const { value, cut } = fit(
      neutraliseDeep(kind.text === undefined ? answer : kind.text(answer), neutralised),
      BOUNDS,
    )
    const text = typeof value === 'string' ? value : JSON.stringify(value)
    return {
      contents: [{ uri, mimeType: kind.mimeType, text, _meta: { 'erlmcp/untrusted': { neutralised, cut } } }],
    }
  }
  return null
}
