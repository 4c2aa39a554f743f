import type { TraceSpan } from './trace.ts'

type Value = string | number | boolean
type Attribute = { key: string; value: Record<string, Value> }

/** Attributes of the resource, by OpenTelemetry's semantic conventions. */
export interface OtlpResource {
  version: string
  /** Of the process that sends. */
  instance: string
}

/** The body of `POST /v1/traces` in OTLP's JSON encoding: ids in hexadecimal, times as nanoseconds in decimal text. */
export function otlpTraces(spans: readonly TraceSpan[], resource: OtlpResource): unknown {
  return {
    resourceSpans: [
      {
        resource: { attributes: otlpResource(resource) },
        scopeSpans: [
          {
            scope: { name: 'erlmcp', version: resource.version },
            spans: spans.map((span) => ({
              traceId: span.traceId,
              spanId: span.spanId,
              ...(span.parentSpanId === null ? {} : { parentSpanId: span.parentSpanId }),
              name: span.name,
              kind: 1,
              startTimeUnixNano: nanoseconds(span.startAt),
              endTimeUnixNano: nanoseconds(span.endAt),
              attributes: Object.entries(span.attributes).map(([key, value]) => attribute(key, value)),
              status: span.failure === null ? { code: 1 } : { code: 2, message: span.failure },
            })),
          },
        ],
      },
    ],
  }
}

export const otlpResource = ({ version, instance }: OtlpResource): Attribute[] => [
  attribute('service.name', 'erlmcp'),
  attribute('service.version', version),
  attribute('service.instance.id', instance),
]

export const nanoseconds = (at: Date): string => `${at.getTime()}000000`

export function attribute(key: string, value: Value): Attribute {
  if (typeof value === 'string') return { key, value: { stringValue: value } }
  if (typeof value === 'boolean') return { key, value: { boolValue: value } }
  return Number.isInteger(value)
    ? { key, value: { intValue: String(value) } }
    : { key, value: { doubleValue: value } }
}
