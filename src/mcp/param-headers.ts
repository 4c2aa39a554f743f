import type { Registry } from './registry.ts'

/** The code for headers and body that disagree (SEP-2243). */
const HEADER_MISMATCH = -32_020
const ENCODED = /^=\?base64\?(.*)\?=$/
const CANONICAL_BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/

type Declared = readonly (readonly [argument: string, header: string])[]

/**
 * Arguments of tools that stand in an HTTP header too (`x-mcp-header` in the input schema), so that what is between can
 * route by them: header and body have to say the same. The SDK sees to it only in its high-level server.
 */
export function checkParamHeaders(
  registry: Pick<Registry, 'tools'>,
): (headers: Headers, body: Buffer | null) => Response | null {
  const declared = new Map<string, Declared>()
  for (const [name, { definition }] of registry.tools) {
    const found = Object.entries(definition.inputSchema.properties ?? {}).flatMap(([argument, schema]) => {
      const header = (schema as Record<string, unknown>)['x-mcp-header']
      return typeof header === 'string' ? [[argument, `Mcp-Param-${header}`] as const] : []
    })
    if (found.length > 0) declared.set(name, found)
  }
  return (headers, body) => {
    if (declared.size === 0 || body === null || headers.get('mcp-method') !== 'tools/call') return null
    const message = parsed(body)
    const wrong = (declared.get(String(message?.params?.name)) ?? []).find(([argument, header]) => {
      const value = message?.params?.arguments?.[argument]
      return value !== undefined && value !== null && !says(headers.get(header), value)
    })
    if (wrong === undefined) return null
    const [argument, header] = wrong
    const error = {
      code: HEADER_MISMATCH,
      message: `The header ${header} is missing, or says something else than the argument ${argument}.`,
      data: { mismatch: { header, body: argument } },
    }
    return Response.json({ jsonrpc: '2.0', id: message?.id ?? null, error }, { status: 400 })
  }
}

interface Message {
  id?: string | number
  params?: { name?: unknown; arguments?: Record<string, unknown> }
}

function parsed(body: Buffer): Message | null {
  try {
    const value = JSON.parse(body.toString('utf8')) as unknown
    return typeof value === 'object' && value !== null ? value : null
  } catch {
    return null
  }
}

function says(header: string | null, value: unknown): boolean {
  if (header === null) return false
  const encoded = ENCODED.exec(header)?.[1]
  if (encoded !== undefined && !CANONICAL_BASE64.test(encoded)) return false
  const said = encoded === undefined ? header : Buffer.from(encoded, 'base64').toString('utf8')
  return typeof value === 'number' ? Number(said) === value && said.trim() !== '' : said === String(value)
}
