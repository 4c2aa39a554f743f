import { z } from 'zod'
import { ERROR_CODES } from '../base/error.ts'
import { OPERATION_NAMES, OPERATIONS } from '../operations/index.ts'
import type { Operation } from '../operations/index.ts'
import { statusOf } from './problem.ts'

type Json = Record<string, unknown>

/** The API as OpenAPI 3.1, generated from the catalogue. */
export function openApiDocument(version: string): Json {
  const paths: Record<string, Json> = {}
  for (const name of OPERATION_NAMES) {
    const operation: Operation = OPERATIONS[name]
    const path = operation.http.path.replaceAll(/:(\w+)/g, '{$1}')
    paths[path] = { ...paths[path], [operation.http.method.toLowerCase()]: describe(operation) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'erlmcp',
      version,
      description:
        'Every verb of erlmcp. Generated from its catalogue of operations; the terminal, the page and agents call the same.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/api/v1' }],
    security: [{ bearer: [] }],
    tags: [...new Set(OPERATION_NAMES.map(tagOf))].map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: { bearer: { type: 'http', scheme: 'bearer' } },
      schemas: { Problem: problemSchema() },
      responses: { Problem: problemResponse() },
    },
  }
}

const tagOf = (name: string): string => name.split('.', 1)[0] ?? name

function describe(operation: Operation): Json {
  const schema = jsonSchema(operation.input, 'input')
  const properties = (schema['properties'] ?? {}) as Record<string, Json>
  const required = (schema['required'] ?? []) as string[]
  const inPath = [...operation.http.path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  const rest = Object.keys(properties).filter((name) => !inPath.includes(name))
  const reads = operation.effect === 'read'
  const query = reads ? rest : []
  const parameters = [
    ...inPath.map((name) => parameter(name, 'path', properties[name] ?? {}, true)),
    ...query.map((name) => parameter(name, 'query', properties[name] ?? {}, required.includes(name))),
    ...(reads || operation.answersSecret === true ? [] : [IDEMPOTENCY_KEY]),
    ...(reads || operation.versioned !== true ? [] : [IF_MATCH]),
  ]
  return {
    operationId: operation.name,
    tags: [tagOf(operation.name)],
    summary: operation.summary,
    description: `Needs: ${operation.need}.${operation.decision ? ' A decision: only a person takes it.' : ''}`,
    ...(parameters.length > 0 ? { parameters } : {}),
    ...(reads ? {} : { requestBody: body(schema, properties, rest, required) }),
    responses: {
      200: { description: 'Done', content: { 'application/json': { schema: answerSchema(operation) } } },
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

const IF_MATCH: Json = {
  name: 'If-Match',
  in: 'header',
  required: false,
  description: 'The ETag that was read; stands for `version` in the body. 412 when somebody was faster.',
  schema: { type: 'string', maxLength: 20 },
}

const IDEMPOTENCY_KEY: Json = {
  name: 'Idempotency-Key',
  in: 'header',
  required: false,
  description: 'The same key with the same input is done once, and answered alike, for a day.',
  schema: { type: 'string', minLength: 1, maxLength: 200 },
}

function parameter(name: string, place: 'path' | 'query', schema: Json, required: boolean): Json {
  const { description, ...rest } = schema
  return {
    name,
    in: place,
    required,
    ...(typeof description === 'string' ? { description } : {}),
    schema: rest,
  }
}

function body(
  schema: Json,
  properties: Record<string, Json>,
  names: readonly string[],
  required: readonly string[],
): Json {
  const needed = names.filter((name) => required.includes(name))
  return {
    required: needed.length > 0,
    content: {
      'application/json': {
        schema: {
          type: 'object',
          properties: Object.fromEntries(names.map((name) => [name, properties[name] ?? {}])),
          ...(needed.length > 0 ? { required: needed } : {}),
          additionalProperties: schema['additionalProperties'] ?? false,
        },
      },
    },
  }
}

const answerSchema = (operation: Operation): Json =>
  operation.output === undefined ? { type: 'object' } : jsonSchema(operation.output, 'output')

function jsonSchema(schema: z.ZodType, io: 'input' | 'output'): Json {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io, unrepresentable: 'any' }) as Json
  return rest
}

const problemSchema = (): Json => ({
  type: 'object',
  description: 'RFC 9457. `code` is permanent; `detail` says what happened, `action` what to do next.',
  properties: {
    type: { type: 'string' },
    title: { type: 'string' },
    status: { type: 'integer' },
    code: { type: 'string', enum: Object.keys(ERROR_CODES) },
    detail: { type: 'string' },
    action: { type: 'string' },
    correlationId: { type: 'string' },
    data: { type: 'object' },
  },
  required: ['type', 'title', 'status', 'code', 'detail', 'action', 'correlationId'],
})

function problemResponse(): Json {
  const codes = Object.keys(ERROR_CODES) as (keyof typeof ERROR_CODES)[]
  const statuses = [...new Set(codes.map(statusOf))].toSorted((a, b) => a - b)
  return {
    description: `A refusal or a fault: ${statuses.join(', ')}.`,
    content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
  }
}
