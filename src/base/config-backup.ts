import path from 'node:path'
import { z } from 'zod'

const file = z.string().min(1).max(4_096)
const optionalFile = file.nullable().default(null)
const name = z
  .string()
  .regex(/^[a-z0-9][a-z0-9-]{0,62}$/, 'lower-case letters, digits and hyphens, at most 63')
const kubernetesName = z.string().regex(/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/, 'not a name of Kubernetes')
const count = z.number().int().min(0).max(1_000)
const zone = z
  .string()
  .max(100)
  .refine((text) => isZone(text), 'not a time zone such as Europe/Berlin')

const store = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('folder'), path: file }),
  z.strictObject({
    kind: z.literal('s3'),
    bucket: z.string().min(3).max(255),
    prefix: z.string().max(500).default(''),
    region: z.string().min(1).max(100).default('us-east-1'),
    /** Of a service that speaks the protocol; default: Amazon's. */
    endpoint: z.url().nullable().default(null),
    /** Holds `accessKeyId:secretAccessKey`; default: what the SDK finds (pod identity, instance, profile). */
    credentialsFile: optionalFile,
  }),
  z.strictObject({
    kind: z.literal('gcs'),
    bucket: z.string().min(3).max(222),
    prefix: z.string().max(500).default(''),
    /** Default: Google's. */
    endpoint: z.url().nullable().default(null),
    /** The key of a service account; default: what the SDK finds (workload identity). */
    keyFile: optionalFile,
  }),
])

const kubernetes = {
  /** Default: the service account of the pod, or the user's own. */
  kubeconfigFile: optionalFile,
  context: z.string().min(1).max(253).nullable().default(null),
  namespace: kubernetesName,
}

const keep = z
  .strictObject({
    last: count.default(3),
    hourly: count.default(0),
    daily: count.default(7),
    weekly: count.default(4),
    monthly: count.default(6),
  })
  .prefault({})

const common = {
  store: name.default('default'),
  keep,
  schedule: z
    .strictObject({
      /** Minute, hour, day of month, month, day of week: `30 2 * * *`. */
      cron: z
        .string()
        .max(100)
        .regex(/^\s*(?:\S+\s+){4}\S+\s*$/, 'not five fields such as 30 2 * * *'),
      zone: zone.default('UTC'),
    })
    .nullable()
    .default(null),
}

const target = z.discriminatedUnion('kind', [
  /** erlmcp's own database; it needs no pg_dump. */
  z.strictObject({ kind: z.literal('own'), ...common }),
  z.strictObject({
    kind: z.literal('postgres'),
    ...common,
    /** Holds `postgres://user:password@host:5432/database`. */
    urlFile: file,
    /** Questions to a restored copy: the first column of the first row must read `expect`. */
    checks: z
      .array(
        z.strictObject({
          name: z.string().min(1).max(100),
          sql: z.string().min(1).max(10_000),
          expect: z.string().max(500).default('true'),
        }),
      )
      .max(50)
      .default([]),
    /** The pod whose pg_dump and pg_restore are used, through `kubectl exec`. */
    pod: z
      .strictObject({
        ...kubernetes,
        pod: kubernetesName,
        container: kubernetesName.nullable().default(null),
      })
      .nullable()
      .default(null),
    /** What is stopped while the database is swapped by a restore. */
    workload: z
      .strictObject({
        ...kubernetes,
        deployment: kubernetesName,
        settleSeconds: z.number().positive().max(3_600).default(300),
      })
      .nullable()
      .default(null),
    sessionsEndSeconds: z.number().positive().max(3_600).default(60),
  }),
])

export const backup = z
  .strictObject({
    /** Where backups lie; `default` is `backups` in the data folder unless it is set. */
    stores: z.record(name, store).default({}),
    /** Public keys that backups are encrypted for (`age1…`). Default: the one that erlmcp makes for itself. */
    recipients: z
      .array(z.string().regex(/^age1[0-9a-z]{50,4000}$/, 'not a public key of age (age1…)'))
      .max(20)
      .default([]),
    /** Secret keys that open backups, one a line; for verify and restore. Default: `backup-key.txt` in the data folder. */
    identityFile: optionalFile,
    /** Folders with pg_dump and pg_restore, looked into before those of packages. */
    toolsFolders: z.array(file).max(20).default([]),
    /** `own` is there unless it is set. */
    targets: z.record(name, target).default({}),
  })
  .prefault({})
  .superRefine((given, context) => {
    if (given.recipients.length > 0 && given.identityFile === null)
      context.addIssue({
        code: 'custom',
        path: ['identityFile'],
        message: 'is needed with recipients: a backup that cannot be opened here cannot be verified',
      })
    for (const [which, { store: wanted }] of Object.entries(given.targets))
      if (wanted !== 'default' && given.stores[wanted] === undefined)
        context.addIssue({
          code: 'custom',
          path: ['targets', which, 'store'],
          message: `there is no store ${wanted}`,
        })
  })

export type BackupConfig = z.output<typeof backup>
export type BackupTargetConfig = BackupConfig['targets'][string]
export type BackupStoreConfig = BackupConfig['stores'][string]

/** The same with paths relative to the configuration file made absolute. */
export function resolveBackup(base: string, given: BackupConfig): BackupConfig {
  const at = (text: string): string => path.resolve(base, text)
  const maybe = (text: string | null): string | null => (text === null ? null : at(text))
  const inCluster = <T extends { kubeconfigFile: string | null }>(each: T | null): T | null =>
    each === null ? null : { ...each, kubeconfigFile: maybe(each.kubeconfigFile) }
  return {
    ...given,
    identityFile: maybe(given.identityFile),
    toolsFolders: given.toolsFolders.map(at),
    stores: mapValues(given.stores, (each) =>
      each.kind === 'folder'
        ? { ...each, path: at(each.path) }
        : each.kind === 's3'
          ? { ...each, credentialsFile: maybe(each.credentialsFile) }
          : { ...each, keyFile: maybe(each.keyFile) },
    ),
    targets: mapValues(given.targets, (each) =>
      each.kind === 'own'
        ? each
        : {
            ...each,
            urlFile: at(each.urlFile),
            pod: inCluster(each.pod),
            workload: inCluster(each.workload),
          },
    ),
  }
}

const mapValues = <T>(all: Record<string, T>, change: (value: T) => T): Record<string, T> =>
  Object.fromEntries(Object.entries(all).map(([key, value]) => [key, change(value)]))

function isZone(text: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: text }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
