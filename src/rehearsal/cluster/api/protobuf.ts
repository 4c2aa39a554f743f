import { parse } from 'yaml'
import type { KubeObject } from '../object.ts'
import { isRecord } from '../object.ts'
import { ApiStatusError, badRequest } from '../status.ts'

/** A field of a message: its name and what is in it. */
type Field =
  | { name: string; as: 'text' | 'bytes' | 'number' | 'texts' }
  | { name: string; as: 'map'; bytes: boolean }
  | { name: string; as: 'message' | 'messages'; of: Message }
type Message = Record<number, Field>

const text = (name: string): Field => ({ name, as: 'text' })
const number = (name: string): Field => ({ name, as: 'number' })
const map = (name: string, bytes = false): Field => ({ name, as: 'map', bytes })
const message = (name: string, of: Message): Field => ({ name, as: 'message', of })

const META: Message = { 1: text('name'), 3: text('namespace'), 11: map('labels'), 12: map('annotations') }
const CONTAINER: Message = { 1: text('name'), 2: text('image'), 3: { name: 'command', as: 'texts' }, 4: { name: 'args', as: 'texts' } } // prettier-ignore
const POD: Message = { 2: { name: 'containers', as: 'messages', of: CONTAINER }, 3: text('restartPolicy') }
const TEMPLATE: Message = { 1: message('metadata', META), 2: message('spec', POD) }
const meta = message('metadata', META)

/** The few messages that kubectl sends as protobuf without an alternative (field numbers of the published API). */
const MESSAGES: Record<string, Message> = {
  ConfigMap: { 1: meta, 2: map('data'), 3: map('binaryData', true) },
  Secret: { 1: meta, 2: map('data', true), 3: text('type'), 4: map('stringData') },
  Namespace: { 1: meta },
  ServiceAccount: { 1: meta },
  Job: { 1: meta, 2: message('spec', { 1: number('parallelism'), 2: number('completions'), 6: message('template', TEMPLATE) }) },
  HorizontalPodAutoscaler: {
    1: meta,
    2: message('spec', {
      1: message('scaleTargetRef', { 1: text('kind'), 2: text('name'), 3: text('apiVersion') }),
      2: number('minReplicas'),
      3: number('maxReplicas'),
      4: number('targetCPUUtilizationPercentage'),
    }),
  },
  SelfSubjectReview: { 1: meta },
  SelfSubjectRulesReview: { 1: meta, 2: message('spec', { 1: text('namespace') }) },
  TokenRequest: { 1: meta, 2: message('spec', { 4: number('expirationSeconds') }) },
  SelfSubjectAccessReview: {
    1: meta,
    2: message('spec', {
      1: message('resourceAttributes', { 1: text('namespace'), 2: text('verb'), 3: text('group'), 4: text('version'), 5: text('resource'), 6: text('subresource'), 7: text('name') }),
      2: message('nonResourceAttributes', { 1: text('path'), 2: text('verb') }),
    }),
  },
} // prettier-ignore

/** The object in a request body: JSON, YAML or one of the known protobuf messages. */
export function decodeBody(contentType: string, body: Buffer): KubeObject {
  if (contentType.startsWith('application/vnd.kubernetes.protobuf')) return decodeProtobuf(body)
  try {
    const value: unknown = contentType.includes('yaml')
      ? parse(body.toString('utf8'))
      : JSON.parse(body.toString('utf8'))
    if (isRecord(value)) return value
  } catch (error) {
    throw badRequest(
      `the object provided is unrecognized: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
  throw badRequest('the object provided is unrecognized (must be an object)')
}

function decodeProtobuf(body: Buffer): KubeObject {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0')
    throw badRequest('the body is no protobuf of Kubernetes')
  const envelope = fieldsOf(body.subarray(4))
  const typeMeta = decode({ 1: text('apiVersion'), 2: text('kind') }, bytesOf(envelope, 1))
  const kind = String(typeMeta['kind'])
  const known = MESSAGES[kind]
  if (known === undefined) {
    throw new ApiStatusError(415, 'UnsupportedMediaType', `${kind} is not taken as protobuf; send JSON`)
  }
  return { ...typeMeta, ...decode(known, bytesOf(envelope, 2)) }
}

type Raw = { id: number; value: Buffer | number }

const bytesOf = (fields: Raw[], id: number): Buffer => {
  const value = fields.find((field) => field.id === id)?.value
  return Buffer.isBuffer(value) ? value : Buffer.alloc(0)
}

function fieldsOf(buffer: Buffer): Raw[] {
  const fields: Raw[] = []
  let offset = 0
  const varint = (): number => {
    let value = 0
    for (let shift = 0; offset < buffer.length; shift += 7) {
      const byte = buffer[offset] ?? 0
      offset += 1
      value += (byte & 0x7f) * 2 ** shift
      if (byte < 0x80) return value
    }
    throw badRequest('the protobuf ends early')
  }
  while (offset < buffer.length) {
    const tag = varint()
    const id = Math.floor(tag / 8)
    if (tag % 8 === 0) fields.push({ id, value: varint() })
    else if (tag % 8 === 2) {
      const length = varint()
      if (offset + length > buffer.length) throw badRequest('the protobuf ends early')
      fields.push({ id, value: buffer.subarray(offset, offset + length) })
      offset += length
    } else throw badRequest('the protobuf has a field of an unknown wire type')
  }
  return fields
}

function decode(message: Message, buffer: Buffer): Record<string, unknown> {
  const result: Record<string, unknown> = {}
  for (const { id, value } of fieldsOf(buffer)) {
    const field = message[id]
    if (field === undefined) continue
    if (field.as === 'number') result[field.name] = Number(value)
    if (!Buffer.isBuffer(value)) continue
    const before = result[field.name]
    // empty strings are how the encoder writes absent ones
    if (field.as === 'text' && value.length > 0) result[field.name] = value.toString('utf8')
    if (field.as === 'message') result[field.name] = decode(field.of, value)
    if (field.as === 'texts')
      result[field.name] = [...(Array.isArray(before) ? before : []), value.toString('utf8')]
    if (field.as === 'messages')
      result[field.name] = [...(Array.isArray(before) ? before : []), decode(field.of, value)]
    if (field.as === 'map') {
      const entry = fieldsOf(value)
      const content = bytesOf(entry, 2).toString(field.bytes ? 'base64' : 'utf8')
      result[field.name] = {
        ...(isRecord(before) ? before : {}),
        [bytesOf(entry, 1).toString('utf8')]: content,
      }
    }
  }
  return result
}
