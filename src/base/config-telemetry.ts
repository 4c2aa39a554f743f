import path from 'node:path'
import { z } from 'zod'

/** What is sent to a collector of OpenTelemetry. Off unless an address is given. */
export const telemetrySettings = z
  .strictObject({
    /** OTLP over HTTP: `http://otel-collector:4318`; `/v1/traces` and `/v1/metrics` are added. */
    otlpEndpoint: z
      .url({ protocol: /^https?$/ })
      .nullable()
      .default(null),
    /** A file with one header to a line: `authorization: Bearer …`. */
    headersFile: z.string().min(1).max(1_000).nullable().default(null),
    /** How often the numbers of `/metrics` are sent as well. 0: never. */
    metricsEverySeconds: z.number().int().min(0).max(3_600).default(60),
  })
  .prefault({})

type TelemetryConfig = z.output<typeof telemetrySettings>

/** Paths are relative to the file of the configuration. */
export const resolveTelemetry = (base: string, given: TelemetryConfig): TelemetryConfig => ({
  ...given,
  headersFile: given.headersFile === null ? null : path.resolve(base, given.headersFile),
})
