import jsonPatch from 'fast-json-patch'
import type { Operation } from 'fast-json-patch'
import { parse } from 'yaml'
import { z } from 'zod'
import { isRecord } from '../object.ts'
import type { KubeObject } from '../object.ts'
import { mergePatch, strategicMerge } from '../patch/strategic.ts'
import { columnsFor } from '../table/table.ts'
import type { ResourceType } from '../resources.ts'
import { ApiStatusError, badRequest } from '../status.ts'

export const APPLY = 'application/apply-patch+yaml'

const operations = z.array(z.looseObject({ op: z.enum(['add', 'remove', 'replace', 'move', 'copy', 'test']), path: z.string() })) // prettier-ignore

/** The object after a patch of the given content type; the object itself stays unchanged. */
export function patched(
  type: ResourceType,
  before: KubeObject,
  contentType: string,
  body: Buffer,
): KubeObject {
  const kind = contentType.split(';')[0]?.trim()
  switch (kind) {
    case 'application/json-patch+json':
      return jsonPatched(before, body)
    case 'application/merge-patch+json':
      return objectOf(mergePatch(before, parseJson(body)))
    case 'application/strategic-merge-patch+json':
      if (columnsFor(type) === null) throw unsupported(kind)
      return objectOf(strategicMerge(before, recordOf(parseJson(body))))
    default:
      throw unsupported(kind ?? '')
  }
}

export function parseJson(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString('utf8'))
  } catch (error) {
    throw badRequest(goMessage(body.toString('utf8'), error))
  }
}

export function parseYaml(body: Buffer): Record<string, unknown> {
  try {
    return recordOf(parse(body.toString('utf8')))
  } catch (error) {
    if (error instanceof ApiStatusError) throw error
    throw badRequest(`error decoding YAML: ${error instanceof Error ? error.message : String(error)}`)
  }
}

function jsonPatched(before: KubeObject, body: Buffer): KubeObject {
  const parsed = operations.safeParse(parseJson(body))
  if (!parsed.success) throw badRequest('json: cannot unmarshal the patch into a list of operations')
  try {
    const result = jsonPatch.applyPatch(structuredClone(before), parsed.data as unknown as Operation[], true)
    return objectOf(result.newDocument)
  } catch {
    throw new ApiStatusError(422, 'Invalid', 'the server rejected our request due to an error in our request')
  }
}

const unsupported = (kind: string): ApiStatusError =>
  new ApiStatusError(415, 'UnsupportedMediaType', `the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml (received ${kind})`) // prettier-ignore

function recordOf(value: unknown): Record<string, unknown> {
  if (!isRecord(value)) throw badRequest('the patch must be an object')
  return value
}

const objectOf = (value: unknown): KubeObject => recordOf(value)

/** The words of the real server for the commonest slip, a key without quotes. */
function goMessage(text: string, error: unknown): string {
  const key = /^\s*\{\s*([^"\s}])/.exec(text)
  if (key !== null) return `invalid character '${key[1]}' looking for beginning of object key string`
  return error instanceof Error ? error.message : String(error)
}
